import { createRandom, type RandomSource } from '@espalier/core';
import type { Matrix } from '@espalier/linalg';
import { assert, type SolverFixture } from '@espalier/testkit';
import {
  type CostMatrix,
  densePlan,
  type OptimalTransportProblem,
  type OptimalTransportSolution,
} from '../src/index.js';

/** A random cost matrix with entries in [0, 1). */
export function randomCost(n: number, m: number, random: RandomSource): CostMatrix {
  return { matrix: Float64Array.from({ length: n * m }, () => random.uniform()), rows: n, columns: m };
}

/** Random positive masses of total 1. */
export function randomMasses(n: number, random: RandomSource): Float64Array {
  const raw = Float64Array.from({ length: n }, () => 0.2 + random.uniform());
  const total = raw.reduce((s, v) => s + v, 0);
  return raw.map((v) => v / total);
}

/** A random balanced problem. */
export function randomProblem(n: number, m: number, eta: number, seed: number): OptimalTransportProblem {
  const random = createRandom(seed);
  return { cost: randomCost(n, m, random), a: randomMasses(n, random), b: randomMasses(m, random), eta };
}

const wrong = (change: Partial<OptimalTransportProblem>): OptimalTransportProblem => ({
  ...randomProblem(3, 4, 10, 1),
  ...change,
});

const sum = (values: Float64Array) => values.reduce((s, v) => s + v, 0);

/** |a - P 1|_1 + |b - P^T 1|_1, computed from the plan itself. */
export function marginalErrorOf(plan: Matrix, a: Float64Array, b: Float64Array): number {
  let error = 0;
  for (let i = 0; i < plan.rows; i++)
    error += Math.abs(a[i]! - sum(plan.data.subarray(i * plan.cols, (i + 1) * plan.cols)));
  for (let j = 0; j < plan.cols; j++) {
    let column = 0;
    for (let i = 0; i < plan.rows; i++) column += plan.data[i * plan.cols + j]!;
    error += Math.abs(b[j]! - column);
  }
  return error;
}

