import { createRandom } from '@espalier/core';
import type { CsrMatrix } from '@espalier/linalg';
import { describe, expect, it } from 'vitest';
import {
  densePlan,
  exactAssignment,
  lbfgsDual,
  newtonDense,
  type OptimalTransportProblem,
  roundToPolytope,
  sinkhorn,
  sinkhornDivergence,
  sinkhornNewtonSparse,
  sinkhornStabilized,
  solveBatch,
  traceNewtonStep,
  transportGradients,
} from '../src/index.js';
import { marginalErrorOf, randomCost, randomProblem } from './fixture.js';

const solve = (
  problem: OptimalTransportProblem,
  options: Parameters<typeof sinkhornNewtonSparse.create>[0] = {},
) => sinkhornNewtonSparse.create({ tolerance: 1e-12, ...options }).solve(problem);

describe('edge cases', () => {
  it('one row, one column: the plan is forced', async () => {
    const b = Float64Array.of(0.2, 0.3, 0.5);
    const solution = await solve({
      cost: { matrix: Float64Array.of(1, 2, 3), rows: 1, columns: 3 },
      b,
      eta: 7,
    });
    expect([...densePlan(solution).data]).toEqual([...b].map((mass) => expect.closeTo(mass, 12)));
    expect(solution.cost).toBeCloseTo(0.2 + 0.6 + 1.5, 12);
  });

  it('a constant cost gives the product of the marginals', async () => {
    const a = Float64Array.of(0.25, 0.75);
    const solution = await solve({
      cost: { matrix: new Float64Array(4).fill(3), rows: 2, columns: 2 },
      a,
      eta: 900,
    });
    expect([...densePlan(solution).data]).toEqual(
      [0.125, 0.125, 0.375, 0.375].map((v) => expect.closeTo(v, 12)),
    );
  });

  it('zero masses come back as zero rows, with finite potentials', async () => {
    const problem = randomProblem(4, 4, 20, 1);
    const a = Float64Array.of(0, 0.5, 0.5, 0);
    const solution = await solve({ ...problem, a });
    const plan = densePlan(solution);
    expect([...plan.data.subarray(0, 4), ...plan.data.subarray(12)]).toEqual(new Array(8).fill(0));
    expect([...solution.f, ...solution.g].every(Number.isFinite)).toBe(true);
  });

  it('forbidden pairs carry exactly nothing', async () => {
    const { matrix } = randomCost(5, 5, createRandom(2));
    for (let i = 0; i < 5; i++) matrix[i * 5 + i] = Number.POSITIVE_INFINITY;
    const solution = await solve({ cost: { matrix, rows: 5, columns: 5 }, eta: 50 });
    expect(solution.converged).toBe(true);
    for (let i = 0; i < 5; i++) expect(densePlan(solution).data[i * 6]).toBe(0);
    expect(Number.isFinite(solution.cost)).toBe(true);
  });

  it('forbidden pairs that leave no plan are refused', async () => {
    // Two rows may use one column only, which has too little mass.
    const [inf, o] = [Number.POSITIVE_INFINITY, 1];
    const cost = { matrix: Float64Array.of(o, inf, inf, o, inf, inf, o, o, o), rows: 3, columns: 3 };
    await expect(solve({ cost, eta: 10 })).rejects.toMatchObject({ code: 'numerical' });
  });

  it('survives a regularisation of 1e-6 of the cost without NaN', async () => {
    const solution = await solve({ ...randomProblem(20, 20, 1e6, 1) }, { tolerance: 1e-9 });
    for (const value of [solution.cost, solution.dual, solution.marginalError, ...solution.f])
      expect(value).not.toBeNaN();
  });

  it('takes unnormalised masses', async () => {
    const problem = randomProblem(5, 6, 20, 1);
    const solution = await solve({
      ...problem,
      a: problem.a!.map((v) => 250 * v),
      b: problem.b!.map((v) => 250 * v),
    });
    const plan = densePlan(solution);
    expect(plan.data.reduce((s, v) => s + v, 0)).toBeCloseTo(250, 8);
  });

  it('gives a sparse plan, or none', async () => {
    const problem = randomProblem(30, 30, 500, 1);
    const { plan: dense } = await solve(problem);
    const { plan: sparse } = await solve({ ...problem, planFormat: 'sparse' });
    const entries = sparse as CsrMatrix;
    expect(entries.values.length).toBeLessThan(450);
    for (let i = 0; i < 30; i++) {
      for (let k = entries.rowPointers[i]!; k < entries.rowPointers[i + 1]!; k++) {
        expect(entries.values[k]).toBe(densePlan({ plan: dense! }).data[i * 30 + entries.columnIndices[k]!]);
      }
    }
    expect((await solve({ ...problem, mode: 'potentials' })).plan).toBeUndefined();
  });

  it('forbidden pairs that force other pairs to nothing: the potentials diverge, the plan is right', async () => {
    // Row 0 may use column 0 only and fills it, so that (1, 0) carries nothing at the optimum, which no potentials reach.
    const cost = { matrix: Float64Array.of(1, Number.POSITIVE_INFINITY, 1, 1), rows: 2, columns: 2 };
    const solution = await solve({ cost, eta: 10 }, { tolerance: 1e-9 });
    expect(solution.converged).toBe(true);
    expect([...densePlan(solution).data]).toEqual([0.5, 0, 0, 0.5].map((v) => expect.closeTo(v, 8)));
  });

  it('potentials far off do not cost digits', async () => {
    const problem = randomProblem(20, 20, 200, 3);
    const initial = { f: new Float64Array(20).fill(1e6), g: new Float64Array(20).fill(-3e6) };
    for (const options of [{}, { maxSinkhorn: 0 }]) {
      const solution = await solve({ ...problem, initial }, options);
      expect(solution.converged).toBe(true);
      expect(solution.dual).toBeCloseTo((await solve(problem)).dual, 12);
    }
  });

  it('a solution with rows without mass is a warm start, even where all their pairs are forbidden', async () => {
    const { matrix } = randomCost(6, 6, createRandom(7));
    matrix.fill(Number.POSITIVE_INFINITY, 0, 6);
    const a = Float64Array.of(0, 0.2, 0.2, 0.2, 0.2, 0.2);
    const problem = { cost: { matrix, rows: 6, columns: 6 }, a, eta: 40 };
    const { f, g, dual } = await solve(problem);
    expect(f[0]).toBe(Number.MAX_VALUE);
    const again = await solve({ ...problem, initial: { f, g } }, { maxSinkhorn: 0, tolerance: 1e-9 });
    expect(again.iterations).toEqual({ sinkhorn: 0, newton: 0, cg: 0 });
    expect(again.dual).toBeCloseTo(dual, 13);
  });

  it('one huge mass among tiny ones', async () => {
    const masses = (big: number) => Float64Array.from({ length: 8 }, (_, i) => (i === big ? 1 : 1e-14));
    const solution = await solve(
      { cost: randomCost(8, 8, createRandom(1)), a: masses(7), b: masses(0), eta: 50 },
      { tolerance: 1e-9 },
    );
    expect(solution.converged).toBe(true);
    expect(densePlan(solution).data[56]).toBeCloseTo(1, 12);
  });

  it('duplicate rows share evenly', async () => {
    const solution = await solve({
      cost: { matrix: Float64Array.of(1, 2, 1, 2, 5, 1), rows: 3, columns: 2 },
      eta: 30,
    });
    const { data } = densePlan(solution);
    expect(data[0]).toBeCloseTo(data[2]!, 13);
    expect(data[1]).toBeCloseTo(data[3]!, 13);
  });
});

