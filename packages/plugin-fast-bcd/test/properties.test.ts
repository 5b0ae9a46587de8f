import { createRandom } from '@espalier/core';
import { csrFromDense, type Matrix } from '@espalier/linalg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minimiseBlock } from '../src/block-minimization.js';
import {
  type CompositeProblem,
  compositeValue,
  fastBcd,
  type LeastSquaresObjective,
  type Regularizer,
} from '../src/index.js';
import { projectToSimplex } from '../src/simplex.js';
import { topEntries } from '../src/top-entries.js';
import {
  randomLeastSquares,
  randomLogistic,
  randomMatrix,
  randomQuadratic,
  randomSoftmax,
  randomVector,
  stationarity,
} from './fixture.js';

type Options = Parameters<typeof fastBcd.create>[0];

const solve = (problem: CompositeProblem, options: Options = {}) =>
  fastBcd.create({ tolerance: 1e-10, maxIterations: 200_000, ...options }).solve(problem);

const REGULARIZERS: Readonly<Record<string, Regularizer>> = {
  none: { kind: 'none' },
  l1: { kind: 'l1', weight: 1.5 },
  'non-negative': { kind: 'non-negative' },
  'non-negative with weight': { kind: 'non-negative', weight: 0.7 },
  box: { kind: 'box', lower: -0.1, upper: 0.2 },
  'half-line': { kind: 'box', lower: Number.NEGATIVE_INFINITY, upper: 0 },
  simplex: { kind: 'simplex', total: 2 },
};

describe('the minimum', () => {
  it.each(Object.entries(REGULARIZERS))(
    'is stationary by finite differences: %s',
    async (_name, regularizer) => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 9 }),
          fc.integer(),
          fc.constantFrom(
            randomLeastSquares,
            randomLogistic,
            (rows: number, cols: number, seed: number, r: Regularizer) =>
              randomSoftmax(rows, cols, 3, seed, r),
          ),
          async (n, seed, make) => {
            const problem = make(2 * n + 3, n, seed, regularizer);
            const solution = await solve(problem);
            expect(solution.converged).toBe(true);
            expect(compositeValue(problem, solution.x).violation).toBeLessThan(1e-12);
            expect(stationarity(problem, solution.x)).toBeLessThan(1e-4);
          },
        ),
        { numRuns: 15 },
      );
    },
  );

  it('of the lasso is that of enumeration over all signs', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const weight = 3;
      const problem = randomLeastSquares(7, 5, seed, { kind: 'l1', weight });
      const { value } = await solve(problem);
      expect(value).toBeCloseTo(bruteForceLasso(problem.objective, weight), 8);
    }
  });

  it('is the same for dense and sparse data', async () => {
    for (const make of [randomLeastSquares, randomLogistic]) {
      const problem = make(40, 12, 3, { kind: 'l1', weight: 1 });
      const A = csrFromDense((problem.objective as LeastSquaresObjective).A as Matrix);
      const sparse = { ...problem, objective: { ...problem.objective, A } as LeastSquaresObjective };
      const [one, other] = [await solve(problem), await solve(sparse)];
      expect(other.value).toBeCloseTo(one.value, 9);
      expect([...other.support]).toEqual([...one.support]);
    }
  });
});

/** The lasso by all 3^n patterns of signs: the least of the values at the points that keep their pattern. */
function bruteForceLasso({ A, y }: LeastSquaresObjective, weight: number): number {
  const problem: CompositeProblem = {
    objective: { kind: 'least-squares', A, y },
    regularizer: { kind: 'l1', weight },
  };
  const n = A.cols;
  let best = Number.POSITIVE_INFINITY;
  for (let pattern = 0; pattern < 3 ** n; pattern++) {
    const signs = Array.from({ length: n }, (_, i) => (Math.floor(pattern / 3 ** i) % 3) - 1);
    const set = signs.flatMap((sign, i) => (sign === 0 ? [] : [i]));
    const x = new Float64Array(n);
    solveNormalEquations(A as Matrix, y, set, signs, weight).forEach((v, k) => {
      x[set[k]] = v;
    });
    // Any x gives an upper bound; the pattern of the solution gives the minimum itself.
    best = Math.min(best, compositeValue(problem, x).value);
  }
  return best;
}

