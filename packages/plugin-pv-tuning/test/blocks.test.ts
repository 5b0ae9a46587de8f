import {
  type ArtifactStore,
  type Batch,
  type CompressibleModel,
  createRandom,
  type StoredWeight,
} from '@espalier/core';
import { createLlama, denseValues, denseWeight, type LlamaModel } from '@espalier/models';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { tinyBatches, tinyModel } from '@espalier/testkit/neural';
import { dispose, engine, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aqlm, pvTuning } from '../src/index.js';

const CONFIG = {
  vocabularySize: 17,
  hiddenSize: 16,
  intermediateSize: 24,
  layers: 2,
  heads: 2,
  kvHeads: 1,
  headDim: 8,
  contextLength: 16,
  normEpsilon: 1e-5,
  ropeTheta: 100,
  tied: true,
  biases: { qkv: false, output: false, mlp: false },
};
const NORM = 'model.layers.0.input_layernorm.weight';
const representation = { codeBits: 3, inGroup: 2 } as const;

let calibration: Batch[];
beforeAll(async () => {
  await cpuRuntime.activate();
  const random = createRandom(1);
  calibration = Array.from({ length: 4 }, () => ({
    inputs: tensor2d(
      Int32Array.from({ length: 24 }, () => random.integer(17)),
      [2, 12],
      'int32',
    ),
  }));
});
afterAll(() => dispose(calibration.map(({ inputs }) => inputs)));

/** A decoder with weights as large as trained ones have. */
function decoder(): LlamaModel {
  const model = createLlama(CONFIG, { seed: 3, trainable: false });
  const random = createRandom(4);
  const normals = (shape: [number, number], scale: number) =>
    tensor2d(
      Float32Array.from({ length: shape[0] * shape[1] }, () => scale * random.normal()),
      shape,
    );
  for (const { name, shape } of model.layers())
    model.replaceWeight(name, denseWeight(normals([...shape], 1 / Math.sqrt(shape[1]))));
  tidy(() => model.otherParameters()['model.embed_tokens.weight']!.assign(normals([17, 16], 1)));
  return model;
}

interface Blocks {
  readonly blocks: readonly {
    readonly block: number;
    readonly before: number;
    readonly after: number;
    readonly epochs: number;
  }[];
}

async function valuesOf(model: CompressibleModel) {
  const values: Record<string, number[]> = {};
  for (const { name, weight } of model.layers()) values[name] = [...(await denseValues(weight))];
  for (const [name, parameter] of Object.entries(model.otherParameters()))
    values[name] = [...(await parameter.data())];
  return values;
}

test('each block is fitted to the outputs of the dense one, norms included, and nothing stays behind', async () => {
  const model = decoder();
  const before = await valuesOf(model);
  const tensors = engine().memory().numTensors;
  const quantizer = aqlm.create({ ...representation, tuneBlocks: true, blockRate: 1e-2 });
  const { model: result, details, layers } = await quantizer.quantize(model, { bits: 12, calibration });
  const { blocks } = details as unknown as Blocks;
  expect(blocks.map(({ block }) => block)).toEqual([0, 1]);
  for (const block of blocks) {
    expect(block.after).toBeLessThan(block.before);
    expect(block.epochs).toBeLessThanOrEqual(5);
  }
  expect(layers.map(({ layer }) => layer)).toEqual(model.layers().map(({ name }) => name));
  expect(layers.every(({ format }) => format === 'codebook')).toBe(true);
  const after = await valuesOf(result);
  expect(after[NORM]).not.toEqual(before[NORM]);
  expect(after['model.embed_tokens.weight']).toEqual(before['model.embed_tokens.weight']);
  expect(await valuesOf(model)).toEqual(before);
  result.dispose();
  expect(engine().memory().numTensors).toBe(tensors);
  model.dispose();
});

test('it stops after epochs without a gain', async () => {
  const model = decoder();
  // A rate so large that nothing gets better.
  const quantizer = aqlm.create({ ...representation, tuneBlocks: true, blockRate: 1, blockPatience: 2 });
  const report = await quantizer.quantize(model, { bits: 12, calibration });
  for (const { epochs, before, after } of (report.details as unknown as Blocks).blocks) {
    expect(epochs).toBe(2);
    expect(after).toBe(before);
  }
  report.model.dispose();
  model.dispose();
});