describe('large enough for WebAssembly memory', () => {
  // From 16,384 entries on the cost lives there; dense steps keep P beside it.
  it.each([
    ['square', 140, 140],
    ['more rows', 170, 110],
    ['more columns', 110, 170],
  ])('sparse, dense and conjugate-gradient steps agree with sweeps: %s', async (_name, n, m) => {
    const problem = randomProblem(n, m, 60, 1);
    const reference = await sinkhornStabilized.create({ tolerance: 1e-12 }).solve(problem);
    expect(reference.converged).toBe(true);
    for (const solver of [
      sinkhornNewtonSparse.create({ tolerance: 1e-12 }),
      sinkhornNewtonSparse.create({ tolerance: 1e-12, linearSolver: 'cg' }),
      newtonDense.create({ tolerance: 1e-12, maxSinkhorn: 3 }),
      lbfgsDual.create({ tolerance: 1e-10, maxSinkhorn: 3 }),
    ]) {
      const { dual, cost, plan, converged } = await solver.solve(problem);
      expect(converged).toBe(true);
      expect(dual).toBeCloseTo(reference.dual, 11);
      expect(cost).toBeCloseTo(reference.cost, 8);
      expect(marginalErrorOf(densePlan({ plan: plan! }), problem.a!, problem.b!)).toBeLessThan(1e-10);
    }
  });

  it('a problem so degenerate that Newton needs the shift', async () => {
    // L1 distances between grid points: plans are far from unique without regularisation.
    const grid = Float64Array.from(
      { length: 2 * 196 },
      (_, k) => (k % 2 === 0 ? Math.floor(k / 28) : (k >> 1) % 14) / 14,
    );
    const random = createRandom(4);
    const masses = () => {
      const raw = Float64Array.from(
        { length: 196 },
        () => 0.01 + (random.uniform() < 0.3 ? random.uniform() : 0),
      );
      const total = raw.reduce((sum, v) => sum + v, 0);
      return raw.map((v) => v / total);
    };
    const problem = {
      cost: { x: grid, y: grid, dimension: 2, metric: 'cityblock' as const },
      a: masses(),
      b: masses(),
      eta: 600,
    };
    const solution = await solve(problem, { tolerance: 1e-9, maxFinishingSweeps: 0 });
    expect(solution.converged).toBe(true);
    expect(solution.dual).toBeCloseTo(solution.regularizedCost, 9);
  });
});

