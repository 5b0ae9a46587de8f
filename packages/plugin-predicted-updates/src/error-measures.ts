import type { JsonObject } from '@espalier/core';

/** How wrong the predictions were: distances between expected and real slots. */
export class ErrorMeasures {
  /** Sum of |expected slot - real slot|; an event that nobody expected counts `unmatched` (the horizon). */
  l1 = 0;
  /** The largest of these distances. */
  linf = 0;

  add(expected: number | null, real: number, unmatched: number): void {
    const distance = expected === null ? unmatched : Math.abs(expected - real);
    this.l1 += distance;
    this.linf = Math.max(this.linf, distance);
  }

  report(): JsonObject {
    return { l1: this.l1, linf: this.linf };
  }
}
