import { type Clock, defaultServices } from '@espalier/core';
import { createMatrix, type Matrix } from '@espalier/linalg';
import { describe, expect, it } from 'vitest';
import {
  type CompositeProblem,
  type CustomObjective,
  compositeValue,
  fastBcd,
  leastSquaresData,
  nonNegativeData,
  softmaxData,
} from '../src/index.js';
import { randomLeastSquares, randomLogistic, randomQuadratic } from './fixture.js';

/** sum (exp(x_i) - c_i x_i): separable, minimised at log c. */
const exponential = (change: Partial<CustomObjective> = {}): CompositeProblem => ({
  objective: {
    kind: 'custom',
    n: 3,
    value: (x) => x.reduce((sum, v, i) => sum + Math.exp(v) - (i + 1) * v, 0),
    gradient: (x) => x.map((v, i) => Math.exp(v) - (i + 1)),
    lipschitz: Float64Array.of(4, 4, 4), // holds below log 4
    ...change,
  },
});
const diagonal = (entries: readonly number[]): Matrix => {
  const n = entries.length;
  const data = new Float64Array(n * n);
  entries.forEach((v, i) => {
    data[i * n + i] = v;
  });
  return { rows: n, cols: n, data };
};

describe('an objective of the user', () => {
  it('is minimised from value, gradient and constants alone', async () => {
    for (const update of ['auto', 'gradient', 'lipschitz-approximation'] as const) {
      const { x, converged } = await fastBcd.create({ update, blockSize: 2 }).solve(exponential());
      expect(converged).toBe(true);
      [0, Math.log(2), Math.log(3)].forEach((v, i) => void expect(x[i]).toBeCloseTo(v, 6));
    }
  });

  it('takes Newton steps with its Hessian, matrix updates with its bound', async () => {
    const problem = exponential({
      blockHessian: (x, block) => diagonal(Array.from(block, (i) => Math.exp(x[i]))),
      hessianBound: (block) => diagonal(Array.from(block, () => 4)),
    });
    for (const update of ['auto', 'newton', 'matrix', 'diagonal', 'projected-newton'] as const) {
      for (const regularizer of [{ kind: 'none' }, { kind: 'box', lower: 0.1, upper: 1 }] as const) {
        const { x, iterations } = await fastBcd.create({ update }).solve({ ...problem, regularizer });
        expect(x[1]).toBeCloseTo(Math.log(2), 6);
        expect(x[2]).toBeCloseTo(regularizer.kind === 'none' ? Math.log(3) : 1, 6);
        if (update === 'newton') expect(iterations).toBeLessThanOrEqual(8);
      }
    }
    const { x } = await fastBcd.create({ selection: 'iht', update: 'matrix', blockSize: 2 }).solve(problem);
    expect(x[2]).toBeCloseTo(Math.log(3), 6);
  });

  it('without a matrix refuses rules that need one, and says which function is missing', async () => {
    for (const update of ['newton', 'matrix'] as const)
      await expect(fastBcd.create({ update }).solve(exponential())).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringMatching(/blockHessian|hessianBound/),
      });
  });

  it('with constants that do not hold is found out', async () => {
    const problem = exponential({ lipschitz: Float64Array.of(0.01, 0.01, 0.01) });
    await expect(
      fastBcd.create({ update: 'gradient', selection: 'all' }).solve(problem),
    ).rejects.toMatchObject({
      code: 'numerical',
      message: expect.stringMatching(/rose from/),
    });
  });

  it('may know the gradient and the constant of a block', async () => {
    const asked: number[][] = [];
    const problem = exponential({
      blockGradient(x, block) {
        asked.push([...block]);
        return Float64Array.from(block, (i) => Math.exp(x[i]) - (i + 1));
      },
      blockLipschitz: (block) => {
        asked.push([-block.length]);
        return 4;
      },
    });
    const { x, converged } = await fastBcd
      .create({ selection: 'random', update: 'gradient', blockSize: 2 })
      .solve(problem);
    expect(converged).toBe(true);
    expect(x[2]).toBeCloseTo(Math.log(3), 6);
    expect(asked).toContainEqual([-2]);
    expect(asked.some((block) => block.length === 2)).toBe(true);
    for (const wrong of [
      { blockGradient: () => new Float64Array(1) },
      { blockGradient: () => new Float64Array(2).fill(Number.NaN) },
      { blockLipschitz: () => 0 },
    ])
      await expect(
        fastBcd.create({ selection: 'random', update: 'gradient', blockSize: 2 }).solve(exponential(wrong)),
      ).rejects.toMatchObject({ code: 'numerical' });
  });

  it('that returns nonsense is found out', async () => {
    for (const change of [
      { value: () => Number.NaN },
      { gradient: () => new Float64Array(2) },
      { gradient: () => new Float64Array(3).fill(Number.NaN) },
    ])
      await expect(fastBcd.create().solve(exponential(change))).rejects.toMatchObject({ code: 'numerical' });
  });
});

