import { describe, expect, it } from 'vitest';
import {
  alsRidge,
  altminExact,
  lowRankProblem,
  predict,
  relativeError,
  robustAltmin,
  scaledGradientDescent,
  softImpute,
  svt,
  toDense,
  tripletsOf,
  weightedLowRank,
} from '../src/index.js';
import { problemOf, residualOf } from './fixture.js';

const ALL = [robustAltmin, weightedLowRank, altminExact, alsRidge, scaledGradientDescent, softImpute, svt];

describe('edge cases', () => {
  it.each(ALL.map((solver) => [solver.name, solver] as const))(
    '%s gives zero factors for zero observations',
    async (_name, solver) => {
      const observed = tripletsOf([
        [0, 0, 0],
        [1, 2, 0],
        [2, 1, 0],
      ]);
      const solution = await solver.create().solve({ rows: 3, columns: 3, rank: 1, observed });
      expect(toDense(solution).data.every((x) => x === 0)).toBe(true);
      expect(solution.residual).toBe(0);
      expect(solution.converged).toBe(true);
    },
  );

  it.each(ALL.map((solver) => [solver.name, solver] as const))(
    '%s takes one entry',
    async (_name, solver) => {
      const solution = await solver
        .create()
        .solve({ rows: 1, columns: 1, rank: 1, observed: tripletsOf([[0, 0, 5]]) });
      expect(predict(solution, 0, 0)).toBeGreaterThan(4);
    },
  );

  it('rows and columns without observations are zero, and listed with the under-determined ones', async () => {
    const problem = problemOf({ rows: 40, columns: 30, rank: 2, density: 0.7 });
    const { rowIndices, columnIndices, values } = problem.observed as ReturnType<typeof tripletsOf>;
    let inRow5 = 0;
    const kept = [...values.keys()].filter(
      (e) => rowIndices[e] !== 3 && columnIndices[e] !== 7 && (rowIndices[e] !== 5 || inRow5++ < 1),
    );
    const observed = tripletsOf(kept.map((e) => [rowIndices[e], columnIndices[e], values[e]]));
    for (const solver of [
      robustAltmin.create(),
      altminExact.create(),
      robustAltmin.create({ solver: 'sketch-srht' }),
    ]) {
      const solution = await solver.solve({ ...problem, observed });
      expect([...solution.underDetermined.rows]).toEqual([3, 5]);
      expect([...solution.underDetermined.columns]).toEqual([7]);
      expect(solution.warnings.join(' ')).toMatch(/2 rows and 1 columns have fewer than 2 observations/);
      for (let j = 0; j < 30; j++) expect(predict(solution, 3, j)).toBe(0);
      for (let i = 0; i < 40; i++) expect(predict(solution, i, 7)).toBeCloseTo(0, 12);
      expect(solution.residual).toBeLessThan(1e-6);
    }
  });

  it('warns where the rank has more degrees of freedom than there are observations', async () => {
    const problem = problemOf({ rows: 20, columns: 20, rank: 6, density: 0.3 });
    const { warnings } = await robustAltmin.create({ maxIterations: 5 }).solve(problem);
    expect(warnings.join(' ')).toMatch(/degrees of freedom/);
  });

  it('tiny and huge values are no matter', async () => {
    const problem = problemOf({ rows: 40, columns: 40, density: 0.7 });
    for (const factor of [1e-200, 1e200]) {
      const values = problem.observed.values.map((x) => factor * x);
      const scaled = { ...problem, observed: { ...problem.observed, values } };
      const solution = await robustAltmin.create().solve(scaled);
      expect(solution.converged).toBe(true);
      expect(solution.history.at(-1)!.residual).toBeLessThan(1e-9);
    }
  });

  it('a rank that is too high or too low is fitted all the same', async () => {
    const generated = lowRankProblem({ rows: 50, columns: 50, rank: 3, density: 0.8 }, 1);
    const low = await robustAltmin.create({ rank: 2 }).solve(generated.problem);
    expect(low.residual).toBeGreaterThan(0.3);
    const high = await robustAltmin.create({ rank: 5, maxIterations: 300 }).solve(generated.problem);
    // 0.03 to 0.13 over twenty seeds: what is too much of the rank fits nothing.
    expect(relativeError(high, generated)).toBeLessThan(0.2);
  });

  it('starts from the factors that are given, and stays at a solution', async () => {
    const generated = lowRankProblem({ rows: 40, columns: 30, rank: 2, density: 0.6 }, 1);
    const initial = { u: generated.left.data, v: generated.right.data };
    const solution = await robustAltmin.create().solve({ ...generated.problem, initial });
    expect(solution.iterations.outer).toBe(1);
    expect(relativeError(solution, generated)).toBeLessThan(1e-12);
    const { rank: _rank, ...withoutRank } = generated.problem;
    expect((await robustAltmin.create({ maxIterations: 2 }).solve({ ...withoutRank, initial })).rank).toBe(2);
  });

  it('begins anew with a ridge where the fit explodes off the observations', async () => {
    let [restarted, recovered] = [0, 0];
    for (let seed = 0; seed < 20; seed++) {
      const generated = lowRankProblem({ rows: 30, columns: 24, rank: 3, density: 0.5, condition: 2 }, seed);
      const solver = robustAltmin.create({ start: 'random', maxIterations: 200 });
      const solution = await solver.solve(generated.problem, { seed });
      if (!/begun anew/.test(solution.warnings.join(' '))) continue;
      restarted++;
      if (relativeError(solution, generated) < 1e-6) recovered++;
    }
    expect(restarted).toBeGreaterThanOrEqual(4);
    expect(recovered).toBeGreaterThanOrEqual(restarted - 1);
  });

  it('weights and starts are nothing for the nuclear-norm methods, which say so', async () => {
    const problem = problemOf();
    const weights = new Float64Array(problem.observed.values.length).fill(1);
    for (const solver of [svt, softImpute]) {
      expect(solver.accepts!({ ...problem, weights })).toMatch(/weights/);
      expect(solver.accepts!({ ...problem, rows: 1e6, columns: 1e6 })).toMatch(/whole matrix/);
      await expect(solver.create().solve({ ...problem, weights })).rejects.toMatchObject({
        code: 'unsupported',
      });
    }
    const { rank: _rank, ...withoutRank } = problem;
    expect(scaledGradientDescent.accepts!(withoutRank)).toMatch(/rank/);
  });

  it('noise is stopped at by the relative change', async () => {
    const problem = problemOf({ rows: 80, columns: 80, density: 0.5, noise: 0.2 });
    const solution = await robustAltmin.create().solve(problem);
    expect(solution.converged).toBe(true);
    expect(solution.iterations.outer).toBeLessThan(40);
    expect(residualOf(problem, solution)).toBeGreaterThan(0.1);
  });
});

describe('baselines', () => {
  const generated = lowRankProblem({ rows: 70, columns: 60, rank: 2, density: 0.6, condition: 1.5 }, 2);

  it.each([
    ['altmin-exact', altminExact.create(), 1e-8],
    ['als-ridge', alsRidge.create({ ridge: 1e-3 }), 0.02],
    ['scaled-gradient-descent', scaledGradientDescent.create(), 1e-7],
    ['soft-impute', softImpute.create(), 0.02],
    ['svt', svt.create(), 1e-2],
  ] as const)('%s completes the matrix', async (_name, solver, accuracy) => {
    const solution = await solver.solve(generated.problem);
    expect(relativeError(solution, generated)).toBeLessThan(accuracy);
  });

  it('find the rank by themselves where they have none', async () => {
    const { rank: _rank, ...problem } = generated.problem;
    expect((await svt.create().solve(problem)).rank).toBe(2);
  });
});
