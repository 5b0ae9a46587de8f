import { defineClaim } from '@espalier/core';
import { slice, square, sub, sum, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { mustafar } from '../mustafar.js';
import { attentionInputs, SHAPE } from './attention-inputs.js';
import { PAPER_SETTING } from './paper-setting.js';

export const exactness = defineClaim({
  name: 'exactness',
  tier: 'quick',
  statement:
    'Attention on the packed form is attention on the masked dense matrices, to 1e-5 of its size (float32 storage).',
  paper: { figure: 'exact by construction', setting: PAPER_SETTING },
  async measure({ seed }) {
    const measured: Record<string, number> = {};
    for (const format of ['bitmap64', 'compact'] as const)
      measured[format] = await differenceFromMasked(format, seed + 1);
    return measured;
  },
  figure: (measured) =>
    Object.entries(measured)
      .map(([name, error]) => `${name} ${error.toExponential(1)}`)
      .join(', '),
  judge(measured) {
    const held = Object.values(measured).filter((error) => error <= 1e-5).length;
    const all = Object.keys(measured).length;
    return {
      verdict: held === all ? 'holds' : held > 0 ? 'partly' : 'does not hold',
      reason: `${held} of ${all} formats within 1e-5.`,
    };
  },
});

async function differenceFromMasked(format: 'bitmap64' | 'compact', seed: number): Promise<number> {
  const tokens = 600;
  const { queries, keys, values } = attentionInputs(tokens, tokens, seed);
  const options = { keySparsity: 0.7, valueSparsity: 0.5, storage: 'f32' } as const;
  const [packed, plain] = [format, 'none' as const].map((each) =>
    mustafar.create({ ...options, format: each }).open(SHAPE),
  );
  const next = tidy(() => [queries, keys, values].map((x) => slice(x, [0, 0, 0], [-1, 1, -1]))) as Tensor3D[];
  const answers = [packed, plain].map((cache) => {
    cache.fill!(queries, keys, values);
    return cache.decode(next[0], next[1], next[2]);
  });
  const error = tidy(() =>
    Math.sqrt(sum(square(sub(answers[0], answers[1]))).dataSync()[0] / sum(square(answers[1])).dataSync()[0]),
  );
  for (const each of [queries, keys, values, ...next, ...answers, packed, plain]) each.dispose();
  return error;
}
