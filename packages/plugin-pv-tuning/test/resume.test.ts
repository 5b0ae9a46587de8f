import {
  type ArtifactStore,
  type Batch,
  type CompressibleModel,
  createRandom,
  isEspalierError,
  type StoredWeight,
  startRun,
} from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { tinyBatches, tinyModel } from '@espalier/testkit/neural';
import { dispose, zeros } from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { aqlm, METHODS, pvTuning } from '../src/index.js';
import { layersOf } from '../src/layer-reports.js';
import { tuneModel } from '../src/tune-model.js';
import { stepSettings, tuningOptions } from '../src/tuning-options.js';

beforeAll(() => cpuRuntime.activate());
let calibration: Batch[];
beforeEach(() => {
  calibration = tinyBatches({}, { batches: 3 });
});
afterEach(() => {
  for (const { inputs, targets } of calibration) dispose([inputs, targets!]);
});

/** A store that gives up after a number of entries. */
class Store implements ArtifactStore {
  readonly kept = new Map<string, StoredWeight>();
  left = Number.POSITIVE_INFINITY;
  async get(key: string) {
    return this.kept.get(key);
  }
  async put(key: string, weight: StoredWeight) {
    if (this.left-- <= 0) throw new Error('broken off');
    this.kept.set(key, structuredClone(weight));
  }
}

async function valuesOf(model: CompressibleModel): Promise<Record<string, number[]>> {
  const values: Record<string, number[]> = {};
  for (const { name, weight } of model.layers()) values[name] = [...(await weight.toDense().data())];
  for (const [name, parameter] of Object.entries(model.otherParameters()))
    values[name] = [...(await parameter.data())];
  return values;
}

test('a tuning that was broken off anywhere goes on to the same model and report, bit for bit', {
  timeout: 60_000,
}, async () => {
  const model = tinyModel();
  for (const options of [
    { method: 'penalised-ste', selectionTemperature: 0.5 },
    { method: 'stochastic-rounding', bufferDtype: 'bf16', beamSize: 2, microBatch: 5 },
    { representation: 'scalar', method: 'straight-through', amsgrad: true, optimizer: 'adam' },
  ] as const) {
    // Three batches an epoch: the places of the looks are in the middle of epochs.
    const quantizer = pvTuning.create({ ...options, steps: 8, evaluateEvery: 2, lr: 1e-2, codeLr: 0.1 });
    const whole = await quantizer.quantize(model, { bits: 6, calibration });
    const expected = await valuesOf(whole.model);
    for (const puts of [4, 9, 14, 24]) {
      const store = new Store();
      store.left = puts;
      await expect(quantizer.quantize(model, { bits: 6, calibration, store })).rejects.toThrow('broken off');
      store.left = Number.POSITIVE_INFINITY;
      const resumed = await quantizer.quantize(model, { bits: 6, calibration, store });
      expect(await valuesOf(resumed.model), `${options.method} after ${puts}`).toEqual(expected);
      expect(resumed.details).toEqual(whole.details);
      resumed.model.dispose();
    }
    whole.model.dispose();
  }
  model.dispose();
});

test('the state of another tuning is refused', async () => {
  const model = tinyModel();
  const store = new Store();
  const options = { steps: 4, evaluateEvery: 2 };
  store.left = 9;
  const first = pvTuning.create({ ...options, method: 'continuous-only' });
  await expect(first.quantize(model, { bits: 6, calibration, store })).rejects.toThrow('broken off');
  store.left = Number.POSITIVE_INFINITY;
  const error = await pvTuning
    .create({ ...options, method: 'straight-through' })
    .quantize(model, { bits: 6, calibration, store })
    .catch((thrown: unknown) => thrown);
  expect(isEspalierError(error, 'invalid-data')).toBe(true);
  model.dispose();
});

test('an abort, or a loss that is not finite, leaves the best state as a valid model', async () => {
  const model = tinyModel();
  for (const how of ['abort', 'infinite'] as const) {
    const start = await aqlm.create().quantize(model, { bits: 6, calibration });
    const layers = await layersOf(start.model, start.layers);
    const abort = new AbortController();
    const options = tuningOptions.parse({ steps: 40, evaluateEvery: 1, lr: 0.01 });
    let looks = 0;
    const error = await tuneModel(
      start.model,
      model,
      layers,
      {
        calibration,
        async evaluate() {
          looks++;
          if (how === 'infinite' && looks === 5) return Number.NaN;
          return -looks;
        },
      },
      { ...options, step: stepSettings(options)! },
      createRandom(1),
      startRun({
        signal: abort.signal,
        onProgress: ({ iteration }) => how === 'abort' && iteration === 3 && abort.abort(),
      }),
    ).catch((thrown: unknown) => thrown);
    expect(isEspalierError(error, how === 'abort' ? 'aborted' : 'numerical'), `${error}`).toBe(true);
    if (how === 'infinite') expect((error as Error).message).toMatch(/^Step 4/);
    expect(start.model.layers().every(({ weight }) => weight.format === 'codebook')).toBe(true);
    for (const values of Object.values(await valuesOf(start.model)))
      expect(values.every(Number.isFinite)).toBe(true);
    start.model.dispose();
  }
  model.dispose();
});

test('a batch in parts has the gradients of the whole', async () => {
  const model = tinyModel();
  const details = [];
  for (const microBatch of [undefined, 16, 7]) {
    const options = { steps: 3, evaluateEvery: 1, lr: 0.01, method: 'continuous-only', microBatch } as const;
    for (const objective of ['kl', 'cross-entropy'] as const) {
      const { details: found, model: result } = await pvTuning
        .create({ ...options, objective })
        .quantize(model, { bits: 6, calibration });
      details.push({ objective, ...(found as { history: { step: number; value: number }[] }) });
      result.dispose();
    }
  }
  for (const { objective, history } of details) {
    const whole = details.find((other) => other.objective === objective)!;
    history.forEach(({ value }, i) => {
      expect(value).toBeCloseTo(whole.history[i]!.value, 4);
    });
  }
  model.dispose();
});

test('every method tunes both representations and ends no higher than it began', {
  timeout: 60_000,
}, async () => {
  const model = tinyModel();
  for (const representation of ['codebook', 'scalar'] as const)
    for (const method of Object.keys(METHODS) as (keyof typeof METHODS)[]) {
      const quantizer = pvTuning.create({
        representation,
        method,
        steps: 4,
        evaluateEvery: 1,
        lr: 0.01,
        codeLr: 0.1,
      });
      const report = await quantizer.quantize(model, { bits: 6, calibration });
      const { before, after, codesChanged } = report.details as Record<string, number>;
      expect(after!, `${representation} ${method}`).toBeLessThanOrEqual(before!);
      if (method === 'continuous-only') expect(codesChanged).toBe(0);
      if (method === 'subspace-pv') expect(codesChanged).toBeGreaterThanOrEqual(8);
      report.model.dispose();
    }
  model.dispose();
});

test('options that do not fit each other are refused', async () => {
  const model = tinyModel();
  const indivisible = pvTuning.create({ representation: 'scalar', groupSize: 5 });
  const nothing = { inputs: zeros([0, 8]), targets: zeros([0, 4]) };
  const empty = pvTuning.create({ steps: 1 }).quantize(model, { bits: 6, calibration: [nothing] });
  await expect(empty).rejects.toThrow(/at least one sample/);
  dispose([nothing.inputs, nothing.targets]);
  await expect(indivisible.quantize(model, { bits: 16, calibration })).rejects.toThrow(/5 does not divide/);
  model.dispose();
});