describe('the active set', () => {
  const problem = nonNegativeData({ rows: 60, columns: 200 }, 3_000, 1);

  it('is identified, and projected Newton ends in finitely many steps once blocks hold it', async () => {
    const { value: minimum, support } = await fastBcd.create({ tolerance: 1e-12 }).solve(problem);
    expect(support.length).toBeGreaterThan(2);
    expect(support.length).toBeLessThan(40);
    const run = (update: 'gradient' | 'projected-newton' | 'two-metric') =>
      fastBcd
        .create({ selection: 'gsq-prox', update, blockSize: 40, tolerance: 1e-12, maxIterations: 2_000 })
        .solve({ ...problem, minimum });
    const [pg, pn, tmp] = [await run('gradient'), await run('projected-newton'), await run('two-metric')];
    expect(pn.iterations).toBeLessThanOrEqual(8);
    expect(tmp.iterations).toBeLessThanOrEqual(40);
    expect(pg.iterations).toBeGreaterThan(3 * pn.iterations);
    for (const found of [pn, tmp]) expect([...found.support]).toEqual([...support]);
    expect(pn.identifiedAt).toBeLessThanOrEqual(pn.iterations);
    expect(pn.history.at(-1)?.supportSize).toBe(support.length);
  });

  it('counts variables away from 0 for l1, from bounds for a box, and all where there is no regularizer', async () => {
    const { x, support } = await fastBcd
      .create()
      .solve(randomLeastSquares(20, 8, 3, { kind: 'l1', weight: 6 }));
    expect([...support]).toEqual([...x.keys()].filter((i) => x[i] !== 0));
    const box = await fastBcd
      .create()
      .solve(randomLeastSquares(20, 8, 3, { kind: 'box', lower: -0.1, upper: 0.1 }));
    expect([...box.support]).toEqual([...box.x.keys()].filter((i) => Math.abs(box.x[i]) < 0.1));
    const free = await fastBcd.create().solve(randomLeastSquares(20, 8, 3));
    expect(free.support).toHaveLength(8);
    expect(free.identifiedAt).toBe(0);
  });
});

describe('a run', () => {
  it('solves at once what fits into one block', async () => {
    const { iterations, converged } = await fastBcd.create().solve(randomLeastSquares(40, 20, 1));
    expect([iterations, converged]).toEqual([1, true]);
  });

  it('needs no step at a solution that it starts from, and ends at a known minimum', async () => {
    const problem = randomLogistic(30, 6, 1);
    const { x, value } = await fastBcd.create({ tolerance: 1e-11 }).solve(problem);
    const again = await fastBcd.create().solve({ ...problem, x0: x });
    expect(again.iterations).toBe(0);
    const known = await fastBcd.create({ tolerance: 1e-3 }).solve({ ...problem, minimum: value });
    expect(known.value - value).toBeLessThanOrEqual(1e-3 * Math.max(1, Math.abs(value)));
    expect(known.converged).toBe(true);
  });

  it('brings a start into the feasible set', async () => {
    const problem = {
      ...randomQuadratic(4, 1, { kind: 'box', lower: 0, upper: 1 }),
      x0: new Float64Array(4).fill(7),
    };
    const { x } = await fastBcd.create({ maxIterations: 0 }).solve(problem);
    expect([...x]).toEqual([1, 1, 1, 1]);
    const simplex = await fastBcd
      .create({ maxIterations: 0 })
      .solve(randomQuadratic(4, 1, { kind: 'simplex' }));
    expect([...simplex.x]).toEqual([0.25, 0.25, 0.25, 0.25]);
  });

  it('says what stopped it', async () => {
    const problem = randomLeastSquares(60, 40, 1, { kind: 'l1', weight: 0.01 });
    const blind = await fastBcd
      .create({ selection: 'random', update: 'gradient', maxIterations: 7 })
      .solve(problem);
    expect([blind.reason, blind.converged, blind.iterations]).toEqual(['iteration limit', false, 7]);
    let now = 0;
    const clock: Clock = { now: () => now++ };
    const late = await fastBcd
      .create({ selection: 'random', update: 'gradient' }, { ...defaultServices, clock })
      .solve(problem, { timeLimitMs: 20 });
    expect(late.reason).toBe('time limit');
  });

  it('depends on the seed for random rules alone', async () => {
    const problem = randomLeastSquares(30, 12, 2);
    const run = (selection: 'random' | 'gsd', seed: number) =>
      fastBcd
        .create({ selection, update: 'gradient', blockSize: 3, maxIterations: 20 })
        .solve(problem, { seed });
    expect((await run('random', 1)).value).not.toBe((await run('random', 2)).value);
    expect((await run('random', 1)).value).toBe((await run('random', 1)).value);
    expect((await run('gsd', 1)).value).toBe((await run('gsd', 2)).value);
  });

  it('survives singular blocks, duplicate and empty columns', async () => {
    const A = createMatrix(3, 4, Float64Array.of(1, 1, 0, 2, 2, 2, 0, 1, 3, 3, 0, 0));
    const problem: CompositeProblem = {
      objective: { kind: 'least-squares', A, y: Float64Array.of(1, 2, 4) },
    };
    for (const regularizer of [
      { kind: 'none' },
      { kind: 'l1', weight: 0.1 },
      { kind: 'non-negative' },
    ] as const) {
      const { x, converged } = await fastBcd.create().solve({ ...problem, regularizer });
      expect(converged).toBe(true);
      expect(x.every(Number.isFinite)).toBe(true);
    }
  });

  it('handles more columns than rows, sparse, and its value is that of the problem', async () => {
    const problem = leastSquaresData({ rows: 50, columns: 700 }, 1);
    const { value, x, converged } = await fastBcd.create().solve(problem);
    expect(converged).toBe(true);
    expect(value).toBeLessThan(1e-6);
    expect(compositeValue(problem, x).value).toBeCloseTo(value, 9);
  });

  it('fits a softmax with l1 to few variables', async () => {
    const problem: CompositeProblem = {
      ...softmaxData({ rows: 80, columns: 15 }, 4, 1),
      regularizer: { kind: 'l1', weight: 60 },
    };
    const { converged, support } = await fastBcd.create().solve(problem);
    expect(converged).toBe(true);
    expect(support.length).toBeGreaterThan(0);
    expect(support.length).toBeLessThan(60);
  });
});
