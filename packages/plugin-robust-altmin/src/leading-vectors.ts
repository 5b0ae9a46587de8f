import { createRandom, defaultServices } from '@espalier/core';
import type { Start } from './alternation.js';
import { prepareEntries } from './entries.js';
import type { MatrixCompletionProblem } from './matrix-completion.js';
import { startMonitor } from './monitor.js';
import { denseVectors, type LeadingVectors, OVERSAMPLING, spectralVectors } from './spectral-start.js';
import { openWorkbench } from './workbench.js';

export type { LeadingVectors };

/**
 * The start of the algorithms by itself: leading left singular vectors and values of (1/p) P_Omega(M), p the share of entries observed.
 * @param start `spectral`: block power iteration; `svd`: dense and exact, for small matrices
 * @throws InvalidProblemError for a problem that cannot be worked on
 */
export async function leadingVectors(
  problem: MatrixCompletionProblem,
  rank: number,
  start: Exclude<Start, 'random'> = 'spectral',
  seed = 0,
): Promise<LeadingVectors> {
  const entries = prepareEntries({ ...problem, rank });
  const blockSize = Math.min(rank + OVERSAMPLING, entries.rows, entries.columns);
  const monitor = startMonitor(undefined, defaultServices);
  const bench = openWorkbench(entries, { rank, blockSize, threads: 1 }, monitor, createRandom(seed));
  try {
    const { left, values } = start === 'svd' ? denseVectors(bench, rank) : await spectralVectors(bench, rank);
    const p = entries.values.length / (entries.rows * entries.columns);
    return { left, values: values.map((value) => value / p) };
  } finally {
    bench.close();
  }
}
