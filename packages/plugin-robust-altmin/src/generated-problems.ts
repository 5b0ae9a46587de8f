import { createRandom, deriveSeed } from '@espalier/core';
import { createMatrix, gemm, type Matrix } from '@espalier/linalg';
import type { MatrixCompletionProblem, Triplets } from './matrix-completion.js';
import { orthonormalise } from './orthonormalise.js';

/** What a random low-rank problem is made from. */
export interface LowRankProblemSize {
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  /** Each entry is observed with this probability. */
  readonly density: number;
  /** The largest singular value over the smallest; default 1. */
  readonly condition?: number;
  /** Standard deviation of noise on the observed entries, in root mean squares of the matrix; default 0. */
  readonly noise?: number;
}

/** A problem, the matrix behind it by its factors, and what was not observed. */
export interface LowRankProblem {
  readonly problem: MatrixCompletionProblem;
  /** Truth: left (m x k) times right (n x k) transposed. */
  readonly left: Matrix;
  readonly right: Matrix;
}

/**
 * U and V are the orthonormal factors of normal matrices, the singular values fall linearly from `condition` to 1, times sqrt(m n / k):
 * entries of size about 1, incoherent, each observed independently.
 */
export function lowRankProblem(size: LowRankProblemSize, seed: number): LowRankProblem {
  const { rows, columns, rank, density, condition = 1, noise = 0 } = size;
  // Not the seed itself: a solver with that seed and a random start would begin at the truth.
  const random = createRandom(deriveSeed('low-rank-problem', seed));
  const basis = (count: number) => {
    const normal = createMatrix(count, rank);
    for (let e = 0; e < normal.data.length; e++) normal.data[e] = random.normal();
    return orthonormalise(normal, random).q;
  };
  const [left, right] = [basis(rows), basis(columns)];
  let square = 0;
  for (let c = 0; c < rank; c++) {
    const value =
      (rank === 1 ? condition : condition + ((1 - condition) * c) / (rank - 1)) *
      Math.sqrt((rows * columns) / rank);
    square += value ** 2;
    for (let i = 0; i < rows; i++) left.data[i * rank + c] *= value;
  }
  const deviation = noise * Math.sqrt(square / (rows * columns));
  const places = sampledPlaces(rows, columns, density, random.fork('observed'));
  const entryOf = entryReader(left, right);
  const observed = {
    ...places,
    values: Float64Array.from(
      places.rowIndices,
      (i, e) => entryOf(i, places.columnIndices[e]) + (deviation > 0 ? deviation * random.normal() : 0),
    ),
  };
  return { problem: { rows, columns, rank, observed }, left, right };
}

/** Reads entries of left right^T. */
function entryReader(left: Matrix, right: Matrix): (i: number, j: number) => number {
  const k = left.cols;
  return (i, j) => {
    let sum = 0;
    for (let t = 0; t < k; t++) sum += left.data[i * k + t] * right.data[j * k + t];
    return sum;
  };
}

/** Places observed with one probability: geometric gaps instead of a coin for each, so that the cost is that of what is observed. */
function sampledPlaces(
  rows: number,
  columns: number,
  density: number,
  random: { uniform(): number },
): Pick<Triplets, 'rowIndices' | 'columnIndices'> {
  const [rowList, columnList] = [[] as number[], [] as number[]];
  const logarithm = Math.log1p(-density);
  const all = rows * columns;
  for (let place = -1; ; ) {
    place += density >= 1 ? 1 : 1 + Math.floor(Math.log(1 - random.uniform()) / logarithm);
    if (place >= all) break;
    rowList.push(Math.floor(place / columns));
    columnList.push(place % columns);
  }
  return { rowIndices: Int32Array.from(rowList), columnIndices: Int32Array.from(columnList) };
}

/** Relative error |U V^T - M|_F / |M|_F on all entries, from the factors alone (no m x n matrix). */
export function relativeError(
  { u, v }: { readonly u: Matrix; readonly v: Matrix },
  { left, right }: LowRankProblem,
): number {
  // |X - M|^2 = |[U, -L] [V, R]^T|^2 = trace((A^T A)(B^T B)); the difference is taken before squaring by factors side by side.
  const a = sideBySide(u, left, -1);
  const b = sideBySide(v, right, 1);
  const [qa, qb] = [orthonormalise(a, createRandom(1)), orthonormalise(b, createRandom(2))];
  const difference = gemm(qa.r, qb.r, { transposeB: true });
  const truth = gemm(orthonormalise(left, createRandom(3)).r, orthonormalise(right, createRandom(4)).r, {
    transposeB: true,
  });
  const norm = ({ data }: Matrix) => Math.sqrt(data.reduce((sum, x) => sum + x * x, 0));
  return norm(difference) / norm(truth);
}

function sideBySide(a: Matrix, b: Matrix, sign: number): Matrix {
  const out = createMatrix(a.rows, a.cols + b.cols);
  for (let i = 0; i < a.rows; i++) {
    for (let t = 0; t < a.cols; t++) out.data[i * out.cols + t] = a.data[i * a.cols + t];
    for (let t = 0; t < b.cols; t++) out.data[i * out.cols + a.cols + t] = sign * b.data[i * b.cols + t];
  }
  return out;
}

/** As ratings are: `people` x `things`, a mean, biases, a few tastes, noise, values rounded to halves from 0.5 to 5; few for most. */
export function ratingsProblem(
  people: number,
  things: number,
  seed: number,
): { problem: MatrixCompletionProblem; hidden: Triplets } {
  const random = createRandom(deriveSeed('ratings-problem', seed));
  const tastes = 4;
  const normals = (count: number, deviation: number) =>
    Float64Array.from({ length: count }, () => deviation * random.normal());
  const [a, b] = [normals(people * tastes, 0.6), normals(things * tastes, 0.6)];
  const [peopleBias, thingBias] = [normals(people, 0.4), normals(things, 0.5)];
  const popularity = Float64Array.from({ length: things }, (_, j) => 1 / (1 + j / 20));
  const seen = { rows: [] as number[], columns: [] as number[], values: [] as number[] };
  const held = { rows: [] as number[], columns: [] as number[], values: [] as number[] };
  for (let i = 0; i < people; i++) {
    const activity = 0.05 + 0.5 * random.uniform() ** 2;
    for (let j = 0; j < things; j++) {
      if (random.uniform() > Math.min(0.9, 2 * activity * popularity[j] + 0.1 * activity)) continue;
      let value = 3.5 + peopleBias[i] + thingBias[j] + 0.3 * random.normal();
      for (let t = 0; t < tastes; t++) value += a[i * tastes + t] * b[j * tastes + t];
      const target = random.uniform() < 0.1 ? held : seen;
      target.rows.push(i);
      target.columns.push(j);
      target.values.push(Math.min(5, Math.max(0.5, Math.round(2 * value) / 2)));
    }
  }
  const triplets = ({ rows, columns, values }: typeof seen): Triplets => ({
    rowIndices: Int32Array.from(rows),
    columnIndices: Int32Array.from(columns),
    values: Float64Array.from(values),
  });
  return {
    problem: { rows: people, columns: things, rank: tastes, observed: triplets(seen) },
    hidden: triplets(held),
  };
}
