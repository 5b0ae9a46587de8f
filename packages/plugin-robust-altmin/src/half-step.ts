import { createMatrix, type Matrix } from '@espalier/linalg';
import type { Factor } from './factor.js';
import {
  exactLeastSquares,
  type LeastSquares,
  type SketchedSolve,
  sketchedLeastSquares,
} from './least-squares.js';
import { entrywiseMedianInPlace } from './median.js';
import type { RowSolverSettings } from './row-solver.js';
import { type Side, sideArguments, total } from './side.js';
import type { SketchName } from './sketch.js';
import type { Workbench } from './workbench.js';

/** The parts of a workbench that a half-step uses. */
export type HalfStepBench = Pick<Workbench, 'team' | 'monitor' | 'random' | 'work' | 'count'>;

/** Largest number of steps where `inner` is `tolerance`. */
const MOST_STEPS = 50;

/**
 * One half-step: for each row j of a side, min over x_j of sum of w (b - a . x_j)^2 + ridge |x_j|^2 with the rows a of the fixed factor,
 * exactly or approximately from the warm start in `unknown`. With several groups of observations each is solved on its own, and the
 * entrywise median of the solutions is taken.
 * @returns the sum of w (b - a . x)^2 over all groups
 */
export async function halfStep(
  bench: HalfStepBench,
  sides: readonly Side[],
  fixed: Factor,
  unknown: Factor,
  settings: RowSolverSettings,
): Promise<number> {
  if (sides.length === 1) {
    await solveSide(bench, sides[0], fixed, unknown, settings);
    return total(sides[0].squares);
  }
  const start = unknown.data.slice();
  const solutions: Float64Array[] = [];
  for (const side of sides) {
    unknown.data.set(start);
    await solveSide(bench, side, fixed, unknown, settings);
    solutions.push(unknown.data.slice());
  }
  entrywiseMedianInPlace(unknown.data, solutions);
  let sum = 0;
  for (const side of sides) sum += await squaredResidual(bench, side, fixed, unknown);
  return sum;
}

/** The sum of w (b - a . x)^2 over a side, by a pass of its own. */
export async function squaredResidual(
  { team }: Pick<HalfStepBench, 'team'>,
  side: Side,
  fixed: Factor,
  unknown: Factor,
): Promise<number> {
  const { stride } = fixed;
  const factors = [fixed.data.byteOffset, stride, unknown.data.byteOffset];
  await team.run('residualRows', side.chunks, [
    ...sideArguments(side),
    ...factors,
    side.squares.byteOffset,
    0,
  ]);
  return total(side.squares);
}

async function solveSide(
  bench: HalfStepBench,
  side: Side,
  fixed: Factor,
  unknown: Factor,
  settings: RowSolverSettings,
): Promise<void> {
  const { solver, ridge, inner } = settings;
  const { team, work } = bench;
  const { size: k, stride } = fixed;
  const entries = side.values.length;
  const common = [...sideArguments(side), fixed.data.byteOffset, stride, unknown.data.byteOffset, ridge];
  if (solver === 'exact-cholesky') {
    await team.run('exactRows', side.chunks, [...common, k, side.squares.byteOffset]);
    work.flops += entries * (k * (k + 1) + 2 * k) + side.rows * (k ** 3 / 3 + 2 * k * k);
    return;
  }
  if (solver === 'cg-shared' || solver === 'gradient') {
    // The first step of conjugate gradients is the one of steepest descent.
    const steps = solver === 'gradient' ? 1 : inner === 'tolerance' ? MOST_STEPS : inner;
    const reduction = solver === 'cg-shared' && inner === 'tolerance' ? settings.innerReduction : 0;
    const passes = await team.run('cgRows', side.chunks, [
      ...common,
      steps,
      reduction,
      side.squares.byteOffset,
    ]);
    work.flops += 4 * k * (entries + passes);
    work.inner += passes / bench.count;
    return;
  }
  const solve = regressionOf(settings);
  for (let j = 0; j < side.rows; j++) {
    const { a, b } = gathered(side, j, fixed, ridge);
    const target = unknown.data.subarray(j * stride, j * stride + k);
    if (b.length === 0) target.fill(0);
    else {
      const { x, iterations, flops } = solve(a, b, bench);
      target.set(x);
      work.flops += flops;
      work.inner += (iterations * b.length) / bench.count;
    }
    await bench.monitor.turn();
  }
  await squaredResidual(bench, side, fixed, unknown);
}

/** Rows of a sketch over k: conjugate gradients work from about 3 on, Richardson needs a distortion below 0.29. */
const SKETCH_FACTOR = { cg: 4, richardson: 24 } as const;

function regressionOf(
  settings: RowSolverSettings,
): (a: Matrix, b: Float64Array, bench: Pick<HalfStepBench, 'random'>) => LeastSquares {
  if (settings.solver === 'exact-qr') return exactLeastSquares;
  const iteration = settings.solver === 'richardson' ? 'richardson' : 'cg';
  const sketched: SketchedSolve = {
    sketch:
      settings.solver === 'richardson' ? 'srht' : (settings.solver.slice('sketch-'.length) as SketchName),
    iteration,
    factor: settings.sketchFactor === 'auto' ? SKETCH_FACTOR[iteration] : settings.sketchFactor,
    tolerance: settings.innerTolerance,
    maxInner: settings.maxInner,
  };
  return (a, b, { random }) => sketchedLeastSquares(a, b, sketched, random);
}

/** A_j and b_j of one row, scaled by the roots of the weights; a ridge is k more rows. */
function gathered(side: Side, j: number, fixed: Factor, ridge: number): { a: Matrix; b: Float64Array } {
  const { pointers, indices, values, weights } = side;
  const { size: k, stride, data } = fixed;
  const begin = pointers[j];
  const count = pointers[j + 1] - begin;
  const extra = ridge > 0 && count > 0 ? k : 0;
  const a = createMatrix(count + extra, k);
  const b = new Float64Array(count + extra);
  for (let e = 0; e < count; e++) {
    const scale = weights ? Math.sqrt(weights[begin + e]) : 1;
    const row = indices[begin + e] * stride;
    for (let t = 0; t < k; t++) a.data[e * k + t] = scale * data[row + t];
    b[e] = scale * values[begin + e];
  }
  for (let t = 0; t < extra; t++) a.data[(count + t) * k + t] = Math.sqrt(ridge);
  return { a, b };
}