test('a run goes on from the blocks that a store holds, to the same model', { timeout: 60_000 }, async () => {
  const model = decoder();
  const kept = new Map<string, StoredWeight>();
  let left = Number.POSITIVE_INFINITY;
  const store: ArtifactStore = {
    get: async (key) => kept.get(key),
    async put(key, weight) {
      if (left-- <= 0) throw new Error('broken off');
      kept.set(key, weight);
    },
  };
  const quantizer = aqlm.create({ ...representation, tuneBlocks: true, blockRate: 1e-2 });
  const whole = await quantizer.quantize(model, { bits: 12, calibration });
  const expected = await valuesOf(whole.model);
  for (const puts of [3, 12, 25]) {
    kept.clear();
    left = puts;
    await expect(quantizer.quantize(model, { bits: 12, calibration, store })).rejects.toThrow('broken off');
    left = Number.POSITIVE_INFINITY;
    const resumed = await quantizer.quantize(model, { bits: 12, calibration, store });
    expect(await valuesOf(resumed.model), `after ${puts}`).toEqual(expected);
    resumed.model.dispose();
  }
  whole.model.dispose();
  model.dispose();
});

test('a decoder tuned on from there, in small integers too, is what its store gives', {
  timeout: 60_000,
}, async () => {
  const model = decoder();
  for (const options of [
    { ...representation, tuneBlocks: true, blockRate: 1e-2 },
    { representation: 'scalar', scalarInit: 'gptq', groupSize: 8 },
  ] as const) {
    const kept = new Map<string, StoredWeight>();
    const store: ArtifactStore = {
      get: async (key) => kept.get(key),
      put: async (key, weight) => void kept.set(key, weight),
    };
    const quantizer = pvTuning.create({ ...options, steps: 4, evaluateEvery: 2, lr: 2e-3 });
    const first = await quantizer.quantize(model, { bits: 6, calibration, store });
    // Two windows of 12 tokens a step.
    const seen = { samples: 8, batch: 2, tokens: 96, window: 12 };
    expect(first.details).toMatchObject({ steps: 4, seen });
    const { before, after } = first.details as { before: number; after: number };
    expect(after).toBeLessThan(before);
    const again = await quantizer.quantize(model, { bits: 6, calibration, store });
    expect(again.details ?? {}).not.toHaveProperty('steps');
    // Embeddings and norms were tuned as well, and are those of the first run.
    expect(await valuesOf(again.model)).toEqual(await valuesOf(first.model));
    first.model.dispose();
    again.model.dispose();
  }
  model.dispose();
});

test('layers that groups do not divide are refused, or left dense and listed', async () => {
  const model = decoder();
  // 24 inputs of the last projection are not divided by 16.
  const refusing = aqlm.create({ inGroup: 16, codeBits: 2 });
  await expect(refusing.quantize(model, { bits: 32 })).rejects.toThrow(/24 inputs, which 16 does not divide/);
  for (const method of ['calibration-only', 'straight-through'] as const) {
    const skipping = pvTuning.create({ method, inGroup: 16, codeBits: 2, onIndivisible: 'skip', steps: 2 });
    const { layers, model: result } = await skipping.quantize(model, { bits: 32, calibration });
    const dense = layers.filter(({ format }) => format === 'dense');
    expect(dense.map(({ layer }) => layer)).toEqual([
      'model.layers.0.mlp.down_proj',
      'model.layers.1.mlp.down_proj',
    ]);
    for (const { details, bitsPerWeight } of dense) {
      expect(details!['leftDense']).toMatch(/24 inputs/);
      expect(bitsPerWeight).toBe(32);
    }
    expect(layers).toHaveLength(14);
    result.dispose();
  }
  model.dispose();
});

test('a model without blocks is refused', async () => {
  const [model, batches] = [tinyModel(), tinyBatches()];
  await expect(
    aqlm.create({ tuneBlocks: true }).quantize(model, { bits: 6, calibration: batches }),
  ).rejects.toThrow(/no blocks/);
  model.dispose();
  for (const { inputs, targets } of batches) dispose([inputs, targets!]);
});
