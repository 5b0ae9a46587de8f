import { createRandom, defaultServices } from '@espalier/core';
import { csrToDense, type Matrix } from '@espalier/linalg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { denseCoupling, sparseCoupling } from '../src/coupling.js';
import { evaluateDual } from '../src/dual-potential.js';
import { isFeasible } from '../src/feasibility.js';
import { searchLine } from '../src/line-search.js';
import { logSweepInPlace } from '../src/log-sweep.js';
import { startMonitor } from '../src/monitor.js';
import { solveByConjugateGradient } from '../src/newton-cg.js';
import { newtonSystem, slope } from '../src/newton-system.js';
import { assemblePlan } from '../src/plan.js';
import { solveBySchur } from '../src/schur.js';
import { nextShift, shiftAfterFailure } from '../src/shift.js';
import { createHistogram, keepLargest, keepMass } from '../src/sparsify.js';
import { prepareTransport } from '../src/transport.js';
import { randomProblem } from './fixture.js';

/** A random problem after two sweeps, and its P. */
function afterSweeps(n: number, m: number, eta: number, seed: number, change = {}) {
  const t = prepareTransport({ ...randomProblem(n, m, eta, seed), ...change });
  const [x, y] = [t.x0.slice(), t.y0.slice()];
  logSweepInPlace(t, x, y);
  logSweepInPlace(t, x, y);
  const histogram = createHistogram();
  const point = evaluateDual(t, x, y, histogram);
  const p = assemblePlan(t, point, 'dense').plan as Matrix;
  return { t, point, histogram, p };
}

const sizes = { n: fc.integer({ min: 1, max: 12 }), m: fc.integer({ min: 1, max: 12 }), seed: fc.integer() };

describe('sparsification', () => {
  it('keeps the largest entries of P, as sorting would', () => {
    fc.assert(
      fc.property(fc.record({ ...sizes, share: fc.double({ min: 0.01, max: 1, noNaN: true }) }), (c) => {
        const { t, point, histogram, p } = afterSweeps(c.n, c.m, 40, c.seed);
        const count = Math.ceil(c.share * c.n * c.m);
        const { s, rho } = keepLargest(t, point, histogram, count);
        const sorted = [...p.data].sort((a, b) => b - a);
        expect(rho).toBe(sorted[count - 1]);
        expect([...csrToDense(s).data]).toEqual([...p.data].map((v) => (v >= rho ? v : 0)));
      }),
    );
  });

  it('keeps all ties at the threshold', () => {
    const cost = { matrix: new Float64Array(20).fill(1), rows: 4, columns: 5 };
    const t = prepareTransport({ cost, eta: 3 });
    const histogram = createHistogram();
    const point = evaluateDual(t, t.x0, t.y0, histogram);
    expect(keepLargest(t, point, histogram, 3).s.values).toHaveLength(20);
  });

  it('drops no more mass than allowed, and keeps the least count', () => {
    fc.assert(
      fc.property(fc.record({ ...sizes, budget: fc.double({ min: 0, max: 1, noNaN: true }) }), (c) => {
        const { t, point, histogram, p } = afterSweeps(c.n, c.m, 40, c.seed);
        const least = Math.min(c.n * c.m, 4);
        const limits = { budget: c.budget, least, most: c.n * c.m };
        const { s } = keepMass(t, point, histogram, limits)!;
        const all = p.data.reduce((sum, v) => sum + v, 0);
        const kept = s.values.reduce((sum, v) => sum + v, 0);
        expect(all - kept).toBeLessThanOrEqual(c.budget + 1e-14);
        expect(s.values.length).toBeGreaterThanOrEqual(least);
      }),
    );
  });

  it('says when nothing about P is sparse', () => {
    const { t, point, histogram } = afterSweeps(6, 6, 0.1, 1);
    expect(keepMass(t, point, histogram, { budget: 0, least: 4, most: 9 })).toBeUndefined();
  });
});

describe('the Newton system', () => {
  const residual = (system: ReturnType<typeof newtonSystem>, dx: Float64Array, dy: Float64Array) => {
    const { eta, s, diagonalRows, diagonalCols, gx, gy } = system;
    const [rows, cols] = [s.times(dy), s.transposedTimes(dx)];
    return Math.max(
      ...gx.map((g, i) => Math.abs(g - eta * (diagonalRows[i]! * dx[i]! + rows[i]!))),
      ...gy.map((g, j) => Math.abs(g - eta * (diagonalCols[j]! * dy[j]! + cols[j]!))),
    );
  };

  it.each([
    ['more rows', 9, 6, 0.7],
    ['more columns', 6, 9, 0.7],
    ['balanced', 7, 7, Number.POSITIVE_INFINITY],
    ['balanced, more rows', 8, 5, Number.POSITIVE_INFINITY],
  ])('is solved by the Schur complement and by conjugate gradients: %s', async (_name, n, m, tau) => {
    const { t, point, histogram, p } = afterSweeps(n, m, 8, 3, { tau });
    const { s } = keepLargest(t, point, histogram, 3 * Math.max(n, m));
    const scaled = { rows: n, cols: m, data: new Float64Array(n * m) };
    const w = { rows: Math.min(n, m), cols: Math.min(n, m), data: new Float64Array(Math.min(n, m) ** 2) };
    for (const coupling of [sparseCoupling(s), denseCoupling(p, scaled)]) {
      // What is dropped or shifted makes the balanced system regular; the direct solve then leaves out the constant direction, in
      // which the dual does not change: only where that is exact can residuals be compared.
      const regular = tau < Number.POSITIVE_INFINITY;
      const system = newtonSystem(t, point, coupling, regular ? 0.01 : 0);
      const direct = solveBySchur(system, w);
      if (regular || coupling.kept === n * m)
        expect(residual(system, direct.dx, direct.dy)).toBeLessThan(1e-12);
      expect(slope(system, direct)).toBeGreaterThan(0);
      const limits = { tolerance: 1e-13, maxIterations: 500 };
      const monitor = startMonitor({}, defaultServices);
      const iterated = await solveByConjugateGradient(system, limits, monitor);
      expect(residual(system, iterated.dx, iterated.dy)).toBeLessThan(1e-11);
      expect(monitor.iterations.cg).toBeGreaterThan(0);
    }
  });

  it('stops conjugate gradients at the time limit with a direction of ascent', async () => {
    const { t, point, histogram } = afterSweeps(60, 60, 400, 5);
    const system = newtonSystem(t, point, sparseCoupling(keepLargest(t, point, histogram, 240).s), 0);
    let now = 0;
    const clock = { now: () => now++ };
    const monitor = startMonitor({ timeLimitMs: 1 }, { ...defaultServices, clock });
    const limits = { tolerance: 1e-30, maxIterations: 100_000 };
    const { dx, dy } = await solveByConjugateGradient(system, limits, monitor);
    expect(monitor.iterations.cg).toBeLessThan(100);
    expect(slope(system, { dx, dy })).toBeGreaterThan(0);
  });
});

