import { defineKVCompressor, type KVCompressor, type Services } from '@espalier/core';
import { requireAttentionShape } from '@espalier/models';
import { h2o, snapKV, streamingLlm } from '@espalier/models/baselines';
import { concat, expandDims, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { type Evict, MustafarCache } from './mustafar-cache.js';
import { checkTogether, type MustafarOptions, mustafarOptions } from './mustafar-options.js';

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
    return {
      open(shape) {
        requireAttentionShape(shape);
        return new MustafarCache(shape, options, options.evict && evictWith(options.evict, shape, services));
      },
    };
  },
});

/** What an eviction method keeps of a prompt. */
function evictWith(
  { method, budget }: NonNullable<MustafarOptions['evict']>,
  shape: Parameters<KVCompressor['open']>[0],
  services: Services,
): Evict {
  const algorithm = { snapkv: snapKV, h2o, 'streaming-llm': streamingLlm }[method];
  const compressor = algorithm.create({ budget }, services);
  return (queries, keys, values) => {
    const cache = compressor.open(shape);
    try {
      cache.prefill(queries, keys, values).dispose();
      return tidy(() => {
        const heads = Array.from({ length: shape.keyValueHeads }, (_, head) => cache.entries!(head));
        const together = (rows: Tensor2D[]) =>
          concat(
            rows.map((each) => expandDims<Tensor3D>(each, 0)),
            0,
          ) as Tensor3D;
        const kept = {
          keys: together(heads.map((entries) => entries.keys)),
          values: together(heads.map((entries) => entries.values)),
        };
        for (const entries of heads) {
          entries.keys.dispose();
          entries.values.dispose();
        }
        return kept;
      });
    } finally {
      cache.dispose();
    }
  };
}
