import { evaluateDual } from './dual-potential.js';
import { logSweepInPlace } from './log-sweep.js';
import type { Monitor } from './monitor.js';
import { createHistogram, type PlanHistogram } from './sparsify.js';
import type { Transport } from './transport.js';

/** Stage 1 of the paper: how many sweeps, and when to leave earlier. */
export interface WarmUp {
  /** At most so many sweeps (N1). */
  readonly sweeps: number;
  /** `fixed`: all of them. `auto`: fewer when Newton can take over. */
  readonly rule: 'auto' | 'fixed';
}

/** Sweeps between two looks at how sparse P has become. */
const LOOK_EVERY = 3;
/** Newton takes over when the 4 largest entries a row leave out less than this share. */
const SPARSE_ENOUGH = 0.2;
/** Sweeps over which the error must fall by `STALLED`, or Newton takes over. */
const STALL_SWEEPS = 5;
const STALLED = 0.9;

/**
 * Sinkhorn sweeps in the log domain, potentials changed in place, until the L1 marginal error is at most `tolerance` (absolute) or
 * the cap or the time limit is reached. Rule `auto` leaves when the mass outside the largest 4 entries a row falls below 0.2, or when
 * five sweeps gained less than 10 %.
 */
export async function warmUpInPlace(
  t: Transport,
  x: Float64Array,
  y: Float64Array,
  { sweeps, rule }: WarmUp,
  tolerance: number,
  monitor: Monitor,
): Promise<void> {
  const errors: number[] = [];
  const histogram = createHistogram();
  for (let sweep = 0; sweep < sweeps && !monitor.expired(); sweep++) {
    const { rowError, value } = logSweepInPlace(t, x, y);
    monitor.step('sweep', rowError, value);
    errors.push(rowError);
    if (sweep > 0 && rowError <= tolerance) return; // the sweep just done made it smaller still
    if (rule === 'auto') {
      const before = errors.at(-1 - STALL_SWEEPS);
      if (before !== undefined && rowError > STALLED * before) return;
      if (sweep % LOOK_EVERY === LOOK_EVERY - 1) {
        const { rowSums } = evaluateDual(t, x, y, histogram);
        const total = rowSums.reduce((sum, v) => sum + v, 0);
        const kept = 4 * Math.max(t.c.rows, t.c.cols);
        if (massOutsideLargest(histogram, kept) < SPARSE_ENOUGH * total) return;
      }
    }
    await monitor.turn();
  }
}

/** Sweeps that may be spent where they are enough; about what annealing and Newton would cost instead. */
const ENOUGH_SWEEPS = 40;

/**
 * Sweeps as long as the error falls so fast that {@link ENOUGH_SWEEPS} of them will reach `tolerance` (absolute): at strong
 * regularisation nothing else is needed. Potentials are changed in place.
 * @returns whether the tolerance was reached; false after three sweeps where it will not be, or at the time limit
 */
export async function sweepsSuffice(
  t: Transport,
  x: Float64Array,
  y: Float64Array,
  tolerance: number,
  monitor: Monitor,
): Promise<boolean> {
  let [before, last] = [Number.NaN, Number.NaN];
  for (let sweep = 0; ; sweep++) {
    const { rowError, value } = logSweepInPlace(t, x, y);
    monitor.step('sweep', rowError, value);
    if (sweep > 0 && rowError <= tolerance) return true;
    if (monitor.expired()) return false;
    if (sweep >= 2) {
      // Linear convergence: two sweeps tell the factor of one.
      const perSweep = 0.5 * Math.log(rowError / before);
      const missing = Math.log(tolerance / rowError) / perSweep;
      if (!(perSweep < 0 && sweep + missing <= ENOUGH_SWEEPS)) return false;
    }
    [before, last] = [last, rowError];
    await monitor.turn();
  }
}

/** Mass of P outside its `count` largest entries, to a binary order of magnitude. */
function massOutsideLargest({ counts, masses }: PlanHistogram, count: number): number {
  let bin = counts.length;
  for (let kept = 0; bin > 0 && kept < count; ) kept += counts[--bin]!;
  let outside = 0;
  for (let e = 0; e < bin; e++) outside += masses[e]!;
  return outside;
}
