import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CsrMatrix,
  createMatrix,
  csrFromDense,
  csrProximalSweep,
  csrRowAxpyInPlace,
  csrRowDot,
  csrSelectRows,
  csrSquaredNorms,
  csrToDense,
  csrTranspose,
  type ProximalSweep,
  rowAxpyInPlace,
  rowDot,
  type Workspace,
} from '../src/index.js';
import { Arena } from '../src/workspace.js';
import { places } from './places.js';
import { largestDifference, naiveTranspose, randomMatrix, randomSource, randomVector } from './random.js';

/** About half of the entries are 0. */
function randomSparse(seed: number, rows: number, cols: number): CsrMatrix {
  const random = randomSource(seed);
  const dense = createMatrix(rows, cols);
  for (let k = 0; k < dense.data.length; k++) dense.data[k] = Math.max(0, random(-1, 1));
  return csrFromDense(dense);
}

const shape = fc.tuple(fc.integer({ min: 1, max: 15 }), fc.integer({ min: 1, max: 15 }), fc.integer());

describe('rows of a dense matrix', () => {
  test('times a vector, and added to one, in every place', () => {
    for (const cols of [1, 3, 8, 21]) {
      const a = randomMatrix(cols, 4, cols);
      const x = randomVector(cols + 1, cols);
      for (const place of places) {
        // Fresh memory for each: both operands in one workspace use SIMD.
        const [inside, vector] = [place.matrix(a), place.vector(x)];
        for (let i = 0; i < 4; i++) {
          const row = a.data.slice(i * cols, (i + 1) * cols);
          const product = row.reduce((sum, v, j) => sum + v * x[j], 0);
          expect(rowDot(inside, i, vector)).toBeCloseTo(product, 12);
          expect(rowDot(inside, i, x)).toBeCloseTo(product, 12);
          const y = place.vector(x);
          rowAxpyInPlace(inside, i, -2, y);
          const sum = x.map((v, j) => v - 2 * row[j]);
          expect(largestDifference(y, sum)).toBeLessThan(1e-14);
        }
      }
    }
    const a = randomMatrix(1, 2, 3);
    expect(() => rowDot(a, 0, new Float64Array(2))).toThrow('x must hold 3 numbers');
    expect(() => rowAxpyInPlace(a, 0, 1, new Float64Array(4))).toThrow('y must hold 3 numbers');
  });
});

describe('rows of a sparse matrix', () => {
  test('times a vector, added to one, their lengths, and some of them scaled: as in the dense matrix', () => {
    const workspace = new Arena(1 << 16);
    const floor = workspace.mark();
    fc.assert(
      fc.property(shape, ([rows, cols, seed]) => {
        workspace.release(floor);
        const a = randomSparse(seed, rows, cols);
        const { data } = csrToDense(a);
        const x = randomVector(seed + 1, cols);
        const order = Int32Array.from({ length: rows }, (_, k) => rows - 1 - k);
        const factors = randomVector(seed + 2, cols);
        for (let i = 0; i < rows; i++) {
          const row = data.slice(i * cols, (i + 1) * cols);
          expect(csrRowDot(a, i, x)).toBeCloseTo(
            row.reduce((sum, v, j) => sum + v * x[j], 0),
            12,
          );
          const y = x.slice();
          csrRowAxpyInPlace(a, i, -2, y);
          expect(
            largestDifference(
              y,
              x.map((v, j) => v - 2 * row[j]),
            ),
          ).toBeLessThan(1e-14);
          expect(csrSquaredNorms(a)[i]).toBeCloseTo(
            row.reduce((sum, v) => sum + v * v, 0),
            12,
          );
        }
        for (const where of [undefined, workspace]) {
          expect(csrToDense(csrTranspose(a, where))).toEqual(naiveTranspose(csrToDense(a)));
          const selected = csrToDense(csrSelectRows(a, order, factors, where)).data;
          order.forEach((i, k) => {
            for (let j = 0; j < cols; j++)
              expect(selected[k * cols + j]).toBeCloseTo(data[i * cols + j] * factors[j], 15);
          });
        }
      }),
    );
  });

  test('vectors of another length are refused', () => {
    const a = randomSparse(1, 3, 4);
    expect(() => csrRowDot(a, 0, new Float64Array(3))).toThrow('x must hold 4 numbers');
    expect(() => csrRowAxpyInPlace(a, 0, 1, new Float64Array(5))).toThrow('y must hold 4 numbers');
    expect(() => csrSelectRows(a, Int32Array.of(0), new Float64Array(3))).toThrow('columnFactors');
  });
});

