import type { DecoderConfig } from './llama-config.js';

/** What a tensor of a decoder is. */
export type TensorRole = 'linear' | 'embedding' | 'head' | 'norm' | 'bias';

/** A tensor that a decoder has. */
export interface PlannedTensor {
  /** As in Hugging Face files. */
  readonly name: string;
  readonly role: TensorRole;
  readonly shape: readonly number[];
  /** The fields of the configuration that give the shape, for messages. */
  readonly from: string;
}

/** Consecutive decoder layers that a model holds: the whole decoder, or a part that reads and gives hidden states. */
export interface Stretch {
  readonly first: number;
  readonly count: number;
}

export const EMBEDDING = 'model.embed_tokens';
export const HEAD = 'lm_head';
export const FINAL_NORM = 'model.norm.weight';

/** Names of the parts of decoder layer `layer`; linear layers without `.weight`. */
export function namesOf(layer: number) {
  const at = `model.layers.${layer}`;
  return {
    attention: `${at}.self_attn`,
    mlp: `${at}.mlp`,
    attentionNorm: `${at}.input_layernorm.weight`,
    mlpNorm: `${at}.post_attention_layernorm.weight`,
    q: `${at}.self_attn.q_proj`,
    k: `${at}.self_attn.k_proj`,
    v: `${at}.self_attn.v_proj`,
    o: `${at}.self_attn.o_proj`,
    gate: `${at}.mlp.gate_proj`,
    up: `${at}.mlp.up_proj`,
    down: `${at}.mlp.down_proj`,
  } as const;
}

/** A linear layer of the decoder. */
export interface LinearShape {
  readonly name: string;
  readonly shape: readonly [outputs: number, inputs: number];
  readonly block: string;
  /** Layers of one group read the same activations. */
  readonly input: string;
  readonly from: string;
  readonly bias: boolean;
}

/** The seven linear layers of a decoder layer, in forward order. */
export function linearShapes(config: DecoderConfig, layer: number): readonly LinearShape[] {
  const { hiddenSize: w, intermediateSize: m, heads, kvHeads, headDim: d } = config;
  const names = namesOf(layer);
  const { qkv, output, mlp: mlpBias } = config.biases;
  const q = 'heads x headDim and hiddenSize';
  const kv = 'kvHeads x headDim and hiddenSize';
  const make = (
    name: string,
    shape: readonly [number, number],
    block: string,
    input: string,
    from: string,
    bias: boolean,
  ): LinearShape => ({ name, shape, block, input, from, bias });
  const { attention, mlp, attentionNorm, mlpNorm } = names;
  return [
    make(names.q, [heads * d, w], attention, attentionNorm, q, qkv),
    make(names.k, [kvHeads * d, w], attention, attentionNorm, kv, qkv),
    make(names.v, [kvHeads * d, w], attention, attentionNorm, kv, qkv),
    make(names.o, [w, heads * d], attention, names.o, 'hiddenSize and heads x headDim', output),
    make(names.gate, [m, w], mlp, mlpNorm, 'intermediateSize and hiddenSize', mlpBias),
    make(names.up, [m, w], mlp, mlpNorm, 'intermediateSize and hiddenSize', mlpBias),
    make(names.down, [w, m], mlp, names.down, 'hiddenSize and intermediateSize', mlpBias),
  ];
}

/** Every tensor of the decoder, or of a stretch of it (which has no embedding, final norm and head), in forward order. */
export function tensorPlan(config: DecoderConfig, stretch?: Stretch): readonly PlannedTensor[] {
  const { vocabularySize, hiddenSize, layers, tied } = config;
  const table = [vocabularySize, hiddenSize];
  const from = 'vocabularySize and hiddenSize';
  const norm = (name: string): PlannedTensor => ({
    name,
    role: 'norm',
    shape: [hiddenSize],
    from: 'hiddenSize',
  });
  const { first, count } = stretch ?? { first: 0, count: layers };
  const blocks = Array.from({ length: count }, (_, i) => first + i).flatMap((layer): PlannedTensor[] => {
    const linear = linearShapes(config, layer).flatMap(({ name, shape, bias, from }): PlannedTensor[] => [
      { name: `${name}.weight`, role: 'linear', shape, from },
      ...(bias ? [{ name: `${name}.bias`, role: 'bias' as const, shape: [shape[0]], from }] : []),
    ]);
    const { attentionNorm, mlpNorm } = namesOf(layer);
    return [norm(attentionNorm), ...linear, norm(mlpNorm)];
  });
  if (stretch) return blocks;
  return [
    { name: `${EMBEDDING}.weight`, role: 'embedding', shape: table, from },
    ...blocks,
    norm(FINAL_NORM),
    ...(tied ? [] : [{ name: `${HEAD}.weight`, role: 'head' as const, shape: table, from }]),
  ];
}
