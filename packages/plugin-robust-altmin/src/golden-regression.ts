import type { GoldenFile, GoldenRunner, Json, JsonObject } from '@espalier/core';
import { gemv, type Matrix, matrixFromRows, svd } from '@espalier/linalg';
import { normAt, statedTolerance } from './golden-tolerance.js';
import { exactLeastSquares } from './least-squares.js';
import {
  conjugateGradients,
  factorSketch,
  noPreconditioner,
  solveUpperInPlace,
  solveUpperTransposedInPlace,
} from './preconditioned.js';
import { applyCountSketch, applySrht } from './sketch.js';

interface RegressionCase {
  readonly A: number[][];
  readonly b: number[];
  readonly srht?: {
    readonly signs: number[];
    readonly sampledRows: number[];
    readonly cgIterates?: number[][];
  };
  readonly countSketch?: { readonly signs: number[]; readonly buckets: number[]; readonly s: number };
  readonly plainCg?: { readonly start: number[]; readonly iterates: number[][] };
}

/** One regression: the sketches with given randomness, the preconditioner, the iterates of both iterations, the exact solution. */
export const regression: GoldenRunner = {
  async run(file) {
    return { cases: (file.cases as unknown as RegressionCase[]).map(caseOf) };
  },
  tolerance(path, file) {
    const name = path.findLast((part) => typeof part === 'string');
    if (name === 'SA' || name === 'Sb')
      return { absolute: statedTolerance(file, 'transform', 1e-10), relative: 0 };
    if (name === 'residualNorm' || name === 'condition' || name === 'relativeResiduals')
      return {
        absolute: statedTolerance(file, 'values', 1e-8),
        relative: statedTolerance(file, 'values', 1e-8),
      };
    return {
      absolute: statedTolerance(file, 'values', 1e-8) * normAt(file as GoldenFile, path),
      relative: 0,
    };
  },
};

function caseOf({ A, b: list, srht, countSketch, plainCg }: RegressionCase): JsonObject {
  const a = matrixFromRows(A);
  const b = Float64Array.from(list);
  const { x } = exactLeastSquares(a, b);
  const { values } = svd(a);
  return {
    exact: [...x],
    residualNorm: norm(gemv(a, x, { alpha: -1, beta: 1, out: b.slice() })),
    condition: values[0] / values[values.length - 1],
    ...(srht && { srht: srhtOf(a, b, srht) }),
    ...(countSketch && { countSketch: countSketchOf(a, b, countSketch) }),
    ...(plainCg && { plainCg: { iterates: plainIterates(a, b, plainCg) } }),
  };
}

function srhtOf(a: Matrix, b: Float64Array, given: NonNullable<RegressionCase['srht']>): JsonObject {
  const apply = (matrix: Matrix) =>
    applySrht(matrix, Float64Array.from(given.signs), Int32Array.from(given.sampledRows));
  const sa = apply(a);
  const sb = apply({ rows: b.length, cols: 1, data: b }).data;
  const factor = factorSketch(sa, sb);
  if (!factor) return { SA: rowsOf(sa), Sb: [...sb] };
  const start = factor.rhs.slice();
  solveUpperInPlace(factor.r, start);
  const iterates: number[][] = [];
  const residuals: number[] = [];
  const wanted = given.cgIterates?.length ?? 6;
  for (const { x, gradient } of conjugateGradients(a, b, factor.r, start)) {
    residuals.push(gradient);
    if (residuals.length > 1) iterates.push([...x]);
    if (residuals.length > wanted) break;
  }
  return {
    SA: rowsOf(sa),
    Sb: [...sb],
    R: rowsOf(factor.r),
    preconditionedSingularValues: extremesOf(a, factor.r),
    sketchSolution: [...start],
    cgIterates: iterates,
    relativeResiduals: residuals,
  };
}

/** The smallest and the largest singular value of A R^-1. */
function extremesOf(a: Matrix, r: Matrix): number[] {
  const data = a.data.slice();
  for (let i = 0; i < a.rows; i++)
    solveUpperTransposedInPlace(r, data.subarray(i * a.cols, (i + 1) * a.cols));
  const { values } = svd({ ...a, data });
  return [values[values.length - 1], values[0]];
}

function countSketchOf(
  a: Matrix,
  b: Float64Array,
  given: NonNullable<RegressionCase['countSketch']>,
): JsonObject {
  const apply = (matrix: Matrix) =>
    applyCountSketch(matrix, Float64Array.from(given.signs), Int32Array.from(given.buckets), given.s);
  return { SA: rowsOf(apply(a)), Sb: [...apply({ rows: b.length, cols: 1, data: b }).data] };
}

function plainIterates(a: Matrix, b: Float64Array, given: NonNullable<RegressionCase['plainCg']>): Json {
  const points = conjugateGradients(a, b, noPreconditioner(a.cols), Float64Array.from(given.start));
  points.next(); // the start
  return given.iterates.map(() => [...points.next().value!.x]);
}

function rowsOf({ rows, cols, data }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * cols, (i + 1) * cols)]);
}

function norm(v: Float64Array): number {
  return Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
}
