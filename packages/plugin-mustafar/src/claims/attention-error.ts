import { defineClaim, type KVCompressor } from '@espalier/core';
import {
  dispose,
  matMul,
  mul,
  reshape,
  slice,
  softmax,
  square,
  sub,
  sum,
  type Tensor3D,
  tidy,
  tile,
} from '@tensorflow/tfjs-core';
import { mustafar } from '../mustafar.js';
import type { MustafarCache } from '../mustafar-cache.js';
import { type AttentionSample, attentionInputs, D, GROUP, HEADS, SHAPE } from './attention-inputs.js';
import { PAPER_SETTING, round } from './paper-setting.js';

const TOKENS = 1056;
const SPARSITIES = [0.5, 0.7] as const;

const CASES = {
  'key magnitude': { keyMethod: 'token-magnitude' },
  'key output-aware': { keyMethod: 'output-aware-token' },
  'key by channel': { keyMethod: 'channel-magnitude' },
  think: { keyMethod: 'think' },
  'value magnitude': { valueMethod: 'token-magnitude' },
  'value by channel': { valueMethod: 'channel-magnitude' },
  'value by channel, output-aware': { valueMethod: 'output-aware-channel' },
  thinv: { valueMethod: 'thinv' },
  'both magnitude': { keyMethod: 'token-magnitude', valueMethod: 'token-magnitude' },
  'both structured': { keyMethod: 'think', valueMethod: 'thinv' },
} as const;

/** What magnitude is compared with, and the part of its error that it may have at most. */
const RIVALS = [
  ['key magnitude', 'think', 0.5],
  ['value magnitude', 'thinv', 0.7],
  ['both magnitude', 'both structured', 0.7],
] as const;

/** A case at a sparsity, as measurements are named. */
const at = (name: keyof typeof CASES, sparsity: number) => `${name} ${100 * sparsity} %`;

export const attentionError = defineClaim({
  name: 'attention-error',
  tier: 'quick',
  statement:
    'On generated attention (d = 128, 1,056 tokens) at 50 and 70 % the error of per-token magnitude is below half of ThinK for keys and below 0.7 of structured pruning for values and for both together.',
  paper: {
    figure: 'per-token magnitude beats structured pruning for keys and for values',
    setting: PAPER_SETTING,
  },
  async measure({ seed, signal }) {
    const base = { format: 'none', keyMethod: 'none', valueMethod: 'none' } as const;
    const sample = attentionInputs(TOKENS, 64, seed + 1);
    // The observed queries of the prompt stand for those of the tokens themselves.
    const prompt = tidy(() =>
      slice(tile(sample.queries, [1, Math.ceil(TOKENS / 64), 1]), [0, 0, 0], [-1, TOKENS, -1]),
    );
    const measured: Record<string, number> = {};
    try {
      for (const sparsity of SPARSITIES)
        for (const [name, methods] of Object.entries(CASES)) {
          signal?.throwIfAborted();
          const options = { ...base, ...methods, keySparsity: sparsity, valueSparsity: sparsity };
          measured[at(name as keyof typeof CASES, sparsity)] = outputError(
            mustafar.create(options),
            sample,
            prompt,
          );
        }
    } finally {
      dispose([prompt, ...Object.values(sample)]);
    }
    return measured;
  },
  figure: (measured) =>
    Object.entries(measured)
      .map(([name, error]) => `${name}: ${round(error)}`)
      .join(', '),
  judge(measured) {
    const found = SPARSITIES.flatMap((sparsity) =>
      RIVALS.map(([ours, theirs, most]) => {
        const ratio = measured[at(ours, sparsity)] / measured[at(theirs, sparsity)];
        return { held: ratio < most, text: `${at(ours, sparsity)} ${round(ratio)}` };
      }),
    );
    const held = found.filter((each) => each.held).length;
    return {
      verdict: held === found.length ? 'holds' : held > 0 ? 'partly' : 'does not hold',
      reason: `Error against structured pruning: ${found.map(({ text }) => text).join(', ')}.`,
    };
  },
});

/** Relative error of attention through a cache that holds all tokens, the newest 32 dense. */
function outputError(
  compressor: KVCompressor,
  { queries: q, keys, values }: AttentionSample,
  prompt: Tensor3D,
): number {
  const cache = compressor.open(SHAPE) as MustafarCache;
  cache.fill(prompt, keys, values);
  const error = tidy(() => {
    const grouped = reshape(q, [HEADS, GROUP * q.shape[1], D]) as Tensor3D;
    const scaled = mul(grouped, 1 / Math.sqrt(D)) as Tensor3D;
    const actual = cache.values.weighted(softmax(cache.keys.scores(scaled)));
    const dense = matMul(softmax(matMul(scaled, keys, false, true)) as Tensor3D, values);
    return Math.sqrt(sum(square(sub(actual, dense))).dataSync()[0] / sum(square(dense)).dataSync()[0]);
  });
  cache.dispose();
  return error;
}
