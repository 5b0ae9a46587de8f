import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CsrMatrix,
  CsrRowBuilder,
  conjugateGradient,
  createCsr,
  createMatrix,
  createWorkspace,
  csrFromDense,
  csrFromTriplets,
  csrMatvec,
  csrMatvecTransposed,
  csrToDense,
  csrTranspose,
  gemv,
  gemvTransposed,
  identity,
  jacobi,
  placeCsr,
} from '../src/index.js';
import {
  largestDifference,
  naiveTranspose,
  randomPositiveDefinite,
  randomSource,
  randomVector,
} from './random.js';

/** Triplets with repeats, and the dense matrix that they add up to. */
function randomTriplets(seed: number, rows: number, cols: number, count: number) {
  const random = randomSource(seed);
  const r = Int32Array.from({ length: count }, () => Math.floor(random(0, rows)));
  const c = Int32Array.from({ length: count }, () => Math.floor(random(0, cols)));
  const v = Float64Array.from({ length: count }, () => random(-1, 1));
  const dense = createMatrix(rows, cols);
  v.forEach((value, k) => {
    dense.data[r[k] * cols + c[k]] += value;
  });
  return { r, c, v, dense };
}

const shape = fc.tuple(
  fc.integer({ min: 1, max: 25 }),
  fc.integer({ min: 1, max: 25 }),
  fc.integer({ min: 0, max: 150 }),
  fc.integer(),
);

describe('compressed sparse rows', () => {
  test('triplets in any order, with repeats, give the dense matrix and a valid structure', () => {
    fc.assert(
      fc.property(shape, ([rows, cols, count, seed]) => {
        const { r, c, v, dense } = randomTriplets(seed, rows, cols, count);
        const a = csrFromTriplets(rows, cols, r, c, v);
        expect(largestDifference(csrToDense(a).data, dense.data)).toBeLessThan(1e-14);
        createCsr(rows, cols, a.rowPointers, a.columnIndices, a.values);
        expect(csrToDense(csrFromDense(dense))).toEqual(dense);
        expect(csrToDense(csrTranspose(a))).toEqual(naiveTranspose(csrToDense(a)));
      }),
    );
  });

  test('products agree with the dense ones, in the heap and in a workspace', () => {
    const workspace = createWorkspace(1 << 20);
    const floor = workspace.mark();
    fc.assert(
      fc.property(shape, ([rows, cols, count, seed]) => {
        workspace.release(floor);
        const { r, c, v } = randomTriplets(seed, rows, cols, count);
        const heap = csrFromTriplets(rows, cols, r, c, v);
        const dense = csrToDense(heap);
        const x = randomVector(seed + 1, cols);
        const y = randomVector(seed + 2, rows);
        for (const a of [heap, placeCsr(workspace, heap)]) {
          const out = new Float64Array(rows).fill(NaN);
          expect(largestDifference(csrMatvec(a, x, out), gemv(dense, x))).toBeLessThan(1e-13);
          expect(largestDifference(csrMatvecTransposed(a, y), gemvTransposed(dense, y))).toBeLessThan(1e-13);
        }
      }),
    );
  });

  test('a builder takes rows one by one and grows', () => {
    const builder = new CsrRowBuilder(3, 10, 1);
    builder.appendRow(Int32Array.of(1, 9), Float64Array.of(2, 3));
    builder.appendRow(new Int32Array(0), new Float64Array(0));
    expect(() => builder.finish()).toThrow('Only 2 of 3 rows');
    builder.appendRow(Int32Array.of(0, 4, 5), Float64Array.of(4, 5, 6));
    const a = builder.finish();
    expect([...a.rowPointers]).toEqual([0, 2, 2, 5]);
    expect([...a.columnIndices]).toEqual([1, 9, 0, 4, 5]);
    expect([...a.values]).toEqual([2, 3, 4, 5, 6]);
    expect(() => builder.appendRow(new Int32Array(0), new Float64Array(0))).toThrow('All 3 rows');
  });

  test('a malformed structure is refused', () => {
    const make = (pointers: number[], columns: number[]): CsrMatrix =>
      createCsr(2, 3, Int32Array.from(pointers), Int32Array.from(columns), new Float64Array(columns.length));
    expect(make([0, 1, 2], [2, 0]).rows).toBe(2);
    expect(() => make([0, 1], [0])).toThrow('rows + 1 = 3 positions');
    expect(() => make([0, 1, 3], [0, 1])).toThrow('from 0 to 2');
    expect(() => make([0, 2, 1, 2], [0, 1])).toThrow(RangeError);
    expect(() => make([0, 3, 2], [0, 1])).toThrow('must not decrease');
    expect(() => make([0, 1, 2], [0, 3])).toThrow('must ascend within 0..2; found 3');
    expect(() => make([0, 2, 2], [1, 1])).toThrow('found 1 after 1');
    expect(() => make([0, 1, 2], [-1, 0])).toThrow('found -1');
    expect(() => csrFromTriplets(2, 2, [0, 2], [0, 0], new Float64Array(2))).toThrow('Triplet 1 has row 2');
    expect(() => csrFromTriplets(2, 2, [0], [0, 0], new Float64Array(2))).toThrow(
      'as many rows and columns as values',
    );
    expect(() => csrMatvec(make([0, 1, 2], [2, 0]), new Float64Array(2))).toThrow('x must hold 3 numbers');
  });
});

