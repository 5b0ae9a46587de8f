import { createRandom, type RandomSource } from '@espalier/core';
import { createMatrix, csrFromDense, type Matrix, syrk } from '@espalier/linalg';
import { assert, type SolverFixture } from '@espalier/testkit';
import {
  type CompositeProblem,
  type CompositeSolution,
  compositeValue,
  type LeastSquaresObjective,
  type Regularizer,
} from '../src/index.js';

/** A dense matrix of N(0, 1). */
export function randomMatrix(rows: number, cols: number, random: RandomSource): Matrix {
  return createMatrix(
    rows,
    cols,
    Float64Array.from({ length: rows * cols }, () => random.normal()),
  );
}

export function randomVector(n: number, random: RandomSource): Float64Array {
  return Float64Array.from({ length: n }, () => random.normal());
}

/** Least squares with a regularizer; more rows than columns make the minimiser unique. */
export function randomLeastSquares(
  rows: number,
  cols: number,
  seed: number,
  regularizer: Regularizer = { kind: 'none' },
): CompositeProblem & { readonly objective: LeastSquaresObjective } {
  const random = createRandom(seed);
  const A = randomMatrix(rows, cols, random);
  return { objective: { kind: 'least-squares', A, y: randomVector(rows, random) }, regularizer };
}

export function randomLogistic(
  rows: number,
  cols: number,
  seed: number,
  regularizer: Regularizer = { kind: 'l1', weight: 0.5 },
): CompositeProblem {
  const random = createRandom(seed);
  const A = randomMatrix(rows, cols, random);
  const y = Float64Array.from({ length: rows }, () => (random.uniform() < 0.5 ? -1 : 1));
  return { objective: { kind: 'logistic', A, y }, regularizer, l2: 0.1 };
}

export function randomSoftmax(
  rows: number,
  cols: number,
  classes: number,
  seed: number,
  regularizer: Regularizer = { kind: 'none' },
): CompositeProblem {
  const random = createRandom(seed);
  const A = randomMatrix(rows, cols, random);
  const labels = Int32Array.from({ length: rows }, () => random.integer(classes));
  return { objective: { kind: 'softmax', A, labels, classes }, regularizer, l2: 0.3 };
}

/** A positive definite quadratic, dense. */
export function randomQuadratic(
  n: number,
  seed: number,
  regularizer: Regularizer = { kind: 'none' },
): CompositeProblem {
  const random = createRandom(seed);
  const A = syrk(randomMatrix(n, 2 * n, random));
  return { objective: { kind: 'quadratic', A, b: randomVector(n, random) }, regularizer };
}

/** The gradient of the smooth part by central differences of the public value. */
export function numericalGradient(problem: CompositeProblem, x: Float64Array): Float64Array {
  const smooth: CompositeProblem = { objective: problem.objective, l2: problem.l2 ?? 0 };
  const h = 1e-5;
  return x.map((v, i) => {
    const [up, down] = [x.slice(), x.slice()];
    up[i] = v + h;
    down[i] = v - h;
    return (compositeValue(smooth, up).value - compositeValue(smooth, down).value) / (2 * h);
  });
}

/** How much F could still fall to first order, entry by entry, from the definition: the distance of 0 to the subdifferential. */
export function stationarity(problem: CompositeProblem, x: Float64Array): number {
  const g = numericalGradient(problem, x);
  const { regularizer = { kind: 'none' } } = problem;
  if (regularizer.kind === 'simplex') {
    const least = Math.min(...g);
    return Math.max(0, ...[...g].filter((_, i) => x[i] > 1e-9).map((v) => v - least));
  }
  const at = (bound: number | Float64Array, i: number) => (typeof bound === 'number' ? bound : bound[i]);
  const distance = (i: number): number => {
    switch (regularizer.kind) {
      case 'none':
        return Math.abs(g[i]);
      case 'l1':
        return x[i] === 0
          ? Math.max(0, Math.abs(g[i]) - regularizer.weight)
          : Math.abs(g[i] + Math.sign(x[i]) * regularizer.weight);
      case 'non-negative': {
        const slope = g[i] + (regularizer.weight ?? 0);
        return x[i] > 0 ? Math.abs(slope) : Math.max(0, -slope);
      }
      case 'box': {
        const [atLower, atUpper] = [x[i] <= at(regularizer.lower, i), x[i] >= at(regularizer.upper, i)];
        if (atLower && atUpper) return 0;
        return atLower ? Math.max(0, -g[i]) : atUpper ? Math.max(0, g[i]) : Math.abs(g[i]);
      }
    }
  };
  return Math.max(...Array.from(x, (_, i) => distance(i)));
}