/** A_s'A_s x = A_s'y - weight sign by Gauss elimination. */
function solveNormalEquations(
  { rows, cols, data }: Matrix,
  y: Float64Array,
  set: readonly number[],
  signs: readonly number[],
  weight: number,
): number[] {
  const entry = (i: number, j: number) => data[i * cols + j];
  const system = set.map((a) => {
    const right = Array.from({ length: rows }, (_, i) => entry(i, a) * y[i]).reduce((s, v) => s + v, 0);
    const left = set.map((b) =>
      Array.from({ length: rows }, (_, i) => entry(i, a) * entry(i, b)).reduce((s, v) => s + v, 0),
    );
    return [...left, right - weight * signs[a]];
  });
  const n = set.length;
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      if (i === k) continue;
      const factor = system[i][k] / system[k][k];
      for (let j = k; j <= n; j++) system[i][j] -= factor * system[k][j];
    }
  }
  return system.map((row, k) => row[n] / row[k]);
}

const VARIABLE = [
  'random',
  'cyclic',
  'lipschitz',
  'gs',
  'gsl',
  'gsd',
  'gsd-hb',
  'gsq',
  'iht',
  'gsq-prox',
  'working-set',
  'all',
] as const;
const FIXED = ['random', 'cyclic', 'lipschitz', 'gs', 'gsl', 'gsd', 'gsq', 'gsq-prox'] as const;
const UPDATES = ['gradient', 'diagonal', 'matrix', 'newton', 'lipschitz-approximation', 'exact'] as const;
const PARTITIONS = ['order', 'sort', 'avg', 'hsort', 'havg', 'random'] as const;

describe('every combination reaches the minimum of least squares', () => {
  const problem = randomLeastSquares(30, 9, 8);
  it.each(VARIABLE.flatMap((selection) => UPDATES.map((update) => [selection, update] as const)))(
    'variable blocks, %s, %s',
    async (selection, update) => {
      const { value: minimum } = await solve(problem);
      // At 1e-10 a rule that looks for the best decrease can run out of digits before the optimality measure is there.
      const found = await solve(problem, { selection, update, blockSize: 4, tolerance: 1e-8 });
      expect(found.converged).toBe(true);
      expect(found.value).toBeCloseTo(minimum, 8);
    },
  );

  it.each(FIXED.flatMap((selection) => PARTITIONS.map((partition) => [partition, selection] as const)))(
    'partition %s, %s',
    async (partition, selection) => {
      const { value: minimum } = await solve(problem);
      for (const update of ['gradient', 'matrix'] as const) {
        for (const blockNorm of [1, 2] as const) {
          const found = await solve(problem, { partition, selection, update, blockNorm, blockSize: 4 });
          expect(found.value).toBeCloseTo(minimum, 8);
        }
      }
    },
  );
});

describe('every update reaches the minimum with each regularizer', () => {
  const updates = [
    'gradient',
    'diagonal',
    'matrix',
    'newton',
    'lipschitz-approximation',
    'projected-newton',
    'two-metric',
  ] as const;
  it.each(Object.keys(REGULARIZERS).flatMap((name) => updates.map((update) => [name, update] as const)))(
    '%s, %s',
    async (name, update) => {
      const regularizer = REGULARIZERS[name];
      if (name === 'simplex' && (update === 'diagonal' || update === 'two-metric')) {
        await expect(solve(randomLogistic(25, 8, 2, regularizer), { update })).rejects.toMatchObject({
          code: 'unsupported',
        });
        return;
      }
      for (const make of [randomLeastSquares, randomLogistic]) {
        const problem = make(25, 8, 2, regularizer);
        const { value: minimum } = await solve(problem);
        const found = await solve({ ...problem, minimum }, { update, blockSize: 5, tolerance: 1e-7 });
        expect(found.reason).toBe('converged');
      }
    },
  );

  it.each(['random', 'cyclic', 'lipschitz', 'gs', 'all', 'working-set'] as const)(
    'simplex, %s',
    async (selection) => {
      const problem = randomQuadratic(10, 5, { kind: 'simplex' });
      const { value: minimum } = await solve(problem);
      const found = await solve(
        { ...problem, minimum },
        { selection, update: 'gradient', blockSize: 4, tolerance: 1e-9 },
      );
      expect(found.reason).toBe('converged');
      expect(found.x.reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 12);
    },
  );
});