describe('the line search', () => {
  const { t, point } = afterSweeps(8, 8, 50, 2);
  const gradient = {
    dx: t.a.map((a, i) => (a - point.rowSums[i]!) / (50 * a)),
    dy: t.b.map((b, j) => (b - point.colSums[j]!) / (50 * b)),
  };
  const slopeOf = ({ dx, dy }: typeof gradient) =>
    dx.reduce((s, d, i) => s + d * (t.a[i]! - point.rowSums[i]!), 0) +
    dy.reduce((s, d, j) => s + d * (t.b[j]! - point.colSums[j]!), 0);
  const scaled = (factor: number) => ({
    dx: gradient.dx.map((d) => factor * d),
    dy: gradient.dy.map((d) => factor * d),
  });

  it('halves a step that is much too long, overflow included', () => {
    const long = scaled(1e6);
    const found = searchLine(t, point, long, slopeOf(long), 'armijo')!;
    expect(found.alpha).toBeLessThan(1e-3);
    expect(found.point.value).toBeGreaterThan(point.value);
  });

  it('doubles a step that is much too short, where that is allowed', () => {
    const short = scaled(1e-3);
    const [kept, longer] = (['armijo', 'expanding'] as const).map(
      (rule) => searchLine(t, point, short, slopeOf(short), rule)!,
    );
    expect(kept!.alpha).toBe(1);
    expect(longer!.alpha).toBeGreaterThan(100);
    expect(longer!.point.value).toBeGreaterThan(kept!.point.value);
  });

  it('gives up along a direction of descent', () => {
    expect(searchLine(t, point, scaled(-1), slopeOf(gradient), 'expanding')).toBeUndefined();
  });
});

describe("Levenberg's shift", () => {
  const step = (alpha: number, gain: number, error = 1e-3) => ({
    alpha,
    gain,
    point: { ...afterSweeps(2, 2, 1, 1).point, error },
  });

  it('starts and grows with short steps, falls with full ones, and vanishes', () => {
    const first = nextShift(0, step(0.01, 0.9), 1);
    expect(first).toBeCloseTo(1e-4, 15);
    expect(nextShift(first, step(0.01, 0.9), 1)).toBeCloseTo(4e-4, 15);
    expect(nextShift(first, step(1, 0.5), 1)).toBeCloseTo(first / 4, 15);
    expect(nextShift(first, step(0.5, 0.5), 1)).toBeCloseTo(first, 15);
    expect(nextShift(1e-8, step(1, 0.5), 1)).toBe(0);
    expect(nextShift(0, step(1, 0.5), 1)).toBe(0);
    expect(shiftAfterFailure(first, 1e-3)).toBeCloseTo(16 * first, 15);
  });
});

describe('feasibility with forbidden pairs', () => {
  it('holds for the support of any plan, and its own marginals', () => {
    fc.assert(
      fc.property(fc.record(sizes), ({ n, m, seed }) => {
        const random = createRandom(seed);
        const plan = Float64Array.from({ length: n * m }, () =>
          random.uniform() < 0.3 ? random.uniform() : 0,
        );
        const a = Float64Array.from({ length: n }, (_, i) =>
          plan.subarray(i * m, (i + 1) * m).reduce((s, v) => s + v, 0),
        );
        const b = Float64Array.from({ length: m }, (_, j) => a.reduce((s, _v, i) => s + plan[i * m + j]!, 0));
        const c = { rows: n, cols: m, data: plan.map((v) => (v > 0 ? 1 : Number.POSITIVE_INFINITY)) };
        expect(isFeasible(c, a, b)).toBe(true);
      }),
    );
  });

  it('fails where a set of rows has more mass than the columns it may use', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }), (few, others) => {
        // The first `few` + 1 rows may use the first `few` columns only.
        const n = few + 1 + others;
        const allowed = (i: number, j: number) => i > few || j < few;
        const data = Float64Array.from({ length: n * n }, (_, k) =>
          allowed(Math.floor(k / n), k % n) ? 1 : Number.POSITIVE_INFINITY,
        );
        const uniform = new Float64Array(n).fill(1 / n);
        expect(isFeasible({ rows: n, cols: n, data }, uniform, uniform)).toBe(false);
      }),
    );
  });
});
