import { createRandom } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { magnitude, wanda } from '../src/baselines/index.js';
import { tokenBatches } from '../src/calibration/index.js';
import { keepLargest } from '../src/definers/index.js';
import { largestByColumn } from '../src/definers/largest-by-column.js';
import { sparseGpt } from '../src/layer-compressors/index.js';
import { createLlama } from '../src/llama/index.js';
import { bitmapWeight } from '../src/weights/index.js';

beforeAll(() => cpuRuntime.activate());

/** Matrices of few different scores, so that many are equal. */
const matrices = fc.array(
  fc.integer({ min: 1, max: 4 }).chain((inputs) =>
    fc.record({
      inputs: fc.constant(inputs),
      scores: fc
        .array(
          fc.array(fc.constantFrom(0, 1, 2, Number.POSITIVE_INFINITY), {
            minLength: inputs,
            maxLength: inputs,
          }),
          {
            minLength: 1,
            maxLength: 4,
          },
        )
        .map((rows) => Float64Array.from(rows.flat())),
    }),
  ),
  { minLength: 1, maxLength: 3 },
);

test('is what sorting by score, column, matrix and row gives', () => {
  fc.assert(
    fc.property(matrices, fc.double({ min: 0, max: 1, noNaN: true }), (given, share) => {
      const all = given.flatMap(({ scores, inputs }, matrix) =>
        [...scores].map((score, i) => ({ score, matrix, i, column: i % inputs })),
      );
      const count = Math.round(share * all.length);
      const order = all.toSorted((a, b) =>
        a.score === b.score
          ? a.column - b.column || a.matrix - b.matrix || a.i - b.i
          : b.score > a.score
            ? 1
            : -1,
      );
      const expected = given.map(({ scores }) => new Uint8Array(scores.length));
      for (const { matrix, i } of order.slice(0, count)) expected[matrix]![i] = 1;
      expect(largestByColumn(given, count)).toEqual(expected);
    }),
  );
});

test('a layer of equal weights loses its higher columns', () => {
  const task = {
    matrix: new Float32Array(8).fill(1),
    inputs: 4,
    pattern: 'unstructured',
    sparsity: 0.5,
  } as const;
  expect([...keepLargest(task, new Float64Array(8).fill(1), 'layer')]).toEqual([1, 1, 0, 0, 1, 1, 0, 0]);
});

test('SparseGPT prunes what is asked for where weights are equal', () => {
  const identity = Float64Array.from({ length: 64 }, (_, i) => (i % 9 === 0 ? 1 : 0));
  const weight = Float64Array.from({ length: 32 }, (_, i) => (i % 3 === 0 ? 0.1 : -0.1));
  const after = sparseGpt(weight, 8, identity, { pattern: 'unstructured', sparsity: 0.5 });
  expect(after.filter((value) => value === 0)).toHaveLength(16);
});

test.each([3, 6, 12, 24])('SparseGPT finds a size of blocks for groups of %d', (m) => {
  const random = createRandom(m);
  const weight = Float64Array.from({ length: 4 * 48 }, () => random.normal());
  const identity = Float64Array.from({ length: 48 * 48 }, (_, i) => (i % 49 === 0 ? 1 : 0));
  const after = sparseGpt(weight, 48, identity, { pattern: { n: 1, m }, sparsity: 1 - 1 / m });
  for (let start = 0; start < after.length; start += m)
    expect(after.subarray(start, start + m).filter((value) => value !== 0)).toHaveLength(1);
  expect(() =>
    sparseGpt(weight, 48, identity, { pattern: { n: 1, m }, sparsity: 1 - 1 / m, blockSize: m + 1 }),
  ).toThrow(`given ${m + 1}. ${2 * m} would do, or leave it out.`);
});

test.each([0.3, 0.5, 0.9])('over all layers of a model of +-0.1, exactly %d go', async (sparsity) => {
  const model = createLlama({
    ...{
      vocabularySize: 40,
      hiddenSize: 16,
      intermediateSize: 48,
      layers: 2,
      heads: 2,
      kvHeads: 1,
      headDim: 8,
    },
    ...{ contextLength: 64, normEpsilon: 1e-5, ropeTheta: 1e4, tied: true },
    biases: { qkv: false, output: false, mlp: false },
  });
  const random = createRandom(1);
  for (const { name, shape } of model.layers()) {
    const signs = Float32Array.from({ length: shape[0] * shape[1] }, () => 0.1 * (2 * random.integer(2) - 1));
    model.replaceWeight(name, bitmapWeight(signs, shape));
  }
  const calibration = tokenBatches([Int32Array.from({ length: 32 }, (_, i) => (i * 7) % 40)]);
  for (const pruner of [magnitude.create(), wanda.create()]) {
    const request = { pattern: 'unstructured', scope: 'global', sparsity, calibration } as const;
    const { model: pruned, layers } = await pruner.prune(model, request);
    const sizes = model.layers().map(({ shape }) => shape[0] * shape[1]);
    const size = sizes.reduce((a, b) => a + b);
    const zeros = layers.reduce((sum, layer, i) => sum + layer.sparsity * sizes[i]!, 0);
    expect(zeros).toBeCloseTo(Math.floor(size * sparsity + 1e-9), 6);
    pruned.dispose();
  }
  calibration.dispose();
  model.dispose();
});
