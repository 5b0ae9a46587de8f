import { gemm, type Matrix } from '@espalier/linalg';
import { clipEntries, clipRows } from './clip.js';
import { type Factor, factorMatrix, fillFactor } from './factor.js';
import { halfStep } from './half-step.js';
import { orthonormalise } from './orthonormalise.js';
import type { RowSolverSettings } from './row-solver.js';
import { denseVectors, randomVectors, spectralVectors } from './spectral-start.js';
import type { Workbench } from './workbench.js';

/** Where the alternation starts. */
export type Start = 'spectral' | 'svd' | 'random';

/** What the alternation does, all options decided. */
export interface AlternationSettings extends RowSolverSettings {
  readonly start: Start;
  /** Stop when the residual changes by less than this share of itself. 0: never. */
  readonly tolerance: number;
  /** Stop when the relative residual itself is at most this. */
  readonly residualTolerance: number;
  readonly maxIterations: number;
  /** Clip by this incoherence: entries of the start, or rows of every orthonormal factor. */
  readonly mu: number | undefined;
  readonly clip: 'start' | 'rows';
  /** Whether a fit that explodes off the observed entries is begun anew with a ridge. */
  readonly restart: 'once' | 'never';
}

/** Factors to start from, scaled like the values: u orthonormal or not. */
export interface StartingFactors {
  readonly u: Matrix;
  readonly v: Matrix | undefined;
}

/** The ridge of a restart, and for how many iterations it is kept. Gram matrices are about p times the identity. */
const RESTART_RIDGE = 1e-2;
const RESTART_ITERATIONS = 10;
/** |U V^T|_F may be so many times its estimate from the observed entries before the fit counts as exploding. */
const EXPLODING = 3;

/**
 * Alternating minimisation with all observations in every half-step:
 *  1. orthonormalise U = Q R, and carry V along: V <- V R^T leaves the product alone and is the warm start
 *  2. update V with Q fixed: n small regressions, exact or approximate
 *  3. the same with the parts exchanged
 * until the residual settles. In the end V has orthonormal columns and U the scale.
 * @param given factors instead of a start of the settings' kind
 * @returns why it stopped
 */
export async function alternate(
  bench: Workbench,
  settings: AlternationSettings,
  given: StartingFactors | undefined,
): Promise<string> {
  const first = await run(bench, settings, given, settings.restart === 'once' && settings.ridge === 0);
  if (first !== 'exploding') return first;
  bench.monitor.warn(
    `The fit exploded off the observed entries: begun anew, with ridge ${RESTART_RIDGE} for ${RESTART_ITERATIONS} iterations.`,
  );
  const ridged = { ...settings, ridge: RESTART_RIDGE, maxIterations: RESTART_ITERATIONS };
  const start = settings.start === 'random' ? 'spectral' : 'random'; // the other one is another chance
  const reason = await run(bench, { ...ridged, tolerance: 0, start }, undefined, false);
  if (reason === 'time limit') return reason;
  const [u, v] = [factorMatrix(bench.u), factorMatrix(bench.v)];
  return run(bench, settings, { u, v }, false);
}

async function run(
  bench: Workbench,
  settings: AlternationSettings,
  given: StartingFactors | undefined,
  watch: boolean,
): Promise<string> {
  const { monitor, u, v, byRow, byColumn, random } = bench;
  await begin(bench, settings, given);
  let warm = given?.v !== undefined;
  let last = Number.POSITIVE_INFINITY;
  let growths = 0;
  for (let iteration = 1; ; iteration++) {
    let solver: RowSolverSettings = settings;
    if (growths >= 2) {
      solver = { ...settings, solver: 'exact-cholesky' };
      monitor.warn(`The residual grew twice: iteration ${monitor.history.length + 1} is solved exactly.`);
      growths = 0;
    }
    orthonormaliseInPlace(bench, u, v, warm ? 'carry' : 'start anew', settings);
    const half = await halfStep(bench, byColumn, u, v, solver);
    orthonormaliseInPlace(bench, v, u, 'carry', settings);
    const square = await halfStep(bench, byRow, v, u, solver);
    warm = true;
    const residual = relative(square, bench.total);
    monitor.step({ residual, firstHalf: relative(half, bench.total) });
    if (residual <= settings.residualTolerance) return 'converged';
    if (Math.abs(last - residual) < settings.tolerance * last && iteration > 1) return 'converged';
    if (watch && isExploding(bench)) return 'exploding';
    if (iteration >= settings.maxIterations) return 'iteration limit';
    if (monitor.expired()) return 'time limit';
    growths = residual > last ? growths + 1 : 0;
    last = residual;
    await monitor.turn();
  }

  function orthonormaliseInPlace(
    { work }: Workbench,
    basis: Factor,
    companion: Factor,
    mode: 'carry' | 'start anew',
    { mu, clip }: AlternationSettings,
  ): void {
    const factors = orthonormalise(factorMatrix(basis), random);
    let q = factors.q;
    if (mu !== undefined && clip === 'rows') {
      const clipped = clipRows(q, mu);
      if (clipped.count > 0) q = orthonormalise(clipped.clipped, random).q;
    }
    fillFactor(basis, q);
    work.flops += 4 * basis.rows * basis.size ** 2;
    if (mode === 'start anew') companion.data.fill(0);
    else {
      fillFactor(companion, gemm(factorMatrix(companion), factors.r, { transposeB: true }));
      work.flops += 2 * companion.rows * basis.size ** 2;
    }
  }
}

/** Fills U (and V, where it is given) with the start. */
async function begin(
  bench: Workbench,
  { start, mu, clip }: AlternationSettings,
  given: StartingFactors | undefined,
): Promise<void> {
  const { u, v } = bench;
  if (given) {
    fillFactor(u, given.u);
    if (given.v) fillFactor(v, given.v);
    return;
  }
  let left = await startingVectors(bench, start);
  if (mu !== undefined && clip === 'start') left = clipEntries(left, mu).clipped;
  fillFactor(u, left);
}

/** m x k orthonormal columns to begin with. */
export async function startingVectors(bench: Workbench, start: Start): Promise<Matrix> {
  const { u } = bench;
  if (start === 'random') return randomVectors(u.rows, u.size, bench);
  return (start === 'svd' ? denseVectors(bench, u.size) : await spectralVectors(bench, u.size)).left;
}

/** sqrt(square / total), 0 where there is nothing to fit. */
export function relative(square: number, total: number): number {
  return total > 0 ? Math.sqrt(square / total) : 0;
}

/** V is orthonormal, so that |U V^T|_F = |U|_F; from the observed entries one expects sqrt(total / p). */
function isExploding({ u, v, total, count, byRow }: Workbench): boolean {
  if (byRow.some(({ weights }) => weights)) return false;
  let square = 0;
  for (let e = 0; e < u.data.length; e++) square += u.data[e] ** 2;
  return square > EXPLODING ** 2 * total * ((u.rows * v.rows) / count);
}
