import { createRandom } from '@espalier/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  densePlan,
  exactAssignment,
  newtonDense,
  type OptimalTransportProblem,
  pointCost,
  roundToPolytope,
  sinkhorn,
  sinkhornDivergence,
  sinkhornNewtonSparse,
  sinkhornStabilized,
  solveAssignment,
  solveBatch,
  transportGradients,
} from '../src/index.js';
import { marginalErrorOf, randomCost, randomMasses, randomProblem } from './fixture.js';

const solve = (
  problem: OptimalTransportProblem,
  options: Parameters<typeof sinkhornNewtonSparse.create>[0] = {},
) => sinkhornNewtonSparse.create({ tolerance: 1e-12, ...options }).solve(problem);

describe('the optimum', () => {
  it('is a plan whose value equals the dual, whatever the sizes and the regularisation', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0.1, max: 500, noNaN: true }),
        fc.integer(),
        async (n, m, eta, seed) => {
          const problem = randomProblem(n, m, eta, seed);
          const solution = await solve(problem);
          expect(solution.converged).toBe(true);
          expect(marginalErrorOf(densePlan(solution), problem.a!, problem.b!)).toBeLessThan(1e-11);
          expect(Math.abs(solution.dual - solution.regularizedCost)).toBeLessThan(1e-10);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is found alike by sweeps, sparse and dense Newton where sweeps are enough', async () => {
    for (let seed = 1; seed <= 8; seed++) {
      const problem = randomProblem(7, 10, 8, seed);
      const reference = await sinkhorn.create({ tolerance: 1e-13 }).solve(problem);
      for (const solver of [
        sinkhornStabilized.create({ tolerance: 1e-13 }),
        newtonDense.create({ tolerance: 1e-13 }),
      ]) {
        expect((await solver.solve(problem)).cost).toBeCloseTo(reference.cost, 10);
      }
      expect((await solve(problem)).cost).toBeCloseTo(reference.cost, 10);
    }
  });

  it('is never better than its dual bound when a solver stops early', async () => {
    const problem = randomProblem(30, 30, 400, 5);
    const optimum = await solve(problem);
    const early = await sinkhorn.create({ maxSweeps: 5 }).solve(problem);
    expect(early.converged).toBe(false);
    expect(early.reason).toBe('iteration limit');
    expect(early.dual).toBeLessThanOrEqual(optimum.dual + 1e-12);
  });

  it('tends to the exact assignment as regularisation vanishes', async () => {
    const { cost } = randomProblem(9, 9, 1, 3);
    const exact = await exactAssignment.create().solve({ cost, eta: 1 });
    const entropic = await solve({ cost, eta: 5_000 });
    expect(Math.abs(entropic.cost - exact.cost)).toBeLessThan(1e-3);
  });
});

describe('presets and rules', () => {
  const uniform: OptimalTransportProblem = { cost: randomCost(60, 60, createRandom(2)), eta: 300 };

  it.each([
    { preset: 'paper', count: 'hessian' },
    { preset: 'paper', count: 'plan', lambda: 6 / 60 },
    { preset: 'robust', linearSolver: 'cg' },
    { preset: 'robust', annealing: 'off', maxSinkhorn: 'auto' },
    { preset: 'robust', density: 'count', lambda: 0.1 },
    { preset: 'robust', postSweep: 'none', shift: 'none' },
  ] as const)('reach the same optimum: %j', async (options) => {
    const reference = await solve(uniform);
    const solution = await sinkhornNewtonSparse.create(options).solve(uniform);
    expect(solution.converged).toBe(true);
    expect(Math.abs(solution.dual - reference.dual)).toBeLessThan(1e-9);
  });

  it('keep about the share of entries that lambda asks for', async () => {
    const { density } = await sinkhornNewtonSparse
      .create({ preset: 'paper', count: 'plan', lambda: 0.1, maxNewton: 3 })
      .solve(uniform);
    for (const share of density) expect(share).toBeCloseTo(0.1, 3);
  });

  it('stay with sweeps where they are enough, and leave them after three where they are not', async () => {
    const easy = await solve(randomProblem(40, 40, 10, 1), { tolerance: 1e-9 });
    expect(easy.converged).toBe(true);
    expect(easy.iterations.newton).toBe(0);
    expect(easy.iterations.sinkhorn).toBeLessThanOrEqual(41);
    const hard = await solve({ ...uniform, eta: 2_000 });
    expect(hard.converged).toBe(true);
    const firstNewton = hard.history.findIndex(({ step }) => step === 'newton');
    expect(firstNewton).toBeLessThan(3 + 20);
  });
});

