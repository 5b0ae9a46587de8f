import { createRandom, type GoldenRunner } from '@espalier/core';
import { gemm, type Matrix } from '@espalier/linalg';
import { clipEntries } from './clip.js';
import { statedTolerance } from './golden-tolerance.js';
import { leadingVectors } from './leading-vectors.js';
import { orthonormalise } from './orthonormalise.js';

interface InitClipFile {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly mu: number;
  readonly rows: number[];
  readonly cols: number[];
  readonly values: number[];
}

/** The spectral start, before and after clipping: projectors, which depend on no signs. */
export const initClip: GoldenRunner = {
  async run(file) {
    const given = file as unknown as InitClipFile;
    const problem = {
      rows: given.m,
      columns: given.n,
      observed: {
        rowIndices: Int32Array.from(given.rows),
        columnIndices: Int32Array.from(given.cols),
        values: Float64Array.from(given.values),
      },
    };
    const { left, values } = await leadingVectors(problem, given.k, 'svd');
    const { clipped, threshold, count, rows } = clipEntries(left, given.mu);
    return {
      sampledFraction: given.values.length / (given.m * given.n),
      singularValues: [...values],
      projectorBefore: projectorOf(left),
      threshold,
      clippedRows: [...rows],
      clippedEntries: count,
      projectorAfter: projectorOf(orthonormalise(clipped, createRandom(0)).q),
    };
  },
  tolerance: (_path, file) => ({ absolute: statedTolerance(file, 'values', 1e-8), relative: 0 }),
};

function projectorOf(q: Matrix): number[][] {
  const { data, cols } = gemm(q, q, { transposeB: true });
  return Array.from({ length: q.rows }, (_, i) => [...data.subarray(i * cols, (i + 1) * cols)]);
}
