import { type AttentionShape, defineKVCompressor, type KVCompressor, type Services } from '@espalier/core';
import { requireAttentionShape } from '@espalier/models';
import { dispose, stack, type Tensor3D } from '@tensorflow/tfjs-core';
import { type Evict, MustafarCache } from './mustafar-cache.js';
import { checkTogether, EVICTION, type MustafarOptions, mustafarOptions } from './mustafar-options.js';

/**
 * Mustafar: the smallest elements of every cached key and value go, and attention runs on what is left, stored as bits and values. No token is
 * dropped, and what is kept is exact.
 * Source: D. Joo, H. Hosseini, R. Hadidi, B. Asgari, "Mustafar: Promoting Unstructured Sparsity for KV Cache Pruning in LLM
 * Inference", 2025.
 */
export const mustafar = defineKVCompressor({
  name: 'mustafar',
  summary: 'Prunes single elements of cached keys and values and attends to the packed rest.',
  paper: {
    title: 'Mustafar: Promoting Unstructured Sparsity for KV Cache Pruning in LLM Inference',
    authors: 'D. Joo, H. Hosseini, R. Hadidi, B. Asgari',
    arxiv: '2505.22913',
    year: 2025,
  },
  options: mustafarOptions,
  examples: {
    default: {},
    '70 %': { keySparsity: 0.7, valueSparsity: 0.7 },
    'by token': { schedule: 'token', window: 8 },
    'output-aware values': { valueMethod: 'output-aware-channel', groupSize: 8 },
    structured: { keyMethod: 'think', valueMethod: 'thinv' },
    'four bits': { bits: 4 },
  },
  create(options, services): KVCompressor {
    checkTogether(options);
    const evictor = options.evict && evictorOf(options.evict, services);
    return {
      open(shape) {
        requireAttentionShape(shape);
        return new MustafarCache(shape, options, evictor && evictWith(evictor, shape));
      },
    };
  },
});

/** @throws InvalidOptionsError for an option that the method does not have */
function evictorOf(
  { method, ...given }: NonNullable<MustafarOptions['evict']>,
  services: Services,
): KVCompressor {
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return EVICTION[method].create(options, services);
}

/** What an eviction method keeps of a prompt. */
function evictWith(compressor: KVCompressor, shape: AttentionShape): Evict {
  return (queries, keys, values) => {
    const cache = compressor.open(shape);
    try {
      cache.prefill(queries, keys, values).dispose();
      const heads = Array.from({ length: shape.keyValueHeads }, (_, head) => cache.entries!(head));
      const kept = {
        keys: stack(heads.map((entries) => entries.keys)) as Tensor3D,
        values: stack(heads.map((entries) => entries.values)) as Tensor3D,
        positions: heads.map(({ positions }) => positions),
      };
      dispose(heads.flatMap((entries) => [entries.keys, entries.values]));
      return kept;
    } finally {
      cache.dispose();
    }
  };
}
