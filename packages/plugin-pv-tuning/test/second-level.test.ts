import { createRandom, type StoredWeight } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { tinyBatches, tinyModel } from '@espalier/testkit/neural';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import {
  aqlm,
  bitsPerWeight,
  type CodebookLayout,
  initialise,
  isScalarWeight,
  pvTuning,
  restoreQuantized,
  roundedToGrid,
  scalarBitsPerWeight,
  weightOfLayer,
} from '../src/index.js';
import { asCoded, codeRows, fitTable, readRows } from '../src/second-level.js';

beforeAll(() => cpuRuntime.activate());

const normals = (count: number, seed: number) => {
  const random = createRandom(seed);
  return Float64Array.from({ length: count }, () => random.normal());
};

/** Layouts of every kind, small. */
const layouts: fc.Arbitrary<CodebookLayout> = fc
  .record({
    outGroup: fc.constantFrom(1, 2),
    inGroup: fc.constantFrom(1, 2, 4),
    codebooks: fc.constantFrom(1, 2),
    codeBits: fc.constantFrom(1, 2, 3),
    scaleBits: fc.constantFrom(0, 1, 2, 16),
    codebookValueBits: fc.constantFrom(1, 2, 16),
    codebookValueGroups: fc.constantFrom(1, 2),
  })
  .map((layout) => ({ outputs: 8, inputs: 16, ...layout }));

const stored = async (weight: { store?(): Promise<StoredWeight> }) => weight.store!();

test('bits count what is stored, for every layout, and it comes back as it was', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(layouts, fc.nat(1000), async (layout, seed) => {
      const layer = initialise(
        normals(128, seed),
        layout,
        { init: 'random', initIterations: 5 },
        createRandom(seed),
      );
      const weight = weightOfLayer(layer);
      const { arrays } = await stored(weight);
      expect(Object.values(arrays).reduce((sum, { data }) => sum + data.byteLength, 0)).toBe(weight.bytes);
      // Codes are packed into whole bytes: less than one is lost an array.
      const difference = 8 * weight.bytes - 128 * bitsPerWeight(layout);
      expect(difference).toBeGreaterThanOrEqual(-1e-9);
      expect(difference).toBeLessThan(8 * Object.keys(arrays).length);
      const back = restoreQuantized(await stored(weight));
      expect(await back.toDense().data()).toEqual(await weight.toDense().data());
      weight.dispose();
      back.dispose();
    }),
    { numRuns: 60 },
  );
});

test('a second level is the formula of AQLM', () => {
  const plain = { outputs: 8, inputs: 16, outGroup: 1, inGroup: 4, codebooks: 1, codeBits: 3 };
  // 32 codes of 3 bits; 32 numbers of 2 bits with 4 tables of 4; 32 scales of 1 bit with 8 tables of 2.
  const coded = { ...plain, codebookValueBits: 2, codebookValueGroups: 1, scaleBits: 1 };
  expect(bitsPerWeight(coded) * 128).toBe(96 + 64 + 256 + 32 + 256);
  // A table as long as the row would save nothing: the scales of the tiles stand as they are.
  expect(bitsPerWeight({ ...plain, scaleBits: 2 }) * 128).toBe(96 + 512 + 32 * 16);
});

test('small integers count codes, scales and zeros', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({ bits: fc.constantFrom(1, 2, 3, 8), groupSize: fc.constantFrom(2, 4, 8) }),
      async ({ bits, groupSize }) => {
        const layout = { outputs: 4, inputs: 16, groupSize, bits };
        const weight = weightOfLayer(roundedToGrid(normals(64, bits), layout));
        expect(8 * weight.bytes).toBeCloseTo(64 * scalarBitsPerWeight(layout), 9);
        const back = restoreQuantized(await stored(weight));
        expect(await back.toDense().data()).toEqual(await weight.toDense().data());
      },
    ),
  );
});

