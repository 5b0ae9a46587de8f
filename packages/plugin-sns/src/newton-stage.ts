import { createMatrix, NotPositiveDefiniteError } from '@espalier/linalg';
import { type Coupling, denseCoupling, sparseCoupling } from './coupling.js';
import { type DualPoint, evaluateDual, targetMass } from './dual-potential.js';
import { backtrack } from './line-search.js';
import { logSweepInPlace } from './log-sweep.js';
import type { Monitor } from './monitor.js';
import {
  type Direction,
  type NewtonSystem,
  newtonSystem,
  slope,
  solveByConjugateGradient,
  solveBySchur,
} from './newton-system.js';
import { createHistogram, keepLargest, keepMass, type PlanHistogram } from './sparsify.js';
import type { Transport } from './transport.js';

/** Which entries of P a Newton step keeps. */
export type DensityRule =
  | { readonly rule: 'mass'; readonly theta: number }
  | { readonly rule: 'count'; readonly kept: number }
  | { readonly rule: 'all' };

/** How a Newton stage works; the presets of the algorithm fill this in. */
export interface NewtonOptions {
  /** Absolute L1 norm of the gradient at which it stops. */
  readonly tolerance: number;
  readonly maxSteps: number;
  readonly density: DensityRule;
  readonly linearSolver: 'cholesky' | 'cg';
  /** Relative residual of conjugate gradients for a gradient of the given L1 norm. */
  readonly cgTolerance: (gradientNorm: number) => number;
  readonly cgIterations: number;
  /** Levenberg shift after a step whose line search needed alpha < 1/8. */
  readonly shift: 'auto' | 'none';
  /** One Sinkhorn sweep after each accepted step. */
  readonly postSweep: 'after-newton' | 'none';
  /** See `backtrack`. */
  readonly acceptance: 'value' | 'gradient';
}

/** The point that a stage reached. */
export interface StageResult {
  readonly point: DualPoint;
  readonly reason: 'converged' | 'iteration limit' | 'time limit' | 'line search failed';
}

/** More than this share of P: nothing is sparse about it, and dense products are faster. */
const LARGEST_SPARSE_SHARE = 0.25;
const SWEEPS_AFTER_FAILURE = 5;
const FAILURES_IN_A_ROW = 3;

/** Stage 2 of the paper: sparse Newton steps on the dual, each with a line search, until the gradient is small enough. */
export async function newtonStage(
  t: Transport,
  x: Float64Array,
  y: Float64Array,
  options: NewtonOptions,
  monitor: Monitor,
): Promise<StageResult> {
  const histogram = createHistogram();
  const evaluate = (px: Float64Array, py: Float64Array) => evaluateDual(t, px, py, histogram);
  let point = evaluate(x, y);
  let shift = 0;
  let failures = 0;
  let keepMore = 1;
  for (let step = 0; ; step++) {
    if (point.error <= options.tolerance) return { point, reason: 'converged' };
    if (step >= options.maxSteps) return { point, reason: 'iteration limit' };
    if (monitor.expired()) return { point, reason: 'time limit' };
    await monitor.breathe();

    const coupling = chooseEntries(t, point, histogram, options.density, keepMore);
    const entries = t.c.rows * t.c.cols;
    monitor.density.push(coupling.kept / entries);
    const system = newtonSystem(t, point, coupling.block, shift);
    const direction = solve(system, point.error, options, monitor);
    const rise = slope(system, direction);
    const found = rise > 0 ? backtrack(t, point, direction, rise, options.acceptance) : undefined;
    if (!found) {
      failures++;
      if (failures >= FAILURES_IN_A_ROW) return { point, reason: 'line search failed' };
      keepMore *= 2;
      const [sx, sy] = [point.x.slice(), point.y.slice()];
      for (let sweep = 0; sweep < SWEEPS_AFTER_FAILURE; sweep++) {
        const { rowError, value } = logSweepInPlace(t, sx, sy);
        monitor.step('sweep', rowError, value);
      }
      point = evaluate(sx, sy);
      continue;
    }
    failures = 0;
    shift =
      options.shift === 'auto' && found.alpha < 1 / 8 ? 0.1 * Math.min(found.point.error / t.mass, 0.1) : 0;
    if (options.postSweep === 'after-newton' && found.point.error > options.tolerance) {
      point = evaluate(...sweepFrom(t, found.point));
    } else point = evaluate(found.point.x, found.point.y);
    monitor.step('newton', point.error, point.value);
  }
}

function chooseEntries(
  t: Transport,
  point: DualPoint,
  histogram: PlanHistogram,
  density: DensityRule,
  keepMore: number,
): { readonly block: Coupling; readonly kept: number } {
  const entries = t.c.rows * t.c.cols;
  const longer = Math.max(t.c.rows, t.c.cols);
  if (density.rule === 'count') {
    const { s } = keepLargest(t, point, histogram, Math.min(entries, density.kept * keepMore));
    return { block: sparseCoupling(s), kept: s.values.length };
  }
  const sparse =
    density.rule === 'mass'
      ? keepMass(t, point, histogram, {
          budget: (density.theta * Math.min(point.error, t.mass)) / keepMore,
          least: Math.min(entries, 4 * longer * keepMore),
          most: LARGEST_SPARSE_SHARE * entries,
        })
      : undefined;
  if (sparse) return { block: sparseCoupling(sparse.s), kept: sparse.s.values.length };
  const p = createMatrix(t.c.rows, t.c.cols);
  evaluateDual(t, point.x, point.y, { values: p.data });
  return { block: denseCoupling(p), kept: entries };
}

function solve(system: NewtonSystem, error: number, options: NewtonOptions, monitor: Monitor): Direction {
  if (options.linearSolver === 'cholesky') {
    try {
      return solveBySchur(system);
    } catch (thrown) {
      if (!(thrown instanceof NotPositiveDefiniteError)) throw thrown; // rounding: conjugate gradients need no factor
    }
  }
  const direction = solveByConjugateGradient(system, {
    tolerance: options.cgTolerance(error),
    maxIterations: options.cgIterations,
    check: () => monitor.throwIfAborted(),
  });
  monitor.iterations.cg += direction.iterations;
  return direction;
}

/** A Sinkhorn sweep from a point whose row sums are known: one pass for the columns instead of two. */
function sweepFrom(t: Transport, { x, y, rowSums }: DualPoint): [Float64Array, Float64Array] {
  const update = (masses: Float64Array, potentials: Float64Array, sums: Float64Array) =>
    potentials.map((potential, i) => {
      const target = targetMass(masses[i]!, potential, t.tau);
      return potential + (Math.log(target) - Math.log(sums[i]!)) / (t.eta + 1 / t.tau);
    });
  const sx = update(t.a, x, rowSums);
  const { colSums } = evaluateDual(t, sx, y);
  return [sx, update(t.b, y, colSums)];
}
