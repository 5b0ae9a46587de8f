import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom, type JsonObject } from '@espalier/core';
import {
  type CheckpointReader,
  encodeSafetensors,
  llamaTensors,
  memoryFolder,
  parseLlamaConfig,
  type RawTensor,
} from '../src/checkpoint/index.js';

/** The public models, where the environment names their folder. */
export const DATA = process.env.ESPALIER_DATA;

/** A path in the data folder. */
export const dataPath = (path: string) => join(DATA!, path);

export const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** A configuration of a model of a few thousand weights. */
export const TINY: JsonObject = {
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 11,
  hidden_size: 8,
  intermediate_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 32,
  hidden_act: 'silu',
  rms_norm_eps: 1e-5,
  rope_theta: 10000,
  tie_word_embeddings: false,
  bos_token_id: 1,
  eos_token_id: 2,
  torch_dtype: 'float32',
};

const encoder = new TextEncoder();
export const jsonBytes = (value: unknown) => encoder.encode(JSON.stringify(value));

/** float32 tensors of a model with normal weights. */
export function randomTensors(config: JsonObject = TINY, seed = 1): RawTensor[] {
  const random = createRandom(seed);
  return [...llamaTensors(parseLlamaConfig(config))].map(([name, { shape }]) => {
    const values = Float32Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      () => random.uniform() - 0.5,
    );
    return { name, dtype: 'F32', shape, bytes: new Uint8Array(values.buffer) };
  });
}

/** A Hugging Face folder in memory. */
export function tinyFolder(config: JsonObject = TINY, tensors: readonly RawTensor[] = randomTensors(config)) {
  return memoryFolder({
    'config.json': jsonBytes(config),
    'model.safetensors': encodeSafetensors(tensors, { format: 'pt' }),
  });
}

/** The values of all tensors. */
export async function valuesOf(tensors: CheckpointReader): Promise<Map<string, Float32Array>> {
  const values = new Map<string, Float32Array>();
  for (const name of [...tensors.names].sort()) values.set(name, await tensors.read(name));
  return values;
}
