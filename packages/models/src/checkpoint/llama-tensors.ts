import { InvalidDataError } from '@espalier/core';
import type { CheckpointReader } from './checkpoint.js';
import type { LlamaConfig } from './config.js';

export const EMBEDDING = 'model.embed_tokens.weight';
export const HEAD = 'lm_head.weight';

/** A tensor that a model has to have, and the fields of config.json from which its shape follows. */
export interface ExpectedTensor {
  readonly shape: readonly number[];
  readonly fields: string;
}

/** Every tensor of such a model by its Hugging Face name, in forward order; the head stands last, also where it is tied. */
export function llamaTensors(config: LlamaConfig): ReadonlyMap<string, ExpectedTensor> {
  const { hiddenSize, intermediateSize, vocabularySize, heads, kvHeads, headDim, biases } = config;
  const tensors = new Map<string, ExpectedTensor>();
  const vector = (name: string, size: number, fields: string) => tensors.set(name, { shape: [size], fields });
  const linear = (name: string, outputs: Size, inputs: Size, bias = false) => {
    tensors.set(`${name}.weight`, {
      shape: [outputs.size, inputs.size],
      fields: `${outputs.field}, ${inputs.field}`,
    });
    if (bias) vector(`${name}.bias`, outputs.size, outputs.field);
  };
  const hidden = { size: hiddenSize, field: 'hidden_size' };
  const inner = { size: intermediateSize, field: 'intermediate_size' };
  const vocabulary = { size: vocabularySize, field: 'vocab_size' };
  const queries = { size: heads * headDim, field: 'num_attention_heads * head_dim' };
  const keys = { size: kvHeads * headDim, field: 'num_key_value_heads * head_dim' };

  linear('model.embed_tokens', vocabulary, hidden);
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `model.layers.${layer}`;
    vector(`${prefix}.input_layernorm.weight`, hiddenSize, hidden.field);
    linear(`${prefix}.self_attn.q_proj`, queries, hidden, biases.qkv);
    linear(`${prefix}.self_attn.k_proj`, keys, hidden, biases.qkv);
    linear(`${prefix}.self_attn.v_proj`, keys, hidden, biases.qkv);
    linear(`${prefix}.self_attn.o_proj`, hidden, queries, biases.output);
    vector(`${prefix}.post_attention_layernorm.weight`, hiddenSize, hidden.field);
    linear(`${prefix}.mlp.gate_proj`, inner, hidden, biases.mlp);
    linear(`${prefix}.mlp.up_proj`, inner, hidden, biases.mlp);
    linear(`${prefix}.mlp.down_proj`, hidden, inner, biases.mlp);
  }
  vector('model.norm.weight', hiddenSize, hidden.field);
  linear('lm_head', vocabulary, hidden);
  return tensors;
}

interface Size {
  readonly size: number;
  readonly field: string;
}

/** Tables of some older files that follow from the configuration. */
const DERIVED = /\.rotary_emb\.inv_freq$/;

/**
 * Checks that configuration and tensors agree, and finds embedding and head. Tied models may store either of the two, or both
 * when they are equal.
 * @throws InvalidDataError for a tensor that is missing, has another shape (with the fields of config.json at fault) or belongs
 * to no part of the model; for `tie_word_embeddings` with two different tensors
 */
export async function matchTensors(
  config: LlamaConfig,
  tensors: CheckpointReader,
  folder: string,
): Promise<{ readonly embedding: string; readonly head: string }> {
  if (config.layers > tensors.names.length) {
    throw new InvalidDataError(
      `${folder}: config.json says num_hidden_layers ${config.layers}; there are ${tensors.names.length} tensors in all.`,
    );
  }
  const expected = llamaTensors(config);
  for (const [name, { shape, fields }] of expected) {
    if (!tensors.has(name)) {
      if ((name === EMBEDDING || name === HEAD) && config.tied) continue;
      throw new InvalidDataError(`${folder}: the tensor '${name}' is missing.`, {
        remedy:
          name === EMBEDDING || name === HEAD
            ? 'Where embedding and head are one tensor, config.json says "tie_word_embeddings": true.'
            : `config.json asks for it: num_hidden_layers is ${config.layers}, model_type '${config.modelType}'.`,
      });
    }
    const found = tensors.info(name).shape;
    if (found.length !== shape.length || found.some((size, i) => size !== shape[i])) {
      throw new InvalidDataError(
        `${folder}: the tensor '${name}' has the shape [${found}]; config.json says [${shape}] (${fields}).`,
      );
    }
  }
  const stranger = tensors.names.find((name) => !expected.has(name) && !DERIVED.test(name));
  if (stranger !== undefined) {
    throw new InvalidDataError(
      `${folder}: the tensor '${stranger}' belongs to no part of the model that config.json describes.`,
      { remedy: whichField(stranger, config) },
    );
  }
  return matchEmbeddings(config, tensors, folder);
}

/** The field of config.json that would make room for the tensor. */
function whichField(tensor: string, config: LlamaConfig): string {
  const layer = Number(/^model\.layers\.(\d+)\./.exec(tensor)?.[1] ?? Number.NaN);
  if (layer >= config.layers) return `Look at num_hidden_layers, which is ${config.layers}.`;
  if (tensor.endsWith('.bias')) return 'Look at model_type, attention_bias and mlp_bias.';
  return `Look at model_type, which is '${config.modelType}'.`;
}

async function matchEmbeddings(
  config: LlamaConfig,
  tensors: CheckpointReader,
  folder: string,
): Promise<{ readonly embedding: string; readonly head: string }> {
  if (!config.tied) return { embedding: EMBEDDING, head: HEAD };
  if (!tensors.has(HEAD) && !tensors.has(EMBEDDING)) {
    throw new InvalidDataError(`${folder}: neither '${EMBEDDING}' nor '${HEAD}' is there.`);
  }
  if (!tensors.has(HEAD)) return { embedding: EMBEDDING, head: EMBEDDING };
  if (!tensors.has(EMBEDDING)) return { embedding: HEAD, head: HEAD };
  if (!(await equalTensors(tensors, EMBEDDING, HEAD))) {
    throw new InvalidDataError(
      `${folder}: config.json says "tie_word_embeddings": true, and '${EMBEDDING}' and '${HEAD}' differ.`,
      { remedy: 'Set it to false, or leave out the tensor that is not meant.' },
    );
  }
  return { embedding: EMBEDDING, head: EMBEDDING };
}

/** Bytes compared at a time. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** Whether two tensors of one shape are stored alike, compared piece by piece. */
async function equalTensors(tensors: CheckpointReader, one: string, other: string): Promise<boolean> {
  const { dtype, bytes } = tensors.info(one);
  if (tensors.info(other).dtype !== dtype) return false;
  for (let start = 0; start < bytes; start += CHUNK_BYTES) {
    const end = Math.min(start + CHUNK_BYTES, bytes);
    const [a, b] = [await tensors.readBytes(one, start, end), await tensors.readBytes(other, start, end)];
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  }
  return true;
}
