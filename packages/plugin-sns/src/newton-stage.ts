import { NotPositiveDefiniteError } from '@espalier/linalg';
import { type Coupling, denseCoupling, sparseCoupling } from './coupling.js';
import { type DualPoint, evaluateDual, targetMass } from './dual-potential.js';
import { type LineSearchRule, searchLine } from './line-search.js';
import { logSweepInPlace } from './log-sweep.js';
import type { Monitor } from './monitor.js';
import { solveByConjugateGradient } from './newton-cg.js';
import type { NewtonMemory } from './newton-memory.js';
import { type Direction, type NewtonSystem, newtonSystem, slope } from './newton-system.js';
import { solveBySchur } from './schur.js';
import { nextShift, shiftAfterFailure } from './shift.js';
import { keepLargest, keepMass, type PlanHistogram } from './sparsify.js';
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
  /** Levenberg shift after short steps: see {@link nextShift}. */
  readonly shift: 'auto' | 'none';
  /** One Sinkhorn sweep after each accepted step. */
  readonly postSweep: 'after-newton' | 'none';
  readonly lineSearch: LineSearchRule;
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
  memory: NewtonMemory,
  monitor: Monitor,
): Promise<StageResult> {
  const { histogram } = memory;
  const evaluate = (px: Float64Array, py: Float64Array) => evaluateDual(t, px, py, histogram);
  const sweep = (from: DualPoint, count: number): DualPoint => {
    const [sx, sy] = [from.x.slice(), from.y.slice()];
    for (let k = 0; k < count; k++) {
      const { rowError, value } = logSweepInPlace(t, sx, sy);
      monitor.step('sweep', rowError, value);
    }
    return evaluate(sx, sy);
  };
  let point = evaluate(x, y);
  let shift = 0;
  let failures = 0;
  let keepMore = 1;
  for (let step = 0; ; step++) {
    if (point.error <= options.tolerance) return { point, reason: 'converged' };
    if (step >= options.maxSteps) return { point, reason: 'iteration limit' };
    if (monitor.expired()) return { point, reason: 'time limit' };
    await monitor.turn();
    if (isDegenerate(point)) point = sweep(point, 1);

    const block = chooseEntries(t, point, histogram, options.density, keepMore, memory);
    const system = newtonSystem(t, point, block, shift);
    const direction = await solve(system, point.error, options, memory, monitor);
    const rise = slope(system, direction);
    const found = rise > 0 ? searchLine(t, point, direction, rise, options.lineSearch) : undefined;
    if (!found) {
      if (++failures >= FAILURES_IN_A_ROW) return { point, reason: 'line search failed' };
      keepMore *= 2;
      if (options.shift === 'auto') shift = shiftAfterFailure(shift, point.error / t.mass);
      point = sweep(point, SWEEPS_AFTER_FAILURE);
      continue;
    }
    failures = 0;
    if (options.shift === 'auto') shift = nextShift(shift, found, t.mass);
    monitor.density.push(block.kept / (t.c.rows * t.c.cols));
    monitor.step('newton', found.point.error, found.point.value);
    const goOn = found.point.error > options.tolerance;
    if (goOn && options.postSweep === 'after-newton') {
      point = evaluate(...sweepFrom(t, found.point));
      monitor.step('sweep', point.error, point.value);
    } else point = goOn ? evaluate(found.point.x, found.point.y) : found.point;
  }
}

/** A row or column whose plan under- or overflowed: the system would be singular. One sweep repairs it. */
function isDegenerate({ rowSums, colSums }: DualPoint): boolean {
  const usable = (sum: number) => sum > 0 && Number.isFinite(sum);
  return !(rowSums.every(usable) && colSums.every(usable));
}

function chooseEntries(
  t: Transport,
  point: DualPoint,
  histogram: PlanHistogram,
  density: DensityRule,
  keepMore: number,
  memory: NewtonMemory,
): Coupling {
  const entries = t.c.rows * t.c.cols;
  if (density.rule === 'count') {
    const count = Math.min(entries, density.kept * keepMore);
    return sparseCoupling(keepLargest(t, point, histogram, count).s);
  }
  const sparse =
    density.rule === 'mass'
      ? keepMass(t, point, histogram, {
          budget: (density.theta * Math.min(point.error, t.mass)) / keepMore,
          least: Math.min(entries, 4 * Math.max(t.c.rows, t.c.cols) * keepMore),
          most: LARGEST_SPARSE_SHARE * entries,
        })
      : undefined;
  if (sparse) return sparseCoupling(sparse.s);
  const { p, scaled } = memory.dense();
  evaluateDual(t, point.x, point.y, { values: p.data });
  return denseCoupling(p, scaled);
}

async function solve(
  system: NewtonSystem,
  error: number,
  options: NewtonOptions,
  memory: NewtonMemory,
  monitor: Monitor,
): Promise<Direction> {
  if (options.linearSolver === 'cholesky') {
    try {
      return solveBySchur(system, memory.complement());
    } catch (thrown) {
      if (!(thrown instanceof NotPositiveDefiniteError)) throw thrown; // rounding: conjugate gradients need no factor
    }
  }
  const limits = { tolerance: options.cgTolerance(error), maxIterations: options.cgIterations };
  return solveByConjugateGradient(system, limits, monitor);
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
