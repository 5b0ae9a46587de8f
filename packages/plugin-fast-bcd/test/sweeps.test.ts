import { createRandom } from '@espalier/core';
import { csrFromDense, type Matrix, syrk, transpose } from '@espalier/linalg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { minimiseBlock } from '../src/block-minimization.js';
import {
  type CompositeProblem,
  fastBcd,
  leastSquaresData,
  logisticData,
  type Regularizer,
} from '../src/index.js';
import { blockTerm, createTerm, feasible } from '../src/regularizer.js';
import { sparseDesign } from '../src/sparse-design.js';
import { minimiseBySweeps } from '../src/sweep-minimization.js';
import { randomLeastSquares, randomLogistic, randomMatrix, randomSoftmax, randomVector } from './fixture.js';

const REGULARIZERS: Readonly<Record<string, Regularizer>> = {
  none: { kind: 'none' },
  l1: { kind: 'l1', weight: 1.5 },
  'non-negative': { kind: 'non-negative' },
  'non-negative with weight': { kind: 'non-negative', weight: 0.7 },
  box: { kind: 'box', lower: -0.1, upper: 0.2 },
  'half-line': { kind: 'box', lower: Number.NEGATIVE_INFINITY, upper: 0 },
};
const sparse = <P extends CompositeProblem>(problem: P): P => ({
  ...problem,
  objective: { ...problem.objective, A: csrFromDense((problem.objective as { A: Matrix }).A) },
});

describe('sweeps through the columns of a block', () => {
  it.each(Object.entries(REGULARIZERS))(
    'lower the model nearly as far as it goes: %s',
    (name, regularizer) => {
      fc.assert(
        fc.property(
          fc.integer(),
          fc.integer({ min: 1, max: 40 }),
          fc.constantFrom(0, 0.3),
          // 150 rows: the design is in WebAssembly memory; 12: it is not, and has fewer rows than columns.
          fc.constantFrom(12, 150),
          fc.boolean(),
          (seed, size, ridge, rows, weighted) => {
            const random = createRandom(seed);
            const A = randomMatrix(rows, 50, random);
            const block = random.sample(50, size).sort();
            const factors = weighted ? randomVector(rows, random).map(Math.abs) : undefined;
            const B = { ...sparseDesign(csrFromDense(A)).gatherColumns!(block, factors), ridge };
            const term = createTerm(regularizer, 50);
            const x = feasible(term, randomVector(50, random));
            const own = Float64Array.from(block, (i) => x[i]);
            const g = randomVector(size, random).map((v) => 20 * v);
            const r = blockTerm(term, block);
            // Without curvature a block may have no minimum, and with hardly any (nearly square) sweeps take long to it.
            if (rows < 2 * size && ridge === 0 && name !== 'box') return;
            const d = minimiseBySweeps(B, g, own, r);
            const H = hessianOf(A, block, factors, ridge);
            const model = (step: Float64Array) =>
              step.reduce((sum, v, i) => {
                const curvature = step.reduce((h, w, j) => h + H.data[i * size + j] * w, 0);
                const change = r.weight * (Math.abs(own[i] + v) - Math.abs(own[i]));
                return sum + v * (g[i] + 0.5 * curvature) + change;
              }, 0);
            // The exact minimiser, by the dense method.
            const least = model(minimiseBlock(H, g, own, r));
            expect(least).toBeLessThanOrEqual(model(d) + 1e-9);
            expect(model(d)).toBeLessThanOrEqual(0.8 * least + 1e-9);
            d.forEach((v, i) => {
              // The step is a difference: adding it again may round.
              expect(own[i] + v).toBeGreaterThanOrEqual(r.lower[i] - 1e-15);
              expect(own[i] + v).toBeLessThanOrEqual(r.upper[i] + 1e-15);
            });
          },
        ),
        { numRuns: 60 },
      );
    },
  );
});

