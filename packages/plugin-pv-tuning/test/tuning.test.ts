import { type ArtifactStore, createRandom, isEspalierError, type StoredWeight } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { tinyBatches, tinyModel } from '@espalier/testkit/neural';
import {
  abs,
  dispose,
  engine,
  grad,
  grads,
  log,
  matMul,
  mul,
  randomNormal,
  sub,
  sum,
  type Tensor2D,
  tensor,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  aqlm,
  codebookWeight,
  initialise,
  isCodebookWeight,
  pvTuning,
  restoreCodebook,
} from '../src/index.js';
import { klDivergence } from '../src/objective.js';

beforeAll(() => cpuRuntime.activate());
let calibration: ReturnType<typeof tinyBatches>;
beforeEach(() => {
  calibration = tinyBatches();
});
afterEach(() => {
  for (const { inputs, targets } of calibration) dispose([inputs, targets!]);
});

const layout = { outputs: 6, inputs: 8, outGroup: 2, inGroup: 4, codebooks: 2, codeBits: 2 };
const random = createRandom(1);
const matrix = Float64Array.from({ length: 48 }, () => random.normal());
const layer = () => initialise(matrix, layout, { init: 'random', initIterations: 20 }, createRandom(2));

function memoryStore(): ArtifactStore & { readonly kept: Map<string, StoredWeight> } {
  const kept = new Map<string, StoredWeight>();
  return { kept, get: async (key) => kept.get(key), put: async (key, weight) => void kept.set(key, weight) };
}

test('a stored weight comes back as it was', async () => {
  const weight = codebookWeight(layer());
  const back = restoreCodebook(await weight.store!());
  expect(back.bytes).toBe(weight.bytes);
  expect(await back.layer()).toEqual(await weight.layer());
  const stored = await weight.store!();
  expect(() =>
    restoreCodebook({ ...stored, arrays: { ...stored.arrays, codes: stored.arrays['scales']! } }),
  ).toThrow(/bytes of codes/);
  weight.dispose();
  back.dispose();
});

test('a weight beyond float16 is refused', () => {
  const parts = layer();
  parts.scales[0] = 1e6;
  expect(() => codebookWeight(parts)).toThrow(/float16/);
});

test('products have the gradients by codebooks and scales that the dense product has', async () => {
  const weight = codebookWeight(layer());
  const { codebooks, scales } = weight.parameters!();
  const x = randomNormal([5, 8], 0, 1, 'float32', 3);
  const slope = randomNormal([5, 6], 0, 1, 'float32', 4);
  const [byCodebooks, byScales] = tidy(() => {
    const found = grads((_c, _s) => sum(mul(weight.matmul(x), slope)))([codebooks!, scales!]);
    return found;
  });
  const step = 1e-2;
  for (const [parameter, gradient] of [
    [codebooks!, byCodebooks!],
    [scales!, byScales!],
  ] as const) {
    const values = await parameter.data();
    const expected = await gradient.data();
    for (const i of [0, values.length - 1]) {
      const at = (delta: number) =>
        tidy(() => {
          const moved = Float32Array.from(values);
          moved[i] += delta;
          parameter.assign(tensor(moved, parameter.shape));
          return sum(mul(weight.matmul(x), slope)).dataSync()[0];
        });
      const slopeAt = (at(step) - at(-step)) / (2 * step);
      at(0);
      expect(slopeAt).toBeCloseTo(expected[i], 2);
    }
  }
  dispose([x, slope, byCodebooks!, byScales!]);
  weight.dispose();
});

test('the divergence is zero from itself, and its slope is the difference of the distributions', async () => {
  const value = tidy(() => {
    const p = tensor2d([[0.25, 0.75]]);
    return klDivergence(log(p), log(p)).dataSync()[0];
  });
  expect(value).toBeCloseTo(0, 6);
  const slope = tidy(() => {
    const p = tensor2d([[0.25, 0.75]]);
    return grad((logits) => klDivergence(log(p), logits))(tensor2d([[0, 0]])).dataSync();
  });
  expect(slope[0]).toBeCloseTo(0.25, 5);
  expect(slope[1]).toBeCloseTo(-0.25, 5);
});