describe('descent', () => {
  it('never goes up, whatever the rule', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.constantFrom(...VARIABLE.filter((name) => name !== 'iht')),
        fc.constantFrom('gradient', 'matrix', 'newton', 'lipschitz-approximation', 'two-metric'),
        async (seed, selection, update) => {
          const problem = randomLogistic(15, 8, seed);
          const { history } = await fastBcd
            .create({ selection, update: update as 'gradient', blockSize: 3, maxIterations: 40 })
            .solve(problem, { seed });
          for (let k = 1; k < history.length; k++)
            expect(history[k].value).toBeLessThanOrEqual(history[k - 1].value + 1e-9);
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('the exact minimisation of a block', () => {
  it('satisfies the optimality conditions, whatever the term', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer(),
        fc.double({ min: 0, max: 3, noNaN: true }),
        fc.boolean(),
        (n, seed, weight, bounded) => {
          const random = createRandom(seed);
          const B = randomMatrix(n + 2, n, random);
          const P = { rows: n, cols: n, data: new Float64Array(n * n) };
          for (let i = 0; i < n; i++) {
            for (let j = 0; j < n; j++) {
              for (let k = 0; k < n + 2; k++) P.data[i * n + j] += B.data[k * n + i] * B.data[k * n + j];
            }
          }
          const g = randomVector(n, random).map((v) => 3 * v);
          const bound = bounded ? 0.4 : Number.POSITIVE_INFINITY;
          const term = {
            weight,
            lower: new Float64Array(n).fill(-bound),
            upper: new Float64Array(n).fill(bound),
            absent: false,
            keepsSum: false,
          };
          const x = new Float64Array(n);
          const d = minimiseBlock(P, g, x, term);
          for (let i = 0; i < n; i++) {
            let slope = g[i];
            for (let j = 0; j < n; j++) slope += P.data[i * n + j] * d[j];
            expect(Math.abs(d[i])).toBeLessThanOrEqual(bound);
            const left = d[i] <= -bound ? Number.NEGATIVE_INFINITY : slope + (d[i] > 0 ? weight : -weight);
            const right = d[i] >= bound ? Number.POSITIVE_INFINITY : slope + (d[i] >= 0 ? weight : -weight);
            expect(left).toBeLessThanOrEqual(1e-9);
            expect(right).toBeGreaterThanOrEqual(-1e-9);
          }
        },
      ),
      {
        numRuns: 300,
        // An entry at a bound away from the kink is released into the piece that it stands in.
        examples: [532, 1025, 1093].map((seed) => [11, seed, 1, true]),
      },
    );
  });

  it('keeps the sum on a simplex and equalises the gradient over the positive entries', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = createRandom(seed);
      const n = 2 + random.integer(7);
      const { A } = randomQuadratic(n, seed).objective as { A: Matrix };
      const g = randomVector(n, random).map((v) => 20 * v);
      const x = projectToSimplex(randomVector(n, random), 1);
      const term = {
        weight: 0,
        lower: new Float64Array(n),
        upper: new Float64Array(n).fill(Number.POSITIVE_INFINITY),
        absent: false,
        keepsSum: true,
      };
      const d = minimiseBlock(A, g, x, term);
      const to = x.map((v, i) => v + d[i]);
      expect(to.reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 10);
      expect(Math.min(...to)).toBeGreaterThanOrEqual(0);
      const slopes = g.map((v, i) => v + d.reduce((sum, step, j) => sum + A.data[i * n + j] * step, 0));
      const least = Math.min(...slopes);
      for (let i = 0; i < n; i++) if (to[i] > 1e-12) expect(slopes[i] - least).toBeLessThan(1e-7);
    }
  });
});

describe('the parts', () => {
  it('topEntries is what sorting gives, equal scores by index', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 300, size: 'max' }),
        fc.nat(),
        (scores, k) => {
          // Small counts go another way than large ones.
          const count = 1 + ((k >> 1) % (k % 2 === 0 ? scores.length : Math.ceil(scores.length / 16)));
          const expected = scores
            .map((score, i) => [score, i] as const)
            .sort(([a, i], [b, j]) => b - a || i - j)
            .slice(0, count)
            .map(([, i]) => i)
            .sort((a, b) => a - b);
          expect([...topEntries(Float64Array.from(scores), count)]).toEqual(expected);
        },
      ),
    );
  });

  it('the projection onto a simplex is nearer than any other of its points', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 8 }), (seed, n) => {
        const random = createRandom(seed);
        const x = randomVector(n, random).map((v) => 2 * v);
        const p = projectToSimplex(x, 1);
        expect(p.reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 12);
        const distance = (q: Float64Array) => q.reduce((sum, v, i) => sum + (v - x[i]) ** 2, 0);
        for (let trial = 0; trial < 10; trial++) {
          const raw = Float64Array.from({ length: n }, () => -Math.log(1 - random.uniform()));
          const total = raw.reduce((sum, v) => sum + v, 0);
          expect(distance(p)).toBeLessThanOrEqual(distance(raw.map((v) => v / total)) + 1e-12);
        }
      }),
    );
  });
});
