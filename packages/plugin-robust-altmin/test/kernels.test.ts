import { createRandom } from '@espalier/core';
import { describe, expect, it } from 'vitest';
import { createArena } from '../src/arena.js';
import { prepareEntries } from '../src/entries.js';
import { createFactor, fillFactor } from '../src/factor.js';
import type { CompletionKernels } from '../src/kernels.js';
import { createPlainKernels } from '../src/plain-kernels.js';
import { placeSide, type Side, sideArguments } from '../src/side.js';
import { maxDifference, normals, problemOf } from './fixture.js';

/** One side of a random problem in an arena, with weights or without, and both implementations of the kernels. */
function bench(size: number, weighted: boolean, density = 0.5) {
  const problem = problemOf({ rows: 40, columns: 33, rank: size, density }, size);
  const count = problem.observed.values.length;
  const random = createRandom(size);
  const entries = prepareEntries({
    ...problem,
    ...(weighted && {
      weights: Float64Array.from({ length: count }, () => (random.uniform() < 0.1 ? 0 : random.uniform())),
    }),
  });
  const arena = createArena(2 ** 20, 'single');
  const side = placeSide(arena, entries, 3);
  const fixed = createFactor(arena, 33, size);
  fillFactor(fixed, { rows: 33, cols: size, data: normals(33 * size, 1) });
  const unknown = createFactor(arena, 40, size);
  const scratch = arena.float64((size + 3) * (size + 4));
  const plain = createPlainKernels(unknown.data.buffer);
  return { arena, side, fixed, unknown, scratch, simd: arena.kernels, plain };
}

type Bench = ReturnType<typeof bench>;

function both(b: Bench, run: (kernels: CompletionKernels, side: Side) => number) {
  const results = [b.simd, b.plain].map((kernels) => {
    fillFactor(b.unknown, { rows: 40, cols: b.unknown.size, data: normals(40 * b.unknown.size, 2) });
    b.side.squares.fill(Number.NaN);
    const returned = run(kernels, b.side);
    return { returned, unknown: b.unknown.data.slice(), squares: b.side.squares.slice() };
  });
  return results as [(typeof results)[0], (typeof results)[0]];
}

describe('the kernels', () => {
  const sizes = [1, 2, 3, 4, 5, 8, 11];
  const cases = sizes.flatMap((size) => [false, true].map((weighted) => [size, weighted] as const));

  it('run as WebAssembly here', () => {
    const { simd, plain } = bench(2, false);
    expect(simd.cgRows.toString()).toContain('native code');
    expect(plain.cgRows.toString()).not.toContain('native code');
  });

  it.each(cases)('conjugate gradients agree with plain loops (size %d, weights %s)', (size, weighted) => {
    const b = bench(size, weighted);
    for (const [ridge, steps, reduction] of [
      [0, 2, 0],
      [0.1, 3, 0],
      [0, 50, 0.5],
    ] as const) {
      const [x, y] = both(b, (kernels, side) =>
        kernels.cgRows(
          0,
          40,
          ...sideArguments(side),
          b.fixed.data.byteOffset,
          b.fixed.stride,
          b.unknown.data.byteOffset,
          ridge,
          steps,
          reduction,
          side.squares.byteOffset,
          b.scratch.byteOffset,
        ),
      );
      if (steps < size || reduction > 0.1) expect(x.returned).toBe(y.returned); // else rounding decides
      expect(maxDifference(x.unknown, y.unknown)).toBeLessThan(1e-9);
      expect(maxDifference(x.squares, y.squares)).toBeLessThan(1e-9);
      // What the recurrence says of the residual is what a pass of its own finds.
      b.unknown.data.set(x.unknown);
      b.simd.residualRows(
        0,
        40,
        ...sideArguments(b.side),
        b.fixed.data.byteOffset,
        b.fixed.stride,
        b.unknown.data.byteOffset,
        b.side.squares.byteOffset,
        0,
        b.scratch.byteOffset,
      );
      expect(maxDifference(x.squares, b.side.squares)).toBeLessThan(1e-9);
    }
  });

  it.each(cases)(
    'exact rows agree with plain loops and with conjugate gradients (size %d, weights %s)',
    (size, weighted) => {
      const b = bench(size, weighted, 0.9);
      const [x, y] = both(b, (kernels, side) =>
        kernels.exactRows(
          0,
          40,
          ...sideArguments(side),
          b.fixed.data.byteOffset,
          b.fixed.stride,
          b.unknown.data.byteOffset,
          0.01,
          size,
          side.squares.byteOffset,
          b.scratch.byteOffset,
        ),
      );
      expect(x.returned).toBe(y.returned);
      expect(maxDifference(x.unknown, y.unknown)).toBeLessThan(1e-8);
      expect(maxDifference(x.squares, y.squares)).toBeLessThan(1e-8);
      const [z] = both(b, (kernels, side) =>
        kernels.cgRows(
          0,
          40,
          ...sideArguments(side),
          b.fixed.data.byteOffset,
          b.fixed.stride,
          b.unknown.data.byteOffset,
          0.01,
          200,
          1e-14,
          side.squares.byteOffset,
          b.scratch.byteOffset,
        ),
      );
      expect(maxDifference(x.unknown, z.unknown)).toBeLessThan(1e-7);
    },
  );

  it('products and residuals of single entries agree with plain loops', () => {
    for (const weighted of [false, true]) {
      const b = bench(5, weighted);
      const [x, y] = both(b, (kernels, side) =>
        kernels.productRows(
          0,
          40,
          ...sideArguments(side),
          b.fixed.data.byteOffset,
          b.fixed.stride,
          b.unknown.data.byteOffset,
          b.scratch.byteOffset,
        ),
      );
      expect(maxDifference(x.unknown, y.unknown)).toBeLessThan(1e-12);
      const left = b.arena.float64(b.side.values.length);
      const found = [b.simd, b.plain].map((kernels) => {
        kernels.residualRows(
          0,
          40,
          ...sideArguments(b.side),
          b.fixed.data.byteOffset,
          b.fixed.stride,
          b.unknown.data.byteOffset,
          b.side.squares.byteOffset,
          left.byteOffset,
          b.scratch.byteOffset,
        );
        return left.slice();
      });
      expect(maxDifference(found[0], found[1])).toBeLessThan(1e-12);
    }
  });

  it('repair a singular row: the jitter leaves a solution of about least norm', () => {
    const b = bench(4, false, 0.06); // fewer than four observations in most rows
    const [x, y] = both(b, (kernels, side) =>
      kernels.exactRows(
        0,
        40,
        ...sideArguments(side),
        b.fixed.data.byteOffset,
        b.fixed.stride,
        b.unknown.data.byteOffset,
        0,
        4,
        side.squares.byteOffset,
        b.scratch.byteOffset,
      ),
    );
    expect(x.returned).toBeGreaterThan(10);
    expect(x.returned).toBe(y.returned);
    expect(x.unknown.every(Number.isFinite)).toBe(true);
    expect(Math.max(...x.unknown.map(Math.abs))).toBeLessThan(100);
  });
});