test('tuning never ends above its start, and keeps the state that `evaluate` likes best', async () => {
  const model = tinyModel();
  const values: number[] = [];
  const report = await pvTuning.create({ steps: 6, evaluateEvery: 1 }).quantize(model, {
    bits: 6,
    calibration,
    // The third look is the best.
    evaluate: async () => {
      values.push(values.length === 3 ? 0 : 1);
      return values.at(-1)!;
    },
  });
  const details = report.details as { before: number; after: number; bestStep: number };
  expect(details).toMatchObject({ before: 1, after: 0, bestStep: 3 });
  expect(report.layers.every(({ format }) => format === 'codebook')).toBe(true);
  report.model.dispose();
  model.dispose();
});

test('an interrupted run goes on from what it stored, to the same weights', async () => {
  const model = tinyModel();
  const store = memoryStore();
  const quantizer = pvTuning.create({ steps: 4, evaluateEvery: 2 });
  const first = await quantizer.quantize(model, { bits: 6, calibration, store });
  expect([...store.kept.keys()]).toEqual(
    expect.arrayContaining(['hidden', 'initial/hidden', 'initial/output', 'output', 'tuned/hidden.bias']),
  );
  const again = await quantizer.quantize(model, { bits: 6, calibration, store });
  expect(again.details).toBeUndefined();
  for (const key of ['hidden', 'output']) store.kept.delete(key);
  const tunedAgain = await quantizer.quantize(model, { bits: 6, calibration, store });
  for (const other of [again, tunedAgain])
    for (const [i, { weight }] of other.model.layers().entries()) {
      const expected = first.model.layers()[i]!.weight;
      if (!isCodebookWeight(weight) || !isCodebookWeight(expected)) throw new Error('not a codebook weight');
      expect(await weight.layer()).toEqual(await expected.layer());
    }
  for (const { model: each } of [first, again, tunedAgain]) each.dispose();
  model.dispose();
});

test('a run that is stopped while it tunes leaves no tensor behind', async () => {
  const model = tinyModel();
  const before = engine().memory().numTensors;
  const abort = new AbortController();
  const error = await pvTuning
    .create({ steps: 50 })
    .quantize(
      model,
      { bits: 6, calibration },
      { signal: abort.signal, onProgress: ({ message }) => message === 'tuning' && abort.abort() },
    )
    .catch((thrown: unknown) => thrown);
  expect(isEspalierError(error, 'aborted')).toBe(true);
  expect(engine().memory().numTensors).toBe(before);
  model.dispose();
});

test('a time limit ends with the best until then', async () => {
  const model = tinyModel();
  const report = await pvTuning
    .create({ steps: 1_000_000, evaluateEvery: 1 })
    .quantize(model, { bits: 6, calibration }, { timeLimitMs: 300 });
  expect(report.stopped).toBe('time limit');
  expect(report.model.layers().every(({ weight }) => weight.format === 'codebook')).toBe(true);
  report.model.dispose();
  model.dispose();
});

test('a fit to the outputs lowers their error', async () => {
  const model = tinyModel();
  const quantizer = aqlm.create({ calibrate: true, stepsPerEpoch: 20, calibrationRate: 1e-2 });
  const report = await quantizer.quantize(model, { bits: 6, calibration });
  for (const { details } of report.layers)
    expect(details!['outputLoss']).toBeLessThanOrEqual(details!['initialOutputLoss'] as number);
  report.model.dispose();
  model.dispose();
});

test('the product is that of the dense matrix', () => {
  const weight = codebookWeight(layer());
  tidy(() => {
    const x = randomNormal([3, 8], 0, 1, 'float32', 5);
    const dense = matMul(x as Tensor2D, weight.toDense(), false, true);
    const difference = sum(abs(sub(dense, weight.matmul(x))));
    expect(difference.dataSync()[0]).toBeLessThan(1e-4);
  });
  weight.dispose();
});
