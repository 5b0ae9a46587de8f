import { UnsupportedError } from '@espalier/core';
import type { Checkpoint } from './checkpoint.js';
import type { LlamaConfig } from './config.js';
import { HEADER_BYTES, LAYER_PARTS, LLAMA2C_EPSILON, LLAMA2C_THETA, numberCount } from './llama2c.js';

/**
 * The model as a llama2.c file (version 0 layout, float32), rows of q and k in interleaved RoPE order. The whole file is made in
 * memory: these models are small.
 * @throws UnsupportedError for what the format has no place for: biases, RoPE scaling, a head size of its own, another RoPE base or
 * RMSNorm epsilon than llama2.c's 10,000 and 1e-5
 */
export async function encodeLlama2c(checkpoint: Checkpoint): Promise<Uint8Array<ArrayBuffer>> {
  const { config, tensors, embedding, head, name } = checkpoint;
  assertFits(config, name);
  const tied = embedding === head;
  const file = new Uint8Array(HEADER_BYTES + 4 * numberCount({ ...config, tied }));
  const sizes = [
    config.hiddenSize,
    config.intermediateSize,
    config.layers,
    config.heads,
    config.kvHeads,
    tied ? config.vocabularySize : -config.vocabularySize,
    config.contextLength,
  ];
  new Int32Array(file.buffer, 0, sizes.length).set(sizes);
  const numbers = new Float32Array(file.buffer, HEADER_BYTES);
  let at = 0;
  const append = (values: Float32Array) => {
    numbers.set(values, at);
    at += values.length;
  };
  append(await tensors.read(embedding));
  for (const part of LAYER_PARTS) {
    for (let layer = 0; layer < config.layers; layer++) {
      const values = await tensors.read(`model.layers.${layer}.${part}.weight`);
      const isRotated = part === 'self_attn.q_proj' || part === 'self_attn.k_proj';
      append(isRotated ? interleavedRows(values, config.hiddenSize, config.headDim) : values);
    }
  }
  append(await tensors.read('model.norm.weight'));
  append(rotations(config, Math.cos));
  append(rotations(config, Math.sin));
  if (!tied) append(await tensors.read(head));
  return file;
}

function assertFits(config: LlamaConfig, name: string): void {
  const { biases, hiddenSize, heads, headDim, ropeTheta, normEpsilon } = config;
  const obstacle =
    (biases.qkv || biases.output || biases.mlp ? 'has biases' : undefined) ??
    (config.ropeScaling ? 'has RoPE scaling' : undefined) ??
    (config.slidingWindow ? 'has a sliding window' : undefined) ??
    (heads * headDim !== hiddenSize ? `has heads of size ${headDim} on their own` : undefined) ??
    (ropeTheta !== LLAMA2C_THETA ? `has the RoPE base ${ropeTheta}` : undefined) ??
    (normEpsilon !== LLAMA2C_EPSILON ? `has the RMSNorm epsilon ${normEpsilon}` : undefined);
  if (obstacle) {
    throw new UnsupportedError(`${name} ${obstacle}, which a llama2.c file cannot say.`, {
      remedy: 'Write a Hugging Face folder.',
    });
  }
}

/** The reverse of reading: row i of a head's first half goes to 2i, row i of its second half to 2i + 1. */
function interleavedRows(values: Float32Array, columns: number, headDim: number): Float32Array {
  const result = new Float32Array(values.length);
  const half = headDim / 2;
  for (let row = 0; row < values.length / columns; row++) {
    const inHead = row % headDim;
    const to = row - inHead + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
    result.set(values.subarray(row * columns, (row + 1) * columns), to * columns);
  }
  return result;
}

/** The table `[context, headDim / 2]` that readers skip: position times base^(-2i / headDim). */
function rotations(
  { contextLength, headDim, ropeTheta }: LlamaConfig,
  wave: (angle: number) => number,
): Float32Array {
  const half = headDim / 2;
  const table = new Float32Array(contextLength * half);
  for (let i = 0; i < half; i++) {
    const frequency = Math.fround(1 / ropeTheta ** (i / half));
    for (let position = 0; position < contextLength; position++) {
      table[position * half + i] = wave(Math.fround(position * frequency));
    }
  }
  return table;
}
