import { flaggedIndices } from './flagged-indices.js';
import { isAtKink, type Term } from './regularizer.js';

/** Which variables stand away from the kinks and bounds of the regularizer, and since when: active-set identification. */
export interface SupportTracker {
  readonly size: number;
  /** The last iteration that changed the support. */
  readonly identifiedAt: number;
  /** Takes note of a block that has moved. */
  update(block: Int32Array, x: Float64Array, iteration: number): void;
  /** The indices, ascending. */
  support(): Int32Array;
}

export function trackSupport(term: Term, x: Float64Array): SupportTracker {
  const supported = new Uint8Array(x.length);
  let size = 0;
  for (let i = 0; i < x.length; i++) {
    if (isAtKink(term, i, x[i])) continue;
    supported[i] = 1;
    size++;
  }
  let identifiedAt = 0;
  return {
    get size() {
      return size;
    },
    get identifiedAt() {
      return identifiedAt;
    },
    update(block, at, iteration) {
      for (const i of block) {
        const now = isAtKink(term, i, at[i]) ? 0 : 1;
        if (now === supported[i]) continue;
        supported[i] = now;
        size += now === 1 ? 1 : -1;
        identifiedAt = iteration;
      }
    },
    support: () => flaggedIndices(supported),
  };
}