describe('conjugate gradients', () => {
  const operator = (a: ReturnType<typeof identity>) => (x: Float64Array, out: Float64Array) => {
    gemv(a, x, { out });
  };

  test('solve to the tolerance asked, plain and preconditioned', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer(), fc.boolean(), (n, seed, preconditioned) => {
        const a = randomPositiveDefinite(seed, n);
        for (let i = 0; i < n; i++) a.data[i * n + i] *= 1 + i;
        const b = randomVector(seed + 1, n);
        const diagonal = Float64Array.from({ length: n }, (_, i) => a.data[i * n + i]);
        const options = preconditioned ? { preconditioner: jacobi(diagonal) } : {};
        const result = conjugateGradient(operator(a), b, { tolerance: 1e-10, ...options });
        const residual = gemv(a, result.x).map((v, i) => b[i] - v);
        expect(result.converged).toBe(true);
        expect(Math.hypot(...residual)).toBeLessThanOrEqual(1.5e-10 * Math.hypot(...b));
      }),
    );
  });

  test('k distinct eigenvalues need k iterations; Jacobi makes a diagonal system one', () => {
    const diagonal = Float64Array.from({ length: 30 }, (_, i) => 1 + (i % 3));
    const apply = (x: Float64Array, out: Float64Array) => out.set(x.map((v, i) => v * diagonal[i]));
    const b = randomVector(1, 30);
    expect(conjugateGradient(apply, b, { tolerance: 1e-12 }).iterations).toBe(3);
    expect(
      conjugateGradient(apply, b, { tolerance: 1e-12, preconditioner: jacobi(diagonal) }).iterations,
    ).toBe(1);
  });

  test('a singular consistent system: the graph Laplacian of a ring', () => {
    const n = 16;
    const apply = (x: Float64Array, out: Float64Array) => {
      for (let i = 0; i < n; i++) out[i] = 2 * x[i] - x[(i + 1) % n] - x[(i + n - 1) % n];
    };
    const b = new Float64Array(n);
    b[0] = 1;
    b[8] = -1;
    const { x, converged } = conjugateGradient(apply, b, { tolerance: 1e-12 });
    expect(converged).toBe(true);
    // Two paths of eight unit resistors in parallel.
    expect(x[0] - x[8]).toBeCloseTo(4, 10);
  });

  test('ends: cap, stop, indefinite, warm start, zero right-hand side', () => {
    const a = randomPositiveDefinite(2, 20);
    const b = randomVector(3, 20);
    const capped = conjugateGradient(operator(a), b, { maxIterations: 2, tolerance: 1e-14 });
    expect(capped).toMatchObject({ converged: false, reason: 'max-iterations', iterations: 2 });
    const norms: number[] = [];
    const stopped = conjugateGradient(operator(a), b, {
      tolerance: 1e-14,
      shouldStop: (iteration, norm) => {
        norms.push(norm);
        return iteration === 3;
      },
    });
    expect(stopped).toMatchObject({ converged: false, reason: 'stopped', iterations: 3 });
    expect(norms).toHaveLength(4);
    const negative = conjugateGradient((x, out) => out.set(x.map((v) => -v)), b);
    expect(negative).toMatchObject({ converged: false, reason: 'indefinite', iterations: 0 });
    const { x } = conjugateGradient(operator(a), b, { tolerance: 1e-13 });
    const start = new Float64Array(x);
    expect(conjugateGradient(operator(a), b, { initial: start, tolerance: 1e-8 }).iterations).toBe(0);
    expect(start).toEqual(x);
    expect(conjugateGradient(operator(a), new Float64Array(20))).toMatchObject({
      converged: true,
      iterations: 0,
    });
  });

  test('wrong options are refused', () => {
    const apply = operator(identity(2));
    expect(() => conjugateGradient(apply, Float64Array.of(1, NaN))).toThrow('entry 1 is NaN');
    expect(() => conjugateGradient(apply, new Float64Array(2), { tolerance: 0 })).toThrow(
      'tolerance must be a positive',
    );
    expect(() => conjugateGradient(apply, new Float64Array(2), { initial: new Float64Array(3) })).toThrow(
      'initial',
    );
    expect(() => jacobi(Float64Array.of(1, 0))).toThrow(
      'diagonal[1] must be a positive finite number; got 0',
    );
  });
});
