import type { JsonObject } from '@espalier/core';
import type { Update } from '../engine.js';
import { IntervalLift } from './interval-lift.js';

/**
 * Algorithm B, the incremental lift: every present element is inserted for the nodes that cover the time until its expected deletion. An
 * element that goes earlier is repaired, one that stays longer is extended. With right predictions an element is inserted at most
 * 2 log2(horizon) times. Source: Liu and Srinivas (COLT 2024), incremental-to-fully-dynamic transformation.
 */
export class IncrementalLift extends IntervalLift {
  protected opens({ insert }: Update): boolean {
    return insert;
  }

  protected apply(element: number): void {
    this.structure.insert(element);
  }

  protected presentElements(): Iterable<number> {
    return this.expected.keys();
  }

  /** Nothing known: one slot, then extensions. */
  protected unknownEnd(t: number): number {
    return t + 1;
  }

  protected openAmong(present: Iterable<number>): Iterable<number> {
    return present;
  }

  override report(): JsonObject {
    const { applies: inserts, ...rest } = super.report();
    return { lift: 'incremental', inserts, ...rest };
  }
}
