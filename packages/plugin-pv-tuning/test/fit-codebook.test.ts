import { createRandom } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { tinyModel } from '@espalier/testkit/neural';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { fitCodebook } from '../src/fit-codebook.js';
import { aqlm, chooseLayout, fromTiles, initialise, toAqlmTensors } from '../src/index.js';
import { squaredDistance } from '../src/k-means.js';

beforeAll(() => cpuRuntime.activate());

const normals = (count: number, seed: number) => {
  const random = createRandom(seed);
  return Float64Array.from({ length: count }, () => random.normal());
};

describe('a codebook from a sample of the tiles', () => {
  const settings = { initIterations: 30, init: 'random' } as const;

  test('assigns every tile to its nearest vector', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.constantFrom(1, 2, 5), (seed, maxPointsPerCentroid) => {
        const tiles = normals(200, seed);
        const fitted = { ...settings, maxPointsPerCentroid };
        const { centroids, assignment } = fitCodebook(tiles, 2, 8, fitted, createRandom(seed));
        expect([centroids.length, assignment.length]).toEqual([16, 100]);
        assignment.forEach((chosen, tile) => {
          const distances = Array.from({ length: 8 }, (_, c) =>
            squaredDistance(tiles, 2 * tile, centroids, 2 * c, 2),
          );
          expect(distances[chosen]!).toBeLessThanOrEqual(Math.min(...distances) + 1e-12);
        });
      }),
      { numRuns: 30 },
    );
  });

  test('is that of all tiles where the sample would be no smaller', () => {
    const tiles = normals(200, 1);
    const all = fitCodebook(tiles, 2, 8, settings, createRandom(1));
    expect(fitCodebook(tiles, 2, 8, { ...settings, maxPointsPerCentroid: 13 }, createRandom(1))).toEqual(all);
  });

  test('costs little in fit on many tiles', () => {
    const tiles = normals(4000, 2);
    const errorOf = (maxPointsPerCentroid: number | undefined) => {
      const fitted = { ...settings, maxPointsPerCentroid };
      const { centroids, assignment } = fitCodebook(tiles, 2, 16, fitted, createRandom(3));
      return assignment.reduce((sum, c, i) => sum + squaredDistance(tiles, 2 * i, centroids, 2 * c, 2), 0);
    };
    expect(errorOf(30)).toBeLessThan(1.15 * errorOf(undefined));
    expect(errorOf(1)).toBeGreaterThan(errorOf(30));
  });

  test('is an option of the quantizer', async () => {
    const model = tinyModel();
    const values = async (options: object) => {
      const { model: result } = await aqlm.create(options).quantize(model, { bits: 6 });
      const dense = await result.layers()[0]!.weight.toDense().data();
      result.dispose();
      return [...dense];
    };
    expect(await values({ maxPointsPerCentroid: 1 })).not.toEqual(await values({}));
    expect(await values({ maxPointsPerCentroid: 1 })).toEqual(await values({ maxPointsPerCentroid: 1 }));
    model.dispose();
  });
});

test('fewer tiles than vectors: auto takes shorter codes, a fixed length is refused', () => {
  const options = { codebooks: 1, codeBits: 'auto', inGroup: 4, outGroup: 1 } as const;
  // Four tiles: two bits at most, whatever the target permits.
  expect(chooseLayout('small', [2, 8], 100, options).codeBits).toBe(2);
  expect(() => chooseLayout('small', [2, 8], 100, { ...options, codeBits: 3 })).toThrow(/fewer tiles/);
});

test('scales of single tiles are their norms', () => {
  const layout = { outputs: 2, inputs: 4, outGroup: 1, inGroup: 2, codebooks: 1, codeBits: 1, scaleBits: 16 };
  const settings = { init: 'random', initIterations: 5 } as const;
  const { scales } = initialise([3, 4, 0, 0, 5, 12, 8, 6], layout, settings, createRandom(1));
  expect([...scales].map((scale) => Math.round(scale * 1e6) / 1e6)).toEqual([5, 0, 13, 10]);
});

test('files of AQLM have no place for scales of single tiles', () => {
  const layout = { outputs: 2, inputs: 4, outGroup: 1, inGroup: 2, codebooks: 1, codeBits: 1, scaleBits: 16 };
  const layer = initialise(
    fromTiles(normals(8, 1), layout),
    layout,
    { init: 'random', initIterations: 5 },
    createRandom(1),
  );
  expect(() => toAqlmTensors(layer)).toThrow(/scale for each out-group/);
});
