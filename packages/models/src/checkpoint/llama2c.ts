import { InvalidDataError, type JsonObject } from '@espalier/core';
import type { Checkpoint, CheckpointReader } from './checkpoint.js';
import type { LlamaConfig } from './config.js';
import type { ByteSource } from './file-folder.js';
import { EMBEDDING, HEAD, llamaTensors } from './llama-tensors.js';
import { parseLlamaConfig } from './parse-config.js';
import { createTensorReader, type StoredTensor } from './tensor-reader.js';

/** Seven int32 of the header: dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len. */
export const HEADER_BYTES = 28;

/** What llama2.c has in its code rather than in its files. */
export const LLAMA2C_EPSILON = 1e-5;
export const LLAMA2C_THETA = 10_000;

/**
 * Opens a llama2.c file (version 0 layout: seven int32, then float32 arrays; a negative vocabulary size says that the head is
 * not the embedding). It gives the tensors under their Hugging Face names, and turns the rows of q and k from interleaved RoPE
 * pairs (2i, 2i + 1) to half-split ones (i, i + headDim / 2). RMSNorm epsilon 1e-5 and RoPE base 10,000, which the file does not
 * hold, are llama2.c's.
 * @throws InvalidDataError for sizes that make no model, or a length that does not fit them
 */
export async function openLlama2c(source: ByteSource): Promise<Checkpoint> {
  const config = await readHeader(source);
  const { tied, headDim, contextLength } = config;
  const tensors = new Map<string, StoredTensor>();
  let offset = HEADER_BYTES;
  const place = (name: string, shape: readonly number[]) => {
    const bytes = 4 * shape.reduce((product, size) => product * size, 1);
    tensors.set(name, { dtype: 'F32', shape, bytes, source, offset });
    offset += bytes;
  };
  const expected = llamaTensors(config);
  const shapeOf = (name: string) => expected.get(name)!.shape;
  place(EMBEDDING, shapeOf(EMBEDDING));
  for (const part of LAYER_PARTS) {
    for (let layer = 0; layer < config.layers; layer++) {
      const name = `model.layers.${layer}.${part}.weight`;
      place(name, shapeOf(name));
    }
  }
  place('model.norm.weight', shapeOf('model.norm.weight'));
  offset += 2 * 4 * contextLength * (headDim / 2); // tables of cosines and sines, which follow from the configuration
  if (!tied) place(HEAD, shapeOf(HEAD));
  return {
    name: source.name,
    config,
    tensors: halfSplit(createTensorReader([source], tensors, {}), headDim),
    embedding: EMBEDDING,
    head: tied ? EMBEDDING : HEAD,
    files: undefined,
    close: () => source.close(),
  };
}

/** The arrays between embedding and final norm, each for all layers at once. */
export const LAYER_PARTS = [
  'input_layernorm',
  'self_attn.q_proj',
  'self_attn.k_proj',
  'self_attn.v_proj',
  'self_attn.o_proj',
  'post_attention_layernorm',
  'mlp.gate_proj',
  'mlp.down_proj',
  'mlp.up_proj',
] as const;

/** The configuration that the header stands for, once the length of the file agrees with it. */
async function readHeader(source: ByteSource): Promise<LlamaConfig> {
  if (source.size < HEADER_BYTES) {
    throw new InvalidDataError(`${source.name} has ${source.size} bytes, fewer than a llama2.c header.`);
  }
  const view = new DataView((await source.read(0, HEADER_BYTES)).buffer);
  const sizes = Array.from({ length: 7 }, (_, i) => view.getInt32(4 * i, true));
  const [dim, hidden, layers, heads, kvHeads, vocabulary, contextLength] = sizes;
  // Every array has at least one number for each of its sizes: larger ones are no model but damage.
  const largest = source.size / 4;
  if (sizes.some((size, i) => (i === 5 ? size === 0 : size <= 0) || Math.abs(size) > largest)) {
    throw new InvalidDataError(`${source.name} is no llama2.c file of version 0: its header says ${sizes}.`);
  }
  const tied = vocabulary > 0;
  const json: JsonObject = {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: Math.abs(vocabulary),
    hidden_size: dim,
    intermediate_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    max_position_embeddings: contextLength,
    hidden_act: 'silu',
    rms_norm_eps: LLAMA2C_EPSILON,
    rope_theta: LLAMA2C_THETA,
    tie_word_embeddings: tied,
    bos_token_id: 1,
    eos_token_id: 2,
    torch_dtype: 'float32',
  };
  const config = parseLlamaConfig(json, source.name);
  const bytes = HEADER_BYTES + 4 * numberCount(config);
  if (bytes !== source.size) {
    throw new InvalidDataError(
      `${source.name} has ${source.size} bytes; a llama2.c file of its sizes has ${bytes}.`,
      { remedy: 'It is truncated, or not of the version 0 layout.' },
    );
  }
  return config;
}

/** Numbers in a file, RoPE tables included. */
export function numberCount(config: LlamaConfig): number {
  const { hiddenSize, intermediateSize, heads, kvHeads, headDim, vocabularySize } = config;
  const layer = hiddenSize * (2 + 2 * heads * headDim + 2 * kvHeads * headDim + 3 * intermediateSize);
  const embeddings = (config.tied ? 1 : 2) * vocabularySize * hiddenSize;
  return embeddings + config.layers * layer + hiddenSize + config.contextLength * headDim;
}

/** Permutes the rows of q and k on reading. */
function halfSplit(reader: CheckpointReader, headDim: number): CheckpointReader {
  const isRotated = (name: string) => /\.self_attn\.[qk]_proj\.weight$/.test(name);
  return {
    ...reader,
    async read(name) {
      const values = await reader.read(name);
      return isRotated(name) ? halfSplitRows(values, reader.info(name).shape[1]!, headDim) : values;
    },
    async readBytes(name, start = 0, end = reader.info(name).bytes) {
      if (!isRotated(name)) return reader.readBytes(name, start, end);
      const stored = new Float32Array((await reader.readBytes(name)).buffer);
      const rows = halfSplitRows(stored, reader.info(name).shape[1]!, headDim);
      return new Uint8Array(rows.buffer).slice(start, end);
    },
  };
}

/** Per head: all even rows, then all odd rows. */
export function halfSplitRows(
  values: Float32Array,
  columns: number,
  headDim: number,
): Float32Array<ArrayBuffer> {
  const result = new Float32Array(values.length);
  const half = headDim / 2;
  for (let row = 0; row < values.length / columns; row++) {
    const inHead = row % headDim;
    const from = row - inHead + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
    result.set(values.subarray(from * columns, (from + 1) * columns), row * columns);
  }
  return result;
}