const base = () => randomLeastSquares(6, 4, 1);
const wrong = (change: Partial<CompositeProblem>): CompositeProblem => ({ ...base(), ...change });
const wrongData = (change: object): CompositeProblem => ({
  objective: { ...base().objective, ...change } as LeastSquaresObjective,
});
const logistic = (y: Float64Array): CompositeProblem => ({
  objective: { kind: 'logistic', A: randomMatrix(3, 2, createRandom(1)), y },
});
const softmax = (labels: Int32Array, classes: number): CompositeProblem => ({
  objective: { kind: 'softmax', A: randomMatrix(3, 2, createRandom(1)), labels, classes },
});
const quadratic = (rows: readonly number[], n: number): CompositeProblem => ({
  objective: { kind: 'quadratic', A: createMatrix(n, n, Float64Array.from(rows)), b: new Float64Array(n) },
});
const custom = (change: object): CompositeProblem => ({
  objective: {
    kind: 'custom',
    n: 2,
    value: (x: Float64Array) => x[0] * x[0] + x[1] * x[1],
    gradient: (x: Float64Array) => x.map((v) => 2 * v),
    lipschitz: Float64Array.of(2, 2),
    ...change,
  },
});

const invalid: Readonly<Record<string, CompositeProblem>> = {
  'no objective': wrong({ objective: undefined as never }),
  'an unknown objective': wrong({ objective: { kind: 'huber' } as never }),
  'no matrix': wrongData({ A: null }),
  'an empty matrix': wrongData({ A: createMatrix(0, 0), y: new Float64Array(0) }),
  'NaN in A': wrongData({ A: createMatrix(6, 4, new Float64Array(24).fill(Number.NaN)) }),
  'infinity in A': wrongData({ A: createMatrix(6, 4, new Float64Array(24).fill(Number.POSITIVE_INFINITY)) }),
  'NaN in a sparse A': wrongData({
    A: { ...csrFromDense(base().objective.A as Matrix), values: new Float64Array(24).fill(Number.NaN) },
  }),
  'a sparse A whose columns do not ascend': wrongData({
    A: { ...csrFromDense(base().objective.A as Matrix), columnIndices: new Int32Array(24) },
  }),
  'a list for a Float64Array': wrongData({ y: [1, 2, 3, 4, 5, 6] }),
  'y of another length': wrongData({ y: new Float64Array(5) }),
  'NaN in y': wrongData({ y: new Float64Array(6).fill(Number.NaN) }),
  'labels 0 and 1 for logistic regression': logistic(Float64Array.of(0, 1, 1)),
  'a class that there is not': softmax(Int32Array.of(0, 1, 2), 2),
  'one class': softmax(Int32Array.of(0, 0, 0), 1),
  'a matrix that is not symmetric': quadratic([2, 1, 0, 2], 2),
  'an indefinite matrix': quadratic([1, 2, 2, 1], 2),
  'a zero on the diagonal': quadratic([0, 0, 0, 1], 2),
  'a lattice of another size': {
    objective: {
      kind: 'quadratic',
      A: createMatrix(2, 2, Float64Array.of(1, 0, 0, 1)),
      b: new Float64Array(2),
      lattice: { rows: 2, columns: 2 },
    },
  },
  'a custom objective without a gradient': custom({ gradient: undefined }),
  'a constant of 0': custom({ lipschitz: Float64Array.of(1, 0) }),
  'a negative weight': wrong({ regularizer: { kind: 'l1', weight: -1 } }),
  'a weight of NaN': wrong({ regularizer: { kind: 'non-negative', weight: Number.NaN } }),
  'an unknown regularizer': wrong({ regularizer: { kind: 'l0' } as never }),
  'an empty box': wrong({ regularizer: { kind: 'box', lower: 1, upper: 0 } }),
  'bounds of another length': wrong({ regularizer: { kind: 'box', lower: new Float64Array(3), upper: 1 } }),
  'NaN in a bound': wrong({ regularizer: { kind: 'box', lower: Number.NaN, upper: 1 } }),
  'a simplex of nothing': wrong({ regularizer: { kind: 'simplex', total: 0 } }),
  'a negative l2': wrong({ l2: -1 }),
  'an x0 of another length': wrong({ x0: new Float64Array(3) }),
  'an x0 that is not finite': wrong({ x0: new Float64Array(4).fill(Number.NaN) }),
  'a minimum of NaN': wrong({ minimum: Number.NaN }),
};

