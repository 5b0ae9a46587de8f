import { rmsNorm, rotaryEmbedding, swiGlu } from '@espalier/kernels';
import { add, dispose, reshape, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { DecoderConfig } from './llama-config.js';
import type { RotaryAngles } from './rotary-angles.js';
import { namesOf } from './tensor-plan.js';

/** What a pass through the decoder reads, so that gradients and captures can put something else in a weight's place. */
export interface DecoderReader {
  readonly config: DecoderConfig;
  /** x `[..., in]` times the transposed weight of a linear layer. */
  multiply(layer: string, x: Tensor): Tensor;
  /** A gain or bias by the name of its tensor; undefined where the model has none. */
  vector(name: string): Tensor | undefined;
}

/**
 * Attention of one layer: queries `[batch, tokens, heads, d]`, keys and values `[batch, tokens, key heads, d]`, after RoPE, give
 * a new tensor `[batch, tokens, heads, d]`. Causal over what came before, which whoever implements it knows. `sequence` says which
 * one of the batch it is, where one comes alone because tokens are routed past the layer.
 */
export type Attend = (layer: number, q: Tensor, k: Tensor, v: Tensor, sequence?: number) => Tensor;

/** A linear layer with its bias. */
export function linear(reader: DecoderReader, layer: string, x: Tensor): Tensor {
  const bias = reader.vector(`${layer}.bias`);
  if (!bias) return reader.multiply(layer, x);
  return tidy(() => add(reader.multiply(layer, x), bias));
}

/** RMSNorm by the gain of this name. */
export function normalize({ config, vector }: DecoderReader, gain: string, x: Tensor): Tensor {
  return tidy(() => rmsNorm(x, vector(gain) as Tensor, config.normEpsilon));
}

/**
 * From the normalized hidden states `[batch, tokens, width]` to what the output projection reads, `[batch, tokens, heads x d]`. The angles are
 * those of `tokens` positions, the same in every sequence, or of `batch x tokens`.
 */
export function attentionHeads(
  reader: DecoderReader,
  layer: number,
  normed: Tensor,
  { cos, sin }: RotaryAngles,
  attend: Attend,
  sequence?: number,
): Tensor {
  const { heads, kvHeads, headDim: d } = reader.config;
  const names = namesOf(layer);
  const [batch, tokens] = normed.shape as [number, number, number];
  const split = (name: string, count: number) =>
    reshape(linear(reader, name, normed), [batch, tokens, count, d]);
  // Where each sequence has angles of its own, the tokens of all of them turn as those of one.
  const [groups, each] = cos.shape[0] === tokens ? [batch, tokens] : [1, batch * tokens];
  const turned = (x: Tensor) => {
    const [, , count] = x.shape as [number, number, number, number];
    return reshape(rotaryEmbedding(reshape(x, [groups, each, count, d]), cos, sin), x.shape);
  };
  const [q, k, v] = tidy(() => [
    turned(split(names.q, heads)),
    turned(split(names.k, kvHeads)),
    split(names.v, kvHeads),
  ]) as [Tensor, Tensor, Tensor];
  try {
    // Outside of any tidy: a cache keeps tensors that it makes here.
    const mixed = attend(layer, q, k, v, sequence);
    const flat = reshape(mixed, [batch, tokens, heads * d]);
    mixed.dispose();
    return flat;
  } finally {
    dispose([q, k, v]);
  }
}

/** From the normalized hidden states to what the down projection reads, `[batch, tokens, intermediateSize]`. */
export function mlpGates(reader: DecoderReader, layer: number, normed: Tensor): Tensor {
  const names = namesOf(layer);
  return tidy(() => swiGlu(linear(reader, names.gate, normed), linear(reader, names.up, normed)));
}

/** What the attention of a layer adds to the hidden states. */
export function attentionBranch(
  reader: DecoderReader,
  layer: number,
  hidden: Tensor,
  angles: RotaryAngles,
  attend: Attend,
  sequence?: number,
): Tensor {
  const names = namesOf(layer);
  const normed = normalize(reader, names.attentionNorm, hidden);
  try {
    const mixed = attentionHeads(reader, layer, normed, angles, attend, sequence);
    const branch = linear(reader, names.o, mixed);
    mixed.dispose();
    return branch;
  } finally {
    normed.dispose();
  }
}

/** What the feed-forward part of a layer adds to the hidden states. */
export function mlpBranch(reader: DecoderReader, layer: number, hidden: Tensor): Tensor {
  const names = namesOf(layer);
  return tidy(() => {
    const normed = normalize(reader, names.mlpNorm, hidden);
    return linear(reader, names.down, mlpGates(reader, layer, normed));
  });
}
