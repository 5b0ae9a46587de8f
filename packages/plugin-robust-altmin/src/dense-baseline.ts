import { type RunOptions, type Services, UnsupportedError } from '@espalier/core';
import { createMatrix, gemm, type Matrix } from '@espalier/linalg';
import { type Centring, centred, fitBaseline } from './baseline.js';
import { type Entries, prepareEntries } from './entries.js';
import type { MatrixCompletionProblem, MatrixCompletionSolution } from './matrix-completion.js';
import { type Monitor, startMonitor } from './monitor.js';
import type { Shrunk } from './singular-shrinkage.js';
import { createShrinkage } from './singular-shrinkage.js';
import { assembleSolution } from './solution.js';

/** Entries of the dense matrix that the nuclear-norm baselines keep. */
const MOST_ENTRIES = 25e6;

/** What the nuclear-norm methods cannot take, or true. */
export function acceptsDense({ rows, columns, weights, initial }: MatrixCompletionProblem): true | string {
  if (weights !== undefined) return 'It takes no weights.';
  if (initial !== undefined) return 'It takes no initial factors.';
  return rows * columns <= MOST_ENTRIES || `It keeps the whole matrix: at most ${MOST_ENTRIES} entries.`;
}

/** Singular values shrunk step by step: what one method does with the observations. */
export type ShrinkingMethod = (
  entries: Entries,
  shrink: (y: Matrix, tau: number) => Shrunk,
  monitor: Monitor,
) => Promise<{ readonly shrunk: Shrunk; readonly reason: string }>;

/**
 * The frame of the nuclear-norm baselines: check, centre, shrink, assemble.
 * @throws UnsupportedError for a problem that {@link acceptsDense} does not take
 */
export async function completeByShrinking(
  problem: MatrixCompletionProblem,
  centring: Centring,
  method: ShrinkingMethod,
  run: RunOptions | undefined,
  services: Services,
): Promise<MatrixCompletionSolution> {
  const entries = prepareEntries(problem);
  const accepted = acceptsDense(problem);
  if (accepted !== true) throw new UnsupportedError(accepted, { remedy: 'Take robust-altmin.' });
  const monitor = startMonitor(run, services);
  const baseline = fitBaseline(entries, centring);
  const { entries: values, scale } = centred(entries, baseline);
  const shrink = createShrinkage(services.random(run?.seed));
  const { shrunk, reason } = await method(values, shrink, monitor);
  // An empty factor is one column of zeros: everything that reads a solution may count on one.
  const empty = shrunk.v.cols === 0;
  const u = empty ? createMatrix(entries.rows, 1) : shrunk.u;
  const v = empty ? createMatrix(entries.columns, 1) : shrunk.v;
  return assembleSolution(
    problem,
    entries,
    { u, v, baseline, scale, work: { flops: 0, inner: 0 }, reason },
    monitor,
  );
}

/** Calls `visit` for each observed entry with its place in the dense matrix. */
export function eachObserved(
  { rows, columns, pointers, indices, values }: Entries,
  visit: (place: number, value: number) => void,
): void {
  for (let i = 0; i < rows; i++) {
    for (let e = pointers[i]; e < pointers[i + 1]; e++) visit(i * columns + indices[e], values[e]);
  }
}

/** |P(M - X)| / |P(M)| of X = U V^T, and X itself. */
export function residualOfShrunk(entries: Entries, { u, v }: Shrunk): { residual: number; x: Matrix } {
  const x = u.cols === 0 ? createMatrix(entries.rows, entries.columns) : gemm(u, v, { transposeB: true });
  let [left, given] = [0, 0];
  eachObserved(entries, (place, value) => {
    left += (value - x.data[place]) ** 2;
    given += value ** 2;
  });
  return { residual: given > 0 ? Math.sqrt(left / given) : 0, x };
}
