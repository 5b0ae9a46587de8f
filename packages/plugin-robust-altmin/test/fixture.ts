import { createRandom, type RandomSource } from '@espalier/core';
import { gemm } from '@espalier/linalg';
import { assert, type SolverFixture } from '@espalier/testkit';
import {
  type LowRankProblemSize,
  lowRankProblem,
  type MatrixCompletionProblem,
  type MatrixCompletionSolution,
  type Triplets,
  toDense,
} from '../src/index.js';

/** A noiseless problem that its observations determine. */
export function problemOf(size: Partial<LowRankProblemSize> = {}, seed = 1): MatrixCompletionProblem {
  return lowRankProblem({ rows: 30, columns: 24, rank: 2, density: 0.7, condition: 2, ...size }, seed)
    .problem;
}

const small = (change: Partial<MatrixCompletionProblem>): MatrixCompletionProblem => ({
  rows: 3,
  columns: 4,
  rank: 1,
  observed: {
    rowIndices: Int32Array.of(0, 1, 2, 2),
    columnIndices: Int32Array.of(0, 1, 2, 3),
    values: Float64Array.of(1, 2, 3, 4),
  },
  ...change,
});

const observed = (change: Partial<Record<keyof Triplets, unknown>>) =>
  small({ observed: { ...(small({}).observed as Triplets), ...change } as Triplets });

/** Problems that every solver refuses. */
export const INVALID: Readonly<Record<string, MatrixCompletionProblem>> = {
  'no rows': small({ rows: 0 }),
  'a fractional size': small({ columns: 4.5 }),
  'no entries': observed({
    rowIndices: new Int32Array(0),
    columnIndices: new Int32Array(0),
    values: new Float64Array(0),
  }),
  'nothing observed': small({ observed: undefined as never }),
  'NaN among the values': observed({ values: Float64Array.of(1, Number.NaN, 3, 4) }),
  'an infinite value': observed({ values: Float64Array.of(1, Number.POSITIVE_INFINITY, 3, 4) }),
  'a list for a Float64Array': observed({ values: [1, 2, 3, 4] }),
  'single precision': observed({ values: new Float32Array(4) }),
  'indices in a Float64Array': observed({ rowIndices: new Float64Array(4) }),
  'too few values': observed({ values: Float64Array.of(1, 2, 3) }),
  'a row out of range': observed({ rowIndices: Int32Array.of(0, 1, 2, 3) }),
  'a negative column': observed({ columnIndices: Int32Array.of(0, 1, -1, 3) }),
  'an entry given twice': observed({
    rowIndices: Int32Array.of(0, 0, 2, 2),
    columnIndices: Int32Array.of(0, 0, 2, 3),
  }),
  'a rank of zero': small({ rank: 0 }),
  'a rank above the smaller side': small({ rank: 4 }),
  'a fractional rank': small({ rank: 1.5 }),
  'weights of another number': small({ weights: Float64Array.of(1, 1) }),
  'a negative weight': small({ weights: Float64Array.of(1, 1, -1, 1) }),
  'weights that are not finite': small({ weights: Float64Array.of(1, 1, Number.NaN, 1) }),
  'no weight at all': small({ weights: new Float64Array(4) }),
  'row pointers of another length': small({
    observed: {
      rowPointers: Int32Array.of(0, 4),
      columnIndices: Int32Array.of(0, 1, 2, 3),
      values: new Float64Array(4),
    },
  }),
  'row pointers that decrease': small({
    observed: {
      rowPointers: Int32Array.of(0, 3, 2, 4),
      columnIndices: Int32Array.of(0, 1, 2, 3),
      values: new Float64Array(4),
    },
  }),
  'a column twice in a compressed row': small({
    observed: {
      rowPointers: Int32Array.of(0, 2, 3, 4),
      columnIndices: Int32Array.of(1, 1, 2, 3),
      values: new Float64Array(4),
    },
  }),
  'validation out of range': small({
    validation: { rowIndices: Int32Array.of(9), columnIndices: Int32Array.of(0), values: Float64Array.of(1) },
  }),
  'initial factors of another size': small({ initial: { u: new Float64Array(2) } }),
  'initial factors that are not finite': small({ initial: { u: new Float64Array(3).fill(Number.NaN) } }),
  'an initial V of another size': small({ initial: { u: new Float64Array(3), v: new Float64Array(3) } }),
};

/** What differs from solver to solver. */
export interface FixtureTraits {
  /** The relative residual that all examples reach. */
  readonly accuracy: number;
  readonly problems: () => readonly MatrixCompletionProblem[];
  readonly long: MatrixCompletionProblem;
  /** Largest difference, relative to the largest entry, when rows are permuted; undefined where samples are split at random. */
  readonly permuted: number | undefined;
}

