import type { RandomSource } from '@espalier/core';
import { gemm } from '@espalier/linalg';
import { relative, type Start, startingVectors } from './alternation.js';
import { type Centring, centred, fitBaseline } from './baseline.js';
import { clipEntries, incoherence } from './clip.js';
import { type Entries, splitEntries } from './entries.js';
import { factorMatrix, fillFactor } from './factor.js';
import { halfStep, squaredResidual } from './half-step.js';
import type { Monitor } from './monitor.js';
import { orthonormalise } from './orthonormalise.js';
import type { RowSolverSettings } from './row-solver.js';
import type { Side } from './side.js';
import type { Fitted } from './solution.js';
import { OVERSAMPLING } from './spectral-start.js';
import { openWorkbench } from './workbench.js';

/** What the partitioned algorithm does, all options decided. */
export interface PartitionedSettings extends RowSolverSettings {
  readonly start: Start;
  /** T. */
  readonly outer: number;
  /** Default: estimated from the start. */
  readonly mu: number | undefined;
  readonly centring: Centring;
  readonly threads: number;
  /** Groups of every part whose solutions are combined by their entrywise median. */
  readonly median: number;
}

/**
 * Alternating minimisation as the theory has it:
 *  1. each entry goes to one of 2 T + 1 parts: every half-step sees fresh samples
 *  2. the leading left singular vectors of part 0, large entries clipped, QR
 *  3. V by part 2 t + 1 with U fixed, QR; U by part 2 t + 2 with V fixed, QR
 *  4. the last U is left as it is: it carries the scale
 */
export async function fitPartitioned(
  entries: Entries,
  rank: number,
  settings: PartitionedSettings,
  monitor: Monitor,
  random: RandomSource,
): Promise<Fitted> {
  const { outer, median } = settings;
  const baseline = fitBaseline(entries, settings.centring);
  const { entries: values, scale } = centred(entries, baseline);
  const parts = (2 * outer + 1) * median;
  const groups = splitEntries(values, parts, () => random.integer(parts));
  const blockSize = Math.min(rank + OVERSAMPLING, entries.rows, entries.columns);
  const bench = openWorkbench(
    values,
    { rank, blockSize, threads: settings.threads, groups },
    monitor,
    random,
  );
  const partOf = (sides: readonly Side[], part: number) => sides.slice(part * median, (part + 1) * median);
  const { u, v } = bench;
  let reason = 'converged';
  try {
    if (bench.total > 0) {
      const part0 = { ...bench, byRow: partOf(bench.byRow, 0), byColumn: partOf(bench.byColumn, 0) };
      const start = await startingVectors(part0, settings.start);
      const { clipped } = clipEntries(start, settings.mu ?? incoherence(start));
      fillFactor(u, clipped);
      for (let t = 0; t < outer; t++) {
        const rowBasis = orthonormalise(factorMatrix(u), random);
        fillFactor(u, rowBasis.q);
        if (t > 0) fillFactor(v, gemm(factorMatrix(v), rowBasis.r, { transposeB: true }));
        await halfStep(bench, partOf(bench.byColumn, 2 * t + 1), u, v, settings);
        const columnBasis = orthonormalise(factorMatrix(v), random);
        fillFactor(v, columnBasis.q);
        fillFactor(u, gemm(factorMatrix(u), columnBasis.r, { transposeB: true }));
        await halfStep(bench, partOf(bench.byRow, 2 * t + 2), v, u, settings);
        let square = 0;
        for (const side of bench.byRow) square += await squaredResidual(bench, side, v, u);
        monitor.step({ residual: relative(square, bench.total) });
        if (t + 1 < outer && monitor.expired()) {
          reason = 'time limit';
          break;
        }
        await monitor.turn();
      }
    }
    return { u: factorMatrix(u), v: factorMatrix(v), baseline, scale, work: bench.work, reason };
  } finally {
    bench.close();
  }
}
