import type { FastBcdOptions } from './fast-bcd-options.js';
import type { PreparedProblem } from './prepare.js';
import { optimalityOf } from './regularizer.js';
import type { Settings } from './settings.js';

/** So many iterations without any fall of F end a greedy run: it has reached the rounding of F. */
const PATIENCE = 50;

/** Decides when a run ends. */
export interface Stopping {
  /** Why it ends before this iteration, or undefined. */
  reason(iteration: number, value: number): string | undefined;
  /** The optimality at the present point. */
  optimality(): number;
  /** Takes note of what an iteration brought. */
  note(before: number, after: number, length: number): void;
}

export function createStopping(
  { model, term, minimum, scale }: PreparedProblem,
  { greedy, blockSize }: Pick<Settings, 'greedy' | 'blockSize'>,
  { tolerance, maxIterations, selection }: Pick<FastBcdOptions, 'tolerance' | 'maxIterations' | 'selection'>,
): Stopping {
  // Rules that do not look at the gradient pay for it once a sweep.
  const every = greedy ? 1 : Math.max(1, Math.ceil(model.n / blockSize));
  let idle = 0;
  let stuck = false;
  const optimality = () => optimalityOf(term, model.x, model.gradient());
  return {
    optimality,
    reason(iteration, value) {
      if (minimum !== undefined) {
        if (value - minimum <= tolerance * Math.max(1, Math.abs(minimum))) return 'converged';
      } else if (iteration % every === 0 || iteration >= maxIterations) {
        if (optimality() <= tolerance * scale) return 'converged';
      }
      if (stuck) return 'no more progress at this precision';
      return iteration >= maxIterations ? 'iteration limit' : undefined;
    },
    note(before, after, length) {
      idle = after < before ? 0 : idle + 1;
      // The same state would give the same block again.
      const repeats = greedy && typeof selection === 'string' && length === 0;
      stuck = repeats || (greedy && idle >= PATIENCE);
    },
  };
}