test('damaged parts are refused', async () => {
  const layout = { outputs: 4, inputs: 8, outGroup: 1, inGroup: 2, codebooks: 1, codeBits: 2, scaleBits: 1 };
  const settings = { init: 'random', initIterations: 5 } as const;
  const coded = await stored(weightOfLayer(initialise(normals(32, 1), layout, settings, createRandom(1))));
  expect(() =>
    restoreQuantized({ ...coded, arrays: { ...coded.arrays, scaleTables: coded.arrays['codes']! } }),
  ).toThrow(/scaleTables/);
  expect(() => restoreQuantized({ ...coded, attributes: { ...coded.attributes, scaleBits: -1 } })).toThrow(
    /scaleBits/,
  );
  const scalar = await stored(
    weightOfLayer(roundedToGrid(normals(32, 1), { outputs: 4, inputs: 8, groupSize: 4, bits: 2 })),
  );
  expect(() => restoreQuantized({ ...scalar, attributes: { bits: 3, groupSize: 4 } })).toThrow(/3 bits/);
});

test('a line of as many numbers as there are codes is kept', () => {
  const coded = codeRows(Float64Array.of(5, -1, 2, 7, 3, 3, 8, 0), 4, 2);
  expect([...readRows(coded)]).toEqual([5, -1, 2, 7, 3, 3, 8, 0]);
  expect([...fitTable(Float64Array.of(0, 1, 10, 11), 2)]).toEqual([0.5, 10.5]);
});

test('every number takes the nearest of its table', () => {
  fc.assert(
    fc.property(fc.nat(10_000), fc.constantFrom(1, 2, 3), (seed, bits) => {
      const values = normals(20, seed);
      const { codes, tables } = codeRows(values, 20, bits);
      codes.forEach((code, i) => {
        const least = Math.min(...tables.map((centre) => Math.abs(centre - values[i]!)));
        expect(Math.abs(tables[code]! - values[i]!)).toBeLessThanOrEqual(least + 1e-15);
      });
    }),
    { numRuns: 50 },
  );
});

test('a layer without a second level stands for itself', () => {
  const layout = { outputs: 4, inputs: 8, outGroup: 1, inGroup: 2, codebooks: 1, codeBits: 2 };
  const layer = initialise(normals(32, 1), layout, { init: 'random', initIterations: 5 }, createRandom(1));
  expect(asCoded(layer)).toBe(layer);
});

test('layers with a second level are fitted to their outputs and tuned', async () => {
  const model = tinyModel();
  const calibration = tinyBatches();
  const second = { outGroup: 2, inGroup: 2, codeBits: 2, scaleBits: 1, codebookValueBits: 1 };
  const fitted = await aqlm
    .create({ ...second, calibrate: true, stepsPerEpoch: 10, calibrationRate: 1e-2 })
    .quantize(model, { bits: 6, calibration });
  for (const { details } of fitted.layers)
    expect(details!['outputLoss']).toBeLessThanOrEqual(details!['initialOutputLoss'] as number);
  const tuned = await pvTuning
    .create({ ...second, steps: 8, lr: 1e-2 })
    .quantize(model, { bits: 6, calibration });
  const { before, after } = tuned.details as { before: number; after: number };
  expect(after).toBeLessThanOrEqual(before);
  for (const { bitsPerWeight: bits } of tuned.layers) expect(bits).toBeLessThanOrEqual(6);
  fitted.model.dispose();
  tuned.model.dispose();
  model.dispose();
  for (const { inputs, targets } of calibration) {
    inputs.dispose();
    targets!.dispose();
  }
});

test('a request in small integers takes the widest that fit', async () => {
  const model = tinyModel();
  const quantizer = pvTuning.create({ representation: 'scalar', method: 'calibration-only' });
  const { layers, model: result } = await quantizer.quantize(model, { bits: 10.5, groupSize: 4 });
  for (const { weight } of result.layers()) {
    if (!isScalarWeight(weight)) throw new Error('no small integers');
    expect(weight.layout).toMatchObject({ bits: 2, groupSize: 4 });
  }
  for (const { bitsPerWeight: bits } of layers) expect(bits).toBe(10);
  await expect(quantizer.quantize(model, { bits: 7.5, groupSize: 4 })).rejects.toThrow(/at least 9/);
  result.dispose();
  model.dispose();
});