describe('costs', () => {
  const x = [
    [0, 0],
    [3, 4],
    [1, -1],
  ];
  const y = [
    [0, 1],
    [3, 0],
  ];
  const costsBy = async (
    metric: Parameters<typeof pointCost>[2],
    scaleCost?: OptimalTransportProblem['scaleCost'],
  ) => {
    const { computeCost } = await import('../src/cost.js');
    return [
      ...computeCost({ cost: pointCost(x, y, metric), eta: 1, ...(scaleCost && { scaleCost }) }).matrix,
    ];
  };

  it('of the built-in metrics, by hand', async () => {
    expect(await costsBy('sqeuclidean')).toEqual([1, 9, 18, 16, 5, 5]);
    expect(await costsBy('euclidean')).toEqual([1, 3, Math.sqrt(18), 4, Math.sqrt(5), Math.sqrt(5)]);
    expect(await costsBy('cityblock')).toEqual([1, 3, 6, 4, 3, 3]);
    expect(await costsBy('chebyshev')).toEqual([1, 3, 3, 4, 2, 2]);
    const cosine = [1, 1, 1 - 0.8, 1 - 0.6, 1 + Math.SQRT1_2, 1 - Math.SQRT1_2];
    expect(await costsBy('cosine')).toEqual(cosine.map((v) => expect.closeTo(v, 12)));
    expect(await costsBy((p, q) => p[0]! + q[0]!)).toEqual([0, 3, 3, 6, 1, 4]);
  });

  it('can be scaled', async () => {
    expect(await costsBy('sqeuclidean', 'max')).toEqual([1, 9, 18, 16, 5, 5].map((v) => v / 18));
    expect(await costsBy('sqeuclidean', 'mean')).toEqual([1, 9, 18, 16, 5, 5].map((v) => v / 9));
    expect(await costsBy('sqeuclidean', 'median')).toEqual([1, 9, 18, 16, 5, 5].map((v) => v / 7));
    expect(await costsBy('sqeuclidean', 2)).toEqual([0.5, 4.5, 9, 8, 2.5, 2.5]);
  });
});

describe('unbalanced transport', () => {
  const problem = { ...randomProblem(8, 6, 15, 4) };

  it('tends to the balanced plan as tau grows', async () => {
    const balanced = await solve(problem);
    const nearly = await solve({ ...problem, tau: 1e7 });
    const [p, q] = [densePlan(balanced), densePlan(nearly)];
    expect([...p.data]).toEqual([...q.data].map((mass) => expect.closeTo(mass, 5)));
  });

  it('takes masses of other totals, and its gradient vanishes', async () => {
    const solution = await solve({ ...problem, a: problem.a!.map((v) => 2 * v), tau: 0.7 });
    expect(solution.converged).toBe(true);
    expect(solution.dual).toBeCloseTo(solution.regularizedCost, 9);
  });

  it('takes few Newton steps', async () => {
    expect((await solve({ ...problem, tau: 0.5 })).iterations.newton).toBeLessThanOrEqual(15);
  });
});