/** What every solver of the family must get right. */
export const transportFixture: SolverFixture<OptimalTransportProblem, OptimalTransportSolution> = {
  problems: () => [randomProblem(5, 5, 20, 1), randomProblem(6, 9, 15, 2), randomProblem(12, 7, 30, 3)],
  long: { ...randomProblem(80, 80, 300, 4) },
  invalid: {
    'no regularisation': wrong({ eta: undefined as never }),
    'two regularisations': wrong({ epsilon: 0.1 }),
    'a negative eta': wrong({ eta: -1 }),
    'an infinite eta': wrong({ eta: Number.POSITIVE_INFINITY }),
    'NaN in the cost': wrong({
      cost: { matrix: new Float64Array(12).fill(Number.NaN), rows: 3, columns: 4 },
    }),
    'minus infinity in the cost': wrong({
      cost: { matrix: new Float64Array(12).fill(-Infinity), rows: 3, columns: 4 },
    }),
    'a cost of another size': wrong({ cost: { matrix: new Float64Array(11), rows: 3, columns: 4 } }),
    'an empty cost': wrong({ cost: { matrix: new Float64Array(0), rows: 0, columns: 0 } }),
    'points that do not fit the dimension': wrong({
      cost: { x: new Float64Array(5), y: new Float64Array(8), dimension: 2 },
    }),
    'an unknown metric': wrong({
      cost: { x: new Float64Array(6), y: new Float64Array(8), dimension: 2, metric: 'taxi' as never },
    }),
    'a negative mass': wrong({ a: Float64Array.of(0.5, -0.1, 0.6) }),
    'masses of another length': wrong({ a: Float64Array.of(0.5, 0.5) }),
    'no mass': wrong({ a: new Float64Array(3) }),
    'other totals': wrong({ a: Float64Array.of(0.5, 0.5, 0.5) }),
    'a tau of zero': wrong({ tau: 0 }),
    'a row of forbidden pairs': wrong({
      cost: {
        matrix: Float64Array.from({ length: 12 }, (_, k) => (k < 4 ? Infinity : 1)),
        rows: 3,
        columns: 4,
      },
    }),
    'initial potentials of another length': wrong({
      initial: { f: new Float64Array(2), g: new Float64Array(4) },
    }),
    'a scale of zero': wrong({ scaleCost: 0 }),
    'an unknown scale': wrong({ scaleCost: 'maximum' as never }),
    'an unknown mode': wrong({ mode: 'plans' as never }),
    'an unknown format': wrong({ planFormat: 'csr' as never }),
    'a list for a Float64Array': wrong({ a: [0.3, 0.3, 0.4] as never }),
    'single precision': wrong({ cost: { matrix: new Float32Array(12) as never, rows: 3, columns: 4 } }),
    'an infinite coordinate': wrong({
      cost: { x: Float64Array.of(1, Infinity, 2), y: new Float64Array(4), dimension: 1 },
    }),
    'initial potentials that are not finite': wrong({
      initial: { f: new Float64Array(3).fill(Number.NaN), g: new Float64Array(4) },
    }),
  },
  verify({ a, b }, solution) {
    assert(solution.converged, `not converged: ${solution.reason}`);
    assert(solution.marginalError <= 1e-8, `marginal error ${solution.marginalError}`);
    const plan = densePlan(solution);
    assert(
      Math.abs(marginalErrorOf(plan, a!, b!) - solution.marginalError) < 1e-12,
      'the error is not that of the plan',
    );
    assert(Math.abs(solution.dual - solution.regularizedCost) < 1e-7, 'dual and primal values differ');
  },
  relations: [
    {
      name: 'adding a constant to the cost leaves the plan alone',
      transform: (problem) => {
        const { matrix, rows, columns } = problem.cost as CostMatrix;
        return {
          problem: { ...problem, cost: { matrix: matrix.map((c) => c + 2.5), rows, columns } },
          check: (p, q) => samePlan(p, q, (i, j) => [i, j]),
        };
      },
    },
    {
      name: 'permuting rows and columns permutes the plan',
      transform: (problem, random) => {
        const { matrix, rows, columns } = problem.cost as CostMatrix;
        const [pi, sigma] = [random.sample(rows, rows), random.sample(columns, columns)];
        const permuted = new Float64Array(matrix.length);
        for (let i = 0; i < rows; i++) {
          for (let j = 0; j < columns; j++) permuted[i * columns + j] = matrix[pi[i]! * columns + sigma[j]!]!;
        }
        return {
          problem: {
            ...problem,
            cost: { matrix: permuted, rows, columns },
            a: Float64Array.from(pi, (i) => problem.a![i]!),
            b: Float64Array.from(sigma, (j) => problem.b![j]!),
          },
          check: (p, q) => samePlan(q, p, (i, j) => [pi[i]!, sigma[j]!]),
        };
      },
    },
    {
      name: 'scaling all masses scales the plan',
      transform: (problem) => ({
        problem: { ...problem, a: problem.a!.map((v) => 3 * v), b: problem.b!.map((v) => 3 * v) },
        check(p, q) {
          const [x, y] = [densePlan(p), densePlan(q)];
          assert(
            x.data.every((v, k) => Math.abs(3 * v - y.data[k]!) < 1e-7),
            'the plans are not proportional',
          );
        },
      }),
    },
  ],
  comparable: ({ milliseconds: _time, ...rest }) => rest,
};

function samePlan(
  p: OptimalTransportSolution,
  q: OptimalTransportSolution,
  place: (i: number, j: number) => readonly [number, number],
): void {
  const [x, y] = [densePlan(p), densePlan(q)];
  for (let i = 0; i < x.rows; i++) {
    for (let j = 0; j < x.cols; j++) {
      const [k, l] = place(i, j);
      assert(
        Math.abs(x.data[i * x.cols + j]! - y.data[k * y.cols + l]!) < 1e-7,
        `plans differ at (${i}, ${j})`,
      );
    }
  }
}
