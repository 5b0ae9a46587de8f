import { createRandom, defineClaim, type Measurements } from '@espalier/core';
import { attend } from '@espalier/models';
import { type Rank, tensor3d, zeros } from '@tensorflow/tfjs-core';
import { mustafar } from '../mustafar.js';
import { D } from './attention-inputs.js';
import { PAPER_SETTING, round } from './paper-setting.js';

const TOKENS = 4096;

export const decodeSpeed = defineClaim({
  name: 'decode-speed',
  tier: 'quick',
  statement:
    'Decode attention over 4,096 tokens, eight key-value heads with four queries each, d = 128: the packed cache at 70 % is at least 1.3 times as fast as the dense one.',
  paper: {
    figure: 'up to 2.23 times the tokens per second, by larger batches',
    setting: `${PAPER_SETTING}; one GPU`,
  },
  async measure({ seed }) {
    return decodeTimes(TOKENS, 0.7, seed + 1);
  },
  figure: (measured) => `dense ${round(measured['dense'])} ms, packed ${round(measured['packed'])} ms a step`,
  judge(measured) {
    const gain = measured['dense'] / measured['packed'];
    return {
      verdict: gain >= 1.3 ? 'holds' : gain >= 1 ? 'partly' : 'does not hold',
      reason: `${round(gain)} times as fast on the CPU, both on the same threads.`,
    };
  },
});

/** Milliseconds of one decode step, best of several, dense and packed, with the shape of Llama 3 8B's attention. */
export async function decodeTimes(
  tokens: number,
  sparsity: number,
  seed: number,
  group = 4,
  storage: 'f16' | 'f32' = 'f32',
): Promise<Measurements> {
  const shape = { heads: 8 * group, keyValueHeads: 8, headDimension: D, layer: 0, layers: 1 };
  const random = createRandom(seed);
  const normals = (heads: number, count: number) =>
    tensor3d(
      Float32Array.from({ length: heads * count * D }, () => random.normal()),
      [heads, count, D],
    );
  // Magnitude pruning does not look at the queries of the prompt.
  const queries = zeros<Rank.R3>([shape.heads, tokens, D]);
  const [keys, values] = [normals(8, tokens), normals(8, tokens)];
  const step = [normals(shape.heads, 1), normals(8, 1), normals(8, 1)];
  const packed = mustafar.create({ keySparsity: sparsity, valueSparsity: sparsity, storage }).open(shape);
  packed.fill!(queries, keys, values);
  const best: Record<string, number> = { dense: Number.POSITIVE_INFINITY, packed: Number.POSITIVE_INFINITY };
  for (let round = 0; round < 12; round++) {
    let start = performance.now();
    // The dense side attends to tensors that stand ready: it is not charged for growing.
    const dense = attend(step[0], keys, values);
    await dense.output.data();
    best['dense'] = Math.min(best['dense'], performance.now() - start);
    dense.output.dispose();
    dense.weights.dispose();
    start = performance.now();
    const answer = packed.decode(step[0], step[1], step[2]);
    await answer.data();
    best['packed'] = Math.min(best['packed'], performance.now() - start);
    answer.dispose();
  }
  for (const each of [queries, keys, values, ...step, packed]) each.dispose();
  return best;
}