describe('a sweep of proximal coordinate descent', () => {
  const levels = ['relaxed', 'simd', 'none'] as const;

  /** linear'x + 0.5 ||B x||^2 + (ridge/2) ||x||^2 + weight ||x||_1 from the dense matrix. */
  const objectiveAt = ({ columns, linear, ridge, weight }: ProximalSweep, x: Float64Array): number => {
    const { data } = csrToDense(columns);
    const { rows: n, cols: m } = columns;
    const u = Float64Array.from({ length: m }, (_, i) =>
      x.reduce((sum, v, j) => sum + v * data[j * m + i], 0),
    );
    const entries = Array.from({ length: n }, (_, j) => j);
    return (
      0.5 * u.reduce((sum, v) => sum + v * v, 0) +
      entries.reduce(
        (sum, j) => sum + linear[j] * x[j] + 0.5 * ridge * x[j] ** 2 + weight * Math.abs(x[j]),
        0,
      )
    );
  };
  const problem = (
    seed: number,
    n: number,
    m: number,
    weight: number,
    workspace?: Workspace,
  ): ProximalSweep => {
    const columns = csrSelectRows(
      randomSparse(seed, n, m),
      Int32Array.from({ length: n }, (_, j) => j),
      undefined,
      workspace,
    );
    const ridge = 0.25;
    const place = (v: Float64Array) => workspace?.place(v) ?? v;
    return {
      columns,
      ridge,
      weight,
      curvature: place(csrSquaredNorms(columns).map((v) => v + ridge)),
      linear: place(randomVector(seed + 1, n, -2, 2)),
      lower: place(new Float64Array(n).fill(-0.4)),
      upper: place(Float64Array.from({ length: n }, (_, j) => (j % 2 === 0 ? 0.3 : Infinity))),
      x: place(new Float64Array(n)),
      u: place(new Float64Array(m)),
    };
  };

  test('takes each entry to its minimiser, in order, and keeps u = B x; the same in every place', () => {
    fc.assert(
      fc.property(shape, fc.constantFrom(0, 0.7), ([n, m, seed], weight) => {
        const heap = problem(seed, n, m, weight);
        const backwards = Int32Array.from({ length: n }, (_, k) => n - 1 - k);
        const single = problem(seed, n, m, weight);
        for (const j of backwards) {
          csrProximalSweep(single, Int32Array.of(j));
          const at = objectiveAt(single, single.x);
          // No other value of this entry is better.
          for (const shift of [-0.3, -0.01, 1e-4, 0.01, 0.3]) {
            const other = single.x.slice();
            other[j] = Math.min(single.upper[j], Math.max(single.lower[j], other[j] + shift));
            expect(objectiveAt(single, other)).toBeGreaterThanOrEqual(at - 1e-12);
          }
        }
        const left = csrProximalSweep(heap, backwards);
        expect(heap.x).toEqual(single.x);
        const { data } = csrToDense(heap.columns);
        const u = heap.u.map((_, i) => heap.x.reduce((sum, v, j) => sum + v * data[j * m + i], 0));
        expect(largestDifference(u, heap.u)).toBeLessThan(1e-13);
        for (const level of levels) {
          const workspace = new Arena(1 << 14, level);
          const inside = problem(seed, n, m, weight, workspace);
          const order = workspace.allocateInt32(n);
          order.set(backwards);
          expect(csrProximalSweep(inside, order)).toBeCloseTo(left, 12);
          expect(largestDifference(inside.x, heap.x)).toBeLessThan(1e-13);
          expect(largestDifference(inside.u, heap.u)).toBeLessThan(1e-13);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('comes to rest at the minimum, leaves entries without curvature alone, refuses wrong lengths', () => {
    const sweep = problem(3, 6, 9, 0.2);
    const all = Int32Array.from({ length: 6 }, (_, j) => j);
    for (let k = 0; k < 2000; k++) csrProximalSweep(sweep, all);
    expect(csrProximalSweep(sweep, all)).toBeLessThan(1e-14);
    const empty = { ...problem(3, 6, 9, 0.2), curvature: new Float64Array(6) };
    expect(csrProximalSweep(empty, all)).toBe(0);
    expect([...empty.x]).toEqual([0, 0, 0, 0, 0, 0]);
    expect(() => csrProximalSweep({ ...sweep, u: new Float64Array(8) }, all)).toThrow('u must hold 9');
    expect(() => csrProximalSweep({ ...sweep, lower: new Float64Array(5) }, all)).toThrow(
      'lower must hold 6',
    );
  });
});