describe('services around a solver', () => {
  it('a warm start from the solution is there at once', async () => {
    const problem = randomProblem(30, 30, 300, 1);
    const { f, g } = await solve(problem);
    const again = await solve({ ...problem, initial: { f, g } }, { maxSinkhorn: 0, tolerance: 1e-9 });
    expect(again.iterations.newton).toBe(0);
  });

  it('a batch gives what the single problems give', async () => {
    const random = createRandom(6);
    const cost = randomCost(8, 8, random);
    const pairs = [1, 2, 3].map(() => ({ a: randomMasses(8, random), b: randomMasses(8, random) }));
    const solver = sinkhornNewtonSparse.create({ tolerance: 1e-12 });
    const batch = await solveBatch(
      solver,
      { cost, eta: 30, scaleCost: 'max', pairs },
      { warmStart: 'previous' },
    );
    for (const [k, pair] of pairs.entries()) {
      expect(batch[k]!.cost).toBeCloseTo(
        (await solve({ cost, eta: 30, scaleCost: 'max', ...pair })).cost,
        10,
      );
    }
  });

  it('the divergence is zero between equal clouds and positive between others', async () => {
    const random = createRandom(1);
    const cloud = (shift: number) => Float64Array.from({ length: 20 }, () => shift + random.normal());
    const [x, y] = [cloud(0), cloud(2)];
    const solver = sinkhornNewtonSparse.create({ tolerance: 1e-12 });
    const between = (p: Float64Array, q: Float64Array) =>
      sinkhornDivergence(solver, { cost: { x: p, y: q, dimension: 2 }, eta: 5 });
    expect((await between(x, x)).value).toBeCloseTo(0, 10);
    expect((await between(x, y)).value).toBeGreaterThan(0.1);
    expect((await between(x, y)).value).toBeCloseTo((await between(y, x)).value, 9);
  });

  it('rounding gives exact marginals from any plan', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer(),
        (n, m, seed) => {
          const random = createRandom(seed);
          const plan = {
            rows: n,
            cols: m,
            data: Float64Array.from({ length: n * m }, () => random.uniform()),
          };
          const [a, b] = [randomMasses(n, random), randomMasses(m, random)];
          const rounded = roundToPolytope(plan, a, b);
          expect(marginalErrorOf(rounded, a, b)).toBeLessThan(1e-14 * (n + m));
          expect(rounded.data.every((v) => v >= 0)).toBe(true);
        },
      ),
    );
  });

  it('gradients agree with central differences', async () => {
    const problem = randomProblem(4, 5, 12, 9);
    const { a, cost } = transportGradients(problem, await solve(problem));
    const h = 1e-5;
    const costOf = async (change: Partial<OptimalTransportProblem>) =>
      (await solve({ ...problem, ...change })).regularizedCost;
    // Mass moves from row 0 to row 1: only differences of potentials mean something.
    const moved = (step: number) => ({
      a: Float64Array.from(problem.a!, (v, i) => v + (i === 0 ? -step : i === 1 ? step : 0)),
    });
    const slope = ((await costOf(moved(h))) - (await costOf(moved(-h)))) / (2 * h);
    expect(slope).toBeCloseTo(a[1]! - a[0]!, 6);
    const { matrix, rows, columns } = problem.cost as { matrix: Float64Array; rows: number; columns: number };
    const changed = (step: number) => ({
      cost: { rows, columns, matrix: matrix.map((v, k) => (k === 7 ? v + step : v)) },
    });
    const costSlope = ((await costOf(changed(h))) - (await costOf(changed(-h)))) / (2 * h);
    expect(costSlope).toBeCloseTo(cost.data[7]!, 6);
  });

  it('the assignment equals brute force', () => {
    const permutations = (items: number[]): number[][] =>
      items.length < 2
        ? [items]
        : items.flatMap((item, i) =>
            permutations(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]),
          );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer(), (n, seed) => {
        const { matrix } = randomCost(n, n, createRandom(seed));
        const { totalCost, u, v, permutation } = solveAssignment({ rows: n, cols: n, data: matrix });
        const best = Math.min(
          ...permutations([...Array(n).keys()]).map((p) => p.reduce((s, j, i) => s + matrix[i * n + j]!, 0)),
        );
        expect(totalCost).toBeCloseTo(best, 12);
        for (let i = 0; i < n; i++) {
          for (let j = 0; j < n; j++) expect(u[i]! + v[j]!).toBeLessThanOrEqual(matrix[i * n + j]! + 1e-12);
          expect(u[i]! + v[permutation[i]!]!).toBeCloseTo(matrix[i * n + permutation[i]!]!, 12);
        }
      }),
    );
  });
});