describe('the end of a run', () => {
  /** A clock that advances by `step` milliseconds whenever it is read. */
  const clockOf = (step: number) => {
    let now = 0;
    return { now: () => (now += step) };
  };

  it.each([sinkhornNewtonSparse, sinkhorn, sinkhornStabilized, newtonDense, lbfgsDual])(
    'at the time limit $name gives what it has, and says so to the logger',
    async (algorithm) => {
      const problem = randomProblem(40, 40, 800, 1);
      for (const timeLimitMs of [5, 200]) {
        const warnings: string[] = [];
        const logger = { info() {}, warn: (message: string) => void warnings.push(message) };
        const solution = await algorithm
          .create({}, { clock: clockOf(10), logger })
          .solve(problem, { timeLimitMs });
        expect(solution).toMatchObject({ converged: false, reason: 'time limit' });
        for (const value of [solution.cost, solution.dual, solution.marginalError])
          expect(value).toSatisfy(Number.isFinite);
        expect(marginalErrorOf(densePlan(solution), problem.a!, problem.b!)).toBeCloseTo(
          solution.marginalError,
          10,
        );
        expect(warnings).toEqual([expect.stringContaining('time limit')]);
      }
    },
  );

  it('in an annealing stage the potentials returned still belong to the problem', async () => {
    const problem = randomProblem(60, 60, 2_000, 2);
    const solution = await sinkhornNewtonSparse
      .create({}, { clock: clockOf(10) })
      .solve(problem, { timeLimitMs: 120 });
    expect(solution.history.length).toBeLessThan(20);
    expect(solution.marginalError).toBeLessThan(2); // columns exact: only rows are off
  });

  it('the exact assignment is completed greedily at the time limit: feasible, and bounded by its dual', async () => {
    const problem = { cost: randomCost(30, 30, createRandom(8)), eta: 100 };
    const exact = await exactAssignment.create().solve(problem);
    const early = await exactAssignment
      .create({}, { clock: clockOf(10) })
      .solve(problem, { timeLimitMs: 100 });
    expect(early).toMatchObject({ converged: false, reason: 'time limit' });
    const uniform = new Float64Array(30).fill(1 / 30);
    expect(marginalErrorOf(densePlan(early), uniform, uniform)).toBeLessThan(1e-14);
    expect(early.cost).toBeGreaterThan(exact.cost);
    expect(early.dual).toBeLessThanOrEqual((await solve(problem)).dual);
  });

  it.each([
    ['unequal sizes', randomProblem(3, 4, 10, 1)],
    ['other masses', randomProblem(4, 4, 10, 1)],
    ['unbalanced', { cost: randomCost(3, 3, createRandom(1)), eta: 1, tau: 1 }],
  ])('the exact assignment does not take %s, and says so', async (_name, problem) => {
    expect(exactAssignment.accepts!(problem)).toBeTypeOf('string');
    await expect(exactAssignment.create().solve(problem)).rejects.toMatchObject({ code: 'unsupported' });
  });

  it.each(['cholesky', 'cg'] as const)('an abort during Newton steps (%s) is heard', async (linearSolver) => {
    const abort = new AbortController();
    const problem = randomProblem(80, 80, 500, 1);
    const run = sinkhornNewtonSparse.create({ linearSolver }).solve(problem, {
      signal: abort.signal,
      onProgress: ({ message }) => message === 'newton' && abort.abort(),
    });
    await expect(run).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('services refuse what would give a wrong number', () => {
  const problem = randomProblem(3, 3, 20, 1);
  const points = { cost: { x: Float64Array.of(0, 1, 2), y: Float64Array.of(0, 1), dimension: 1 }, eta: 5 };
  const solver = sinkhornNewtonSparse.create();

  it.each([
    ['a matrix', { ...problem }],
    ['an unbalanced problem', { ...points, tau: 1 }],
    ['a scale that differs between its parts', { ...points, scaleCost: 'max' }],
  ] as const)('a divergence of %s', async (_name, wrong) => {
    await expect(sinkhornDivergence(solver, wrong as never)).rejects.toMatchObject({
      code: 'invalid-problem',
    });
  });

  it('gradients of what did not converge, has no plan, or a scale that depends on the cost', async () => {
    const solution = await solver.solve(problem);
    const refused = expect.objectContaining({ code: 'invalid-problem' });
    expect(() => transportGradients(problem, { ...solution, converged: false })).toThrow(refused);
    expect(() => transportGradients({ ...problem, scaleCost: 'mean' }, solution)).toThrow(refused);
    const { plan: _plan, ...withoutPlan } = solution;
    expect(() => transportGradients(problem, withoutPlan)).toThrow(refused);
  });

  it('gradients of an unbalanced, scaled problem agree with central differences', async () => {
    const unbalanced = { ...randomProblem(4, 5, 12, 9), tau: 0.6, scaleCost: 2 };
    const gradients = transportGradients(unbalanced, await solve(unbalanced));
    const h = 1e-5;
    const valueAt = async (i: number, step: number) =>
      (await solve({ ...unbalanced, a: unbalanced.a!.map((v, k) => (k === i ? v + step : v)) }))
        .regularizedCost;
    for (let i = 0; i < 4; i++) {
      expect(((await valueAt(i, h)) - (await valueAt(i, -h))) / (2 * h)).toBeCloseTo(gradients.a[i]!, 6);
    }
    const { matrix, rows, columns } = unbalanced.cost as {
      matrix: Float64Array;
      rows: number;
      columns: number;
    };
    const costAt = async (step: number) =>
      (
        await solve({
          ...unbalanced,
          cost: { rows, columns, matrix: matrix.map((v, k) => (k === 7 ? v + step : v)) },
        })
      ).regularizedCost;
    expect(((await costAt(h)) - (await costAt(-h))) / (2 * h)).toBeCloseTo(gradients.cost.data[7]!, 6);
  });

  it('rounding of negative plans, other shapes or totals', () => {
    const half = Float64Array.of(0.5, 0.5);
    const plan = (data: number[]) => ({ rows: 2, cols: 2, data: Float64Array.from(data) });
    const refused = expect.objectContaining({ code: 'invalid-problem' });
    expect(() => roundToPolytope(plan([0.5, -0.1, 0, 0.5]), half, half)).toThrow(refused);
    expect(() => roundToPolytope(plan([0.5, Number.NaN, 0, 0.5]), half, half)).toThrow(refused);
    expect(() => roundToPolytope(plan([0.5, 0, 0, 0.5]), half, Float64Array.of(1))).toThrow(refused);
    expect(() => roundToPolytope(plan([0.5, 0, 0, 0.5]), half, Float64Array.of(0.5, 0.6))).toThrow(refused);
  });

  it('a trace of no entries, of more than there are, or of half a sweep', () => {
    for (const wrong of [
      { sweeps: 1, kept: 0 },
      { sweeps: 1, kept: 10 },
      { sweeps: 0.5, kept: 4 },
    ])
      expect(() => traceNewtonStep(problem, wrong)).toThrow(RangeError);
    expect(traceNewtonStep(problem, { sweeps: 2, kept: 4 }).kept.values).toHaveLength(4);
  });

  it('a batch with a pair of other totals', async () => {
    const batch = { cost: problem.cost, eta: 5, pairs: [{ a: problem.a!, b: problem.b!.map((v) => 2 * v) }] };
    await expect(solveBatch(solver, batch)).rejects.toMatchObject({ code: 'invalid-problem' });
  });
});