/** What every solver of the family must get right. */
export function completionFixture({
  accuracy,
  problems,
  long,
  permuted,
}: FixtureTraits): SolverFixture<MatrixCompletionProblem, MatrixCompletionSolution> {
  return {
    problems,
    long,
    invalid: INVALID,
    verify(problem, solution) {
      verifyShape(problem, solution);
      const residual = residualOf(problem, solution);
      assert(
        Math.abs(residual - solution.residual) < 1e-9,
        `the residual is ${residual}, not ${solution.residual}`,
      );
      assert(residual <= accuracy, `the residual is ${residual}`);
    },
    feasible: verifyShape,
    relations: [
      {
        name: 'scaling the values scales the matrix',
        transform: (problem) => ({
          problem: {
            ...problem,
            observed: { ...problem.observed, values: problem.observed.values.map((x) => 3 * x) },
          },
          check: (p, q) => sameMatrix(p, q, 1e-7, (i, j, x, n) => 3 * x.data[i * n + j]),
        }),
      },
      ...(permuted === undefined
        ? []
        : [
            {
              name: 'permuting the rows permutes the matrix',
              transform: (problem: MatrixCompletionProblem, random: RandomSource) => {
                const place = random.sample(problem.rows, problem.rows);
                const { rowIndices, columnIndices, values } = problem.observed as Triplets;
                const moved = { rowIndices: rowIndices.map((i) => place[i]), columnIndices, values };
                return {
                  problem: { ...problem, observed: moved },
                  check: (p: MatrixCompletionSolution, q: MatrixCompletionSolution) =>
                    sameMatrix(q, p, permuted, (i, j, x, n) => x.data[place[i] * n + j]),
                };
              },
            },
          ]),
    ],
    comparable: ({ milliseconds: _time, ...rest }) => rest,
  };
}

function verifyShape(
  { rows, columns }: MatrixCompletionProblem,
  { u, v, rank, baseline }: MatrixCompletionSolution,
): void {
  assert(
    u.rows === rows && v.rows === columns && u.cols === rank && v.cols === rank,
    'the factors have other sizes',
  );
  const finite = [u.data, v.data, baseline.rows, baseline.columns].every((list) =>
    list.every(Number.isFinite),
  );
  assert(finite && Number.isFinite(baseline.mean), 'a factor is not finite');
  const gram = gemm(v, v, { transposeA: true });
  for (let i = 0; i < rank; i++) {
    for (let j = 0; j < rank; j++) {
      const off = Math.abs(gram.data[i * rank + j] - (i === j ? 1 : 0));
      assert(off < 1e-9 || v.data.every((x) => x === 0), `V is not orthonormal by ${off}`);
    }
  }
}

/** The relative residual on the observed entries, from the whole matrix. */
export function residualOf(problem: MatrixCompletionProblem, solution: MatrixCompletionSolution): number {
  const { data } = toDense(solution);
  const { baseline } = solution;
  const { rowIndices, columnIndices, values } = problem.observed as Triplets;
  let [left, given] = [0, 0];
  for (let e = 0; e < values.length; e++) {
    const [i, j] = [rowIndices[e], columnIndices[e]];
    const w = problem.weights?.[e] ?? 1;
    left += w * (values[e] - data[i * problem.columns + j]) ** 2;
    given += w * (values[e] - baseline.mean - baseline.rows[i] - baseline.columns[j]) ** 2;
  }
  return given > 0 ? Math.sqrt(left / given) : 0;
}

function sameMatrix(
  p: MatrixCompletionSolution,
  q: MatrixCompletionSolution,
  tolerance: number,
  expected: (i: number, j: number, x: { data: Float64Array }, n: number) => number,
): void {
  const [x, y] = [toDense(p), toDense(q)];
  const largest = Math.max(...y.data.map(Math.abs));
  for (let i = 0; i < y.rows; i++) {
    for (let j = 0; j < y.cols; j++) {
      const off = Math.abs(y.data[i * y.cols + j] - expected(i, j, x, x.cols)) / largest;
      assert(off <= tolerance, `entry (${i}, ${j}) differs by ${off}`);
    }
  }
}

/** Normal numbers. */
export function normals(count: number, seed: number): Float64Array {
  const random = createRandom(seed);
  return Float64Array.from({ length: count }, () => random.normal());
}

/** The largest |a_e - b_e|. */
export const maxDifference = (a: Float64Array, b: Float64Array) =>
  a.reduce((most, x, e) => Math.max(most, Math.abs(x - b[e])), 0);