/** B'B + ridge I by the dense product. */
function hessianOf(A: Matrix, block: Int32Array, factors: Float64Array | undefined, ridge: number): Matrix {
  const columns = transpose(A);
  const rows = A.rows;
  const data = new Float64Array(block.length * rows);
  block.forEach((j, k) => {
    for (let i = 0; i < rows; i++) data[k * rows + i] = (factors?.[i] ?? 1) * columns.data[j * rows + i];
  });
  const H = syrk({ rows: block.length, cols: rows, data });
  for (let j = 0; j < block.length; j++) H.data[j * block.length + j] += ridge;
  return H;
}

describe("the update 'coordinate-sweeps'", () => {
  it.each(
    Object.entries(REGULARIZERS).flatMap(([name, r]) =>
      (['working-set', 'gsq-prox', 'all', 'random'] as const).map(
        (selection) => [name, selection, r] as const,
      ),
    ),
  )('reaches the minimum: %s, %s', async (_name, selection, regularizer) => {
    for (const make of [randomLeastSquares, randomLogistic]) {
      const problem = sparse(make(25, 8, 2, regularizer));
      const { value: minimum } = await fastBcd
        .create({ tolerance: 1e-10, update: 'projected-newton', selection: 'all' })
        .solve(problem);
      const found = await fastBcd
        .create({ update: 'coordinate-sweeps', selection, blockSize: 5, tolerance: 1e-9 })
        .solve({ ...problem, minimum });
      expect(found.reason).toBe('converged');
    }
  });

  it('is what the working set does by itself on sparse data, and finds what dense matrices find', async () => {
    const size = { rows: 100, columns: 600 };
    for (const problem of [
      { ...leastSquaresData(size, 3), regularizer: { kind: 'l1', weight: 2000 } },
      { ...leastSquaresData(size, 3), regularizer: { kind: 'l1', weight: 2000 }, l2: 300 },
      { ...logisticData(size, 3), regularizer: { kind: 'l1', weight: 5 } },
      { ...logisticData(size, 3), regularizer: { kind: 'non-negative', weight: 3 } },
    ] as const) {
      const [own, named, exact] = [
        await fastBcd.create().solve(problem),
        await fastBcd.create({ selection: 'working-set', update: 'coordinate-sweeps' }).solve(problem),
        await fastBcd.create({ update: 'projected-newton', tolerance: 1e-10 }).solve(problem),
      ];
      expect(own.x).toEqual(named.x);
      expect(own.converged).toBe(true);
      expect(own.support.length).toBeGreaterThan(5);
      expect([...own.support]).toEqual([...exact.support]);
      expect(Math.abs(own.value - exact.value)).toBeLessThan(1e-11 * Math.abs(exact.value) + 1e-9);
    }
  });

  it('stands still at a minimum', async () => {
    // Orthogonal columns: the soft threshold of y is the minimiser.
    const A = csrFromDense({ rows: 3, cols: 3, data: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1) });
    const problem = {
      objective: { kind: 'least-squares', A, y: Float64Array.of(3, -0.1, 0.7) },
      regularizer: { kind: 'l1', weight: 0.1 },
      x0: Float64Array.of(2.9, 0, 0.6),
    } as const;
    const { x, converged } = await fastBcd
      .create({ update: 'coordinate-sweeps', tolerance: 1e-14, maxIterations: 100 })
      .solve(problem);
    expect(converged).toBe(true);
    [2.9, 0, 0.6].forEach((v, i) => void expect(x[i]).toBeCloseTo(v, 14));
  });

  it('is refused where there are no sparse columns, and on a simplex', async () => {
    const simplex = sparse(randomLeastSquares(9, 5, 1, { kind: 'simplex' }));
    for (const problem of [randomLeastSquares(9, 5, 1), randomSoftmax(9, 5, 3, 1), simplex]) {
      await expect(fastBcd.create({ update: 'coordinate-sweeps' }).solve(problem)).rejects.toMatchObject({
        code: 'unsupported',
        message: expect.stringMatching(/coordinate-sweeps/),
      });
    }
    expect((await fastBcd.create().solve(simplex)).converged).toBe(true);
  });
});
