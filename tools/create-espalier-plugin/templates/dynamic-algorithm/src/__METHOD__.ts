import { defineDynamicAlgorithm } from '@espalier/core';
import { z } from 'zod';
import { assertPossible, multisetMaximum } from './multiset-maximum.js';

/**
 * A sorted list of the distinct values with their counts: binary search for each event.
 * Put your method here; name its paper in `paper: { title, arxiv, year }`.
 */
export const __METHOD_CAMEL__ = defineDynamicAlgorithm({
  name: '__METHOD__',
  summary: 'Keeps the distinct values sorted.',
  solves: multisetMaximum,
  options: z.strictObject({}),
  examples: { default: {} },
  create: () => {
    let values: number[] = [];
    let counts = new Map<number, number>();
    return {
      process(event) {
        const count = counts.get(event.value) ?? 0;
        assertPossible(event, count);
        const next = event.type === 'insert' ? count + 1 : count - 1;
        if (count === 0) values.splice(position(values, event.value), 0, event.value);
        if (next === 0) {
          values.splice(position(values, event.value), 1);
          counts.delete(event.value);
        } else counts.set(event.value, next);
        return values.at(-1);
      },
      reset() {
        values = [];
        counts = new Map();
      },
    };
  },
});

/** Where `value` stands or belongs in the ascending list. */
function position(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