/** What every solver of the family must get right. */
export const compositeFixture: SolverFixture<CompositeProblem, CompositeSolution> = {
  problems: () => [
    randomLeastSquares(12, 5, 1),
    randomLeastSquares(14, 6, 2, { kind: 'l1', weight: 2 }),
    randomLeastSquares(14, 6, 3, { kind: 'non-negative', weight: 0.5 }),
    randomQuadratic(6, 4, { kind: 'box', lower: -0.02, upper: 0.05 }),
    randomLogistic(20, 5, 5),
    randomQuadratic(7, 6),
  ],
  long: randomLogistic(40, 20, 7, { kind: 'l1', weight: 1 }),
  invalid,
  verify(problem, solution) {
    assert(solution.converged, `not converged: ${solution.reason}`);
    const { value, violation } = compositeValue(problem, solution.x);
    assert(violation === 0, `outside of the feasible set by ${violation}`);
    assert(Math.abs(value - solution.value) <= 1e-9 * (1 + Math.abs(value)), 'the value is not that of x');
    const left = stationarity(problem, solution.x);
    assert(left < 1e-4, `F could fall by ${left} to first order`);
  },
  feasible(problem, { x }) {
    const { violation } = compositeValue(problem, x);
    assert(violation === 0, `outside of the feasible set by ${violation}`);
  },
  relations: [
    {
      name: 'permuting the variables permutes the solution',
      transform: (problem, random) => {
        const { objective, regularizer = { kind: 'none' } } = problem;
        const A = (objective as LeastSquaresObjective).A as Matrix;
        const order = random.sample(A.cols, A.cols);
        const symmetric = objective.kind === 'quadratic';
        const data = new Float64Array(A.rows * A.cols);
        for (let i = 0; i < A.rows; i++) {
          for (let j = 0; j < A.cols; j++)
            data[i * A.cols + j] = A.data[(symmetric ? order[i] : i) * A.cols + order[j]];
        }
        const permuted = createMatrix(A.rows, A.cols, data);
        const own = symmetric
          ? { ...objective, A: permuted, b: Float64Array.from(order, (i) => objective.b[i]) }
          : { ...objective, A: permuted };
        return {
          problem: { ...problem, regularizer, objective: own as LeastSquaresObjective },
          check: (p, q) => order.forEach((i, k) => void assertNear(p.x[i], q.x[k])),
        };
      },
    },
  ],
  comparable: ({ milliseconds: _time, ...rest }) => rest,
};

function assertNear(one: number, other: number): void {
  assert(Math.abs(one - other) < 1e-5, `${one} and ${other} are not the same entry`);
}
