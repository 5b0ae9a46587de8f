import { createRandom } from '@espalier/core';
import { gemm, matrixFromRows } from '@espalier/linalg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  altminExact,
  exactLeastSquares,
  foldIn,
  lowRankProblem,
  type MatrixCompletionProblem,
  predict,
  predictMany,
  relativeError,
  robustAltmin,
  robustAltminTheory,
  sketchedLeastSquares,
  type Triplets,
  toDense,
  topColumns,
  weightedLowRank,
} from '../src/index.js';
import { normals, problemOf, residualOf } from './fixture.js';

const SOLVERS = [
  'cg-shared',
  'gradient',
  'exact-cholesky',
  'exact-qr',
  'sketch-srht',
  'sketch-count',
  'sketch-gaussian',
  'sketch-leverage',
  'richardson',
] as const;

describe('completion', () => {
  it.each(SOLVERS)('finds a matrix of low rank with %s', async (solver) => {
    const generated = lowRankProblem({ rows: 80, columns: 70, rank: 3, density: 0.5, condition: 2 }, 1);
    const maxIterations = solver === 'gradient' ? 400 : 60;
    const solution = await robustAltmin
      .create({ solver, maxIterations, tolerance: 0 })
      .solve(generated.problem);
    expect(solution.converged).toBe(true);
    expect(relativeError(solution, generated)).toBeLessThan(1e-8);
  });

  it('recovers what is not observed, whatever the shape', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 25, max: 60 }),
        fc.integer({ min: 25, max: 60 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer(),
        async (rows, columns, rank, seed) => {
          const generated = lowRankProblem({ rows, columns, rank, density: 0.75, condition: 2 }, seed);
          const solution = await robustAltmin.create({ maxIterations: 300 }).solve(generated.problem);
          expect(relativeError(solution, generated)).toBeLessThan(1e-6);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('sees the full matrix as brute force does: with everything observed it is the truncated SVD', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 4, max: 9 }),
        fc.integer({ min: 4, max: 9 }),
        fc.integer(),
        async (m, n, seed) => {
          const values = normals(m * n, seed);
          const observed: Triplets = {
            rowIndices: Int32Array.from(values, (_, e) => Math.floor(e / n)),
            columnIndices: Int32Array.from(values, (_, e) => e % n),
            values,
          };
          const problem = { rows: m, columns: n, rank: 2, observed };
          const options = { start: 'svd', tolerance: 1e-14, maxIterations: 2_000 } as const;
          const [found, exact] = [
            await robustAltmin.create(options).solve(problem),
            await altminExact.create(options).solve(problem),
          ];
          const best = bestRankTwo(values, m, n);
          for (const { residual } of [found, exact]) expect(residual).toBeCloseTo(best, 6);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('never increases the residual from iteration to iteration', async () => {
    for (const seed of [1, 2, 3]) {
      const problem = problemOf({ noise: 0.3, density: 0.4 }, seed);
      const { history } = await robustAltmin
        .create({ tolerance: 0, maxIterations: 30, restart: 'never' })
        .solve(problem);
      let last = Number.POSITIVE_INFINITY;
      for (const { firstHalf, residual } of history) {
        expect(firstHalf!).toBeLessThanOrEqual(last * (1 + 1e-9));
        expect(residual).toBeLessThanOrEqual(firstHalf! * (1 + 1e-9));
        last = residual;
      }
    }
  });

  it('counts operations: exact solves need more, and more so at a higher rank', async () => {
    const ratio = async (rank: number) => {
      const problem = problemOf({ rows: 60, columns: 60, rank, density: 0.8 });
      const fixed = { tolerance: 0, residualTolerance: 0, maxIterations: 3 } as const;
      const exact = await altminExact.create(fixed).solve(problem);
      const approximate = await robustAltmin.create(fixed).solve(problem);
      return exact.flops / approximate.flops;
    };
    expect(await ratio(16)).toBeGreaterThan(1.8 * (await ratio(6)));
  });

  it('gives the same numbers on two threads as on one', async () => {
    const problem = problemOf({ rows: 300, columns: 200, rank: 5, density: 0.4 });
    const [one, two] = [
      await robustAltmin.create().solve(problem),
      await robustAltmin.create({ threads: 2 }).solve(problem),
    ];
    expect(two.warnings).toEqual(one.warnings);
    expect(two.u.data).toEqual(one.u.data);
    expect(two.history).toEqual(one.history);
  });

  it('is aborted on two threads too', async () => {
    const problem = problemOf({ rows: 300, columns: 200, rank: 5, density: 0.4 });
    const abort = new AbortController();
    const run = robustAltmin
      .create({ threads: 2, tolerance: 0, residualTolerance: 0, maxIterations: 10_000 })
      .solve(problem, { signal: abort.signal, onProgress: () => abort.abort() });
    await expect(run).rejects.toMatchObject({ code: 'aborted' });
  });
});

/** |M - M_2| / |M| of the best rank-2 approximation, by deflated power iteration on M^T M. */
function bestRankTwo(values: Float64Array, m: number, n: number): number {
  const left = values.slice();
  const norm = (list: Float64Array) => Math.sqrt(list.reduce((sum, x) => sum + x * x, 0));
  for (let round = 0; round < 2; round++) {
    let v = Float64Array.from({ length: n }, (_, j) => 1 + j / 7);
    let u = new Float64Array(m);
    for (let step = 0; step < 20_000; step++) {
      u = Float64Array.from({ length: m }, (_, i) => v.reduce((sum, x, j) => sum + x * left[i * n + j], 0));
      const w = Float64Array.from({ length: n }, (_, j) =>
        u.reduce((sum, x, i) => sum + x * left[i * n + j], 0),
      );
      const scale = norm(w);
      const next = w.map((x) => x / scale);
      const change = norm(next.map((x, j) => x - v[j]));
      v = next;
      if (change < 1e-15) break;
    }
    u = Float64Array.from({ length: m }, (_, i) => v.reduce((sum, x, j) => sum + x * left[i * n + j], 0));
    for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) left[i * n + j] -= u[i] * v[j];
  }
  return norm(left) / norm(values);
}

describe('weights', () => {
  it('of 1 change nothing, and a common factor neither', async () => {
    const problem = problemOf({ noise: 0.1 });
    const count = problem.observed.values.length;
    const options = { tolerance: 0, maxIterations: 20 } as const;
    const plain = await robustAltmin.create(options).solve(problem);
    for (const weight of [1, 7]) {
      const weighted = await robustAltmin
        .create(options)
        .solve({ ...problem, weights: new Float64Array(count).fill(weight) });
      expect(weighted.residual).toBeCloseTo(plain.residual, 8);
    }
  });

  it('of 0 leave an entry out', async () => {
    const generated = lowRankProblem({ rows: 40, columns: 40, rank: 2, density: 0.7, condition: 2 }, 4);
    const { observed } = generated.problem;
    const wrong = observed.values.map((value, e) => (e % 10 === 0 ? 1e3 : value));
    const weights = observed.values.map((_, e) => (e % 10 === 0 ? 0 : 1));
    const problem = { ...generated.problem, observed: { ...observed, values: wrong }, weights };
    for (const solver of [robustAltmin.create(), weightedLowRank.create({ mu: 5 })]) {
      const solution = await solver.solve(problem);
      expect(relativeError(solution, generated)).toBeLessThan(1e-7);
      expect(residualOf(problem, solution)).toBeLessThan(1e-8);
    }
  });

  it('pull the fit: a heavy entry is met, at the price of the others', async () => {
    const problem = problemOf({ noise: 0.5 });
    const weights = problem.observed.values.map((_, e) => (e === 5 ? 1e6 : 1));
    const error = async (given: MatrixCompletionProblem) => {
      const solution = await weightedLowRank.create({ start: 'spectral', tolerance: 1e-9 }).solve(given);
      const { rowIndices, columnIndices, values } = problem.observed as Triplets;
      return Math.abs(predict(solution, rowIndices[5], columnIndices[5]) - values[5]);
    };
    expect(await error({ ...problem, weights })).toBeLessThan(1e-3 * (await error(problem)));
  });
});

describe('regressions', () => {
  it('sketched ones agree with exact ones, for every sketch and both iterations', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('srht', 'count', 'gaussian', 'leverage'),
        fc.constantFrom('cg', 'richardson'),
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(8, 24), // at 8 a plain Richardson step diverges now and then
        fc.integer(),
        (sketch, iteration, k, factor, seed) => {
          const a = { rows: 300, cols: k, data: normals(300 * k, seed) };
          const b = normals(300, seed + 1);
          const settings = { sketch, iteration, factor, tolerance: 1e-12, maxInner: 2_000 } as const;
          const found = sketchedLeastSquares(a, b, settings, createRandom(seed));
          const { x } = exactLeastSquares(a, b);
          for (let t = 0; t < k; t++) expect(found.x[t]).toBeCloseTo(x[t], 8);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('have the solution of least norm where they are under-determined', () => {
    const { x } = exactLeastSquares(matrixFromRows([[3, 4]]), Float64Array.of(5));
    expect([...x]).toEqual([expect.closeTo(0.6, 12), expect.closeTo(0.8, 12)]);
    const { x: doubled } = exactLeastSquares(
      matrixFromRows([
        [1, 1],
        [1, 1],
      ]),
      Float64Array.of(2, 4),
    );
    expect([...doubled]).toEqual([expect.closeTo(1.5, 12), expect.closeTo(1.5, 12)]);
  });
});

describe('the median of groups', () => {
  it('withstands outliers that the plain fit does not', async () => {
    const generated = lowRankProblem({ rows: 150, columns: 150, rank: 2, density: 0.9, condition: 1.5 }, 3);
    const random = createRandom(1);
    const { observed } = generated.problem;
    const values = observed.values.map((value) => (random.uniform() < 0.002 ? 30 : value));
    const problem = { ...generated.problem, observed: { ...observed, values } };
    const options = { tolerance: 1e-6, maxIterations: 60 } as const;
    const plain = await robustAltmin.create(options).solve(problem);
    const median = await robustAltmin.create({ ...options, median: 9 }).solve(problem);
    expect(relativeError(median, generated)).toBeLessThan(0.5 * relativeError(plain, generated));
  });

  it('is refused for an even number of groups', () => {
    expect(() => robustAltmin.create({ median: 2 })).toThrow(
      expect.objectContaining({ code: 'invalid-options' }),
    );
  });
});

describe('the partitioned algorithm', () => {
  it('takes as many iterations as the accuracy asks for', async () => {
    const problem = problemOf({ rows: 300, columns: 280, density: 0.9 });
    const solution = await robustAltminTheory.create({ accuracy: 0.05 }).solve(problem);
    expect(solution.iterations.outer).toBe(5); // ceil(log2(20))
    expect(solution.history.at(-1)!.residual).toBeLessThan(0.05);
  });

  it('refuses fewer observations than parts', async () => {
    await expect(robustAltminTheory.create({ outer: 500 }).solve(problemOf())).rejects.toMatchObject({
      code: 'invalid-problem',
    });
  });
});

describe('the rank', () => {
  it('is found by held-out error where the problem names none', async () => {
    for (const [rank, seed] of [
      [2, 1],
      [4, 2],
    ] as const) {
      const { rank: _given, ...problem } = problemOf(
        { rows: 80, columns: 70, rank, density: 0.6, noise: 0.02 },
        seed,
      );
      const solution = await robustAltmin.create({ maxRank: 12 }).solve(problem);
      expect(solution.rank).toBe(rank);
      expect(solution.rankTrials!.map((trial) => trial.rank)).toEqual([1, 2, 3, 4, 5, 6].slice(0, rank + 2));
    }
  });

  it('is judged by the validation entries where there are some', async () => {
    const { rank: _given, ...problem } = problemOf({
      rows: 60,
      columns: 60,
      rank: 3,
      density: 0.8,
      noise: 0.01,
    });
    const { rowIndices, columnIndices, values } = problem.observed as Triplets;
    const part = (held: boolean): Triplets => {
      const chosen = [...values.keys()].filter((e) => (e % 5 === 0) === held);
      return {
        rowIndices: Int32Array.from(chosen, (e) => rowIndices[e]),
        columnIndices: Int32Array.from(chosen, (e) => columnIndices[e]),
        values: Float64Array.from(chosen, (e) => values[e]),
      };
    };
    const solution = await robustAltmin
      .create()
      .solve({ ...problem, observed: part(false), validation: part(true) });
    expect(solution.rank).toBe(3);
    expect(solution.validationRmse).toBeLessThan(0.03);
    expect(solution.rankTrials![2].rmse).toBeLessThan(0.5 * solution.rankTrials![1].rmse);
  });

  it('of the options wins over the one of the problem, and is checked', async () => {
    const problem = problemOf({ rank: 2 });
    expect((await robustAltmin.create({ rank: 1 }).solve(problem)).rank).toBe(1);
    await expect(robustAltmin.create({ rank: 25 }).solve(problem)).rejects.toMatchObject({
      code: 'invalid-problem',
    });
  });
});

describe('predictions', () => {
  it('agree with each other, with the matrix and with the ranking', async () => {
    const problem = problemOf({ noise: 0.1 });
    const solution = await robustAltmin.create({ centring: 'biases', ridge: 0.05 }).solve(problem);
    const dense = toDense(solution);
    const places = Array.from({ length: 50 }, (_, k) => [(7 * k) % 30, (5 * k) % 24] as const);
    const many = predictMany(
      solution,
      places.map(([i]) => i),
      places.map(([, j]) => j),
    );
    for (const [k, [i, j]] of places.entries()) {
      expect(many[k]).toBe(predict(solution, i, j));
      expect(many[k]).toBeCloseTo(dense.data[i * 24 + j], 12);
    }
    const exclude = [0, 3];
    const order = Array.from({ length: 24 }, (_, j) => j)
      .filter((j) => !exclude.includes(j))
      .sort((a, b) => dense.data[2 * 24 + b] - dense.data[2 * 24 + a]);
    expect(topColumns(solution, 2, 5, { exclude }).map(({ column }) => column)).toEqual(order.slice(0, 5));
    expect(() => predict(solution, 30, 0)).toThrow(RangeError);
    expect(() => predictMany(solution, [0], [0, 1])).toThrow(RangeError);
    expect(() => topColumns(solution, -1, 1)).toThrow(RangeError);
  });

  it('for a new row need no new fit', async () => {
    const generated = lowRankProblem({ rows: 60, columns: 50, rank: 3, density: 0.6 }, 5);
    const solution = await robustAltmin.create().solve(generated.problem);
    const { right } = generated;
    const tastes = [0.7, -1.2, 0.4];
    const entry = (j: number) => tastes.reduce((sum, taste, t) => sum + 9 * taste * right.data[j * 3 + t], 0);
    const columnIndices = Int32Array.of(1, 8, 15, 22, 30);
    const folded = foldIn(solution, { columnIndices, values: Float64Array.from(columnIndices, entry) });
    for (const j of [0, 11, 49]) expect(folded.predict(j)).toBeCloseTo(entry(j), 6);
    expect(folded.top(50)).toHaveLength(45);
    const [best] = folded.top(1);
    expect(best.value).toBeCloseTo(folded.predict(best.column), 12);
    expect(() =>
      foldIn(solution, { columnIndices: Int32Array.of(1, 1), values: Float64Array.of(1, 2) }),
    ).toThrow(/twice/);
    expect(() => foldIn(solution, { columnIndices: Int32Array.of(99), values: Float64Array.of(1) })).toThrow(
      /column 99/,
    );
    expect(() =>
      foldIn(solution, { columnIndices: Int32Array.of(1), values: Float64Array.of(Number.NaN) }),
    ).toThrow(/finite/);
    expect(() => foldIn(solution, { columnIndices: new Int32Array(0), values: new Float64Array(0) })).toThrow(
      /one at least/,
    );
  });

  it('of a row that was in the fit are those of the fit', async () => {
    const problem = problemOf({ density: 0.8 });
    const solution = await altminExact.create({ tolerance: 0 }).solve(problem);
    const { rowIndices, columnIndices, values } = problem.observed as Triplets;
    const mine = [...rowIndices.keys()].filter((e) => rowIndices[e] === 4);
    const folded = foldIn(solution, {
      columnIndices: Int32Array.from(mine, (e) => columnIndices[e]),
      values: Float64Array.from(mine, (e) => values[e]),
    });
    for (let j = 0; j < 24; j++) expect(folded.predict(j)).toBeCloseTo(predict(solution, 4, j), 6);
  });
});

describe('the error of factors', () => {
  it('is that of the matrices', () => {
    const generated = lowRankProblem({ rows: 12, columns: 9, rank: 2, density: 0.5 }, 1);
    const [u, v] = [
      { rows: 12, cols: 2, data: normals(24, 2) },
      { rows: 9, cols: 2, data: normals(18, 3) },
    ];
    const truth = gemm(generated.left, generated.right, { transposeB: true }).data;
    const found = gemm(u, v, { transposeB: true }).data;
    const norm = (list: Float64Array) => Math.sqrt(list.reduce((sum, x) => sum + x * x, 0));
    const expected = norm(found.map((x, e) => x - truth[e])) / norm(truth);
    expect(relativeError({ u, v }, generated)).toBeCloseTo(expected, 12);
  });
});
