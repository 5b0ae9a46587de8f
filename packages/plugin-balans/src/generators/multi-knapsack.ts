import { createRandom } from '@espalier/core';
import type { MipArrays } from '../mixed-integer-program.js';
import { binaries, createSparseRows } from '../sparse-rows.js';

/** Multi-dimensional knapsack (Chu and Beasley 1998): max profit x under `knapsacks` capacities. */
export interface MultiKnapsackSize {
  readonly knapsacks: number;
  readonly items: number;
  /** Capacity as a share of the total weight, in (0, 1). */
  readonly tightness: number;
}

/** Weights are integers of 1..1000; the profit of an item is its mean weight plus 500 U(0, 1), rounded. */
export function multiKnapsack({ knapsacks, items, tightness }: MultiKnapsackSize, seed: number): MipArrays {
  const random = createRandom(seed);
  const everyItem = Array.from({ length: items }, (_, j) => j);
  const meanWeight = new Float64Array(items);
  const rows = createSparseRows();
  for (let i = 0; i < knapsacks; i++) {
    const weights = everyItem.map(() => 1 + random.integer(1000));
    for (const j of everyItem) meanWeight[j]! += weights[j]! / knapsacks;
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    rows.add(everyItem, weights, Number.NEGATIVE_INFINITY, Math.floor(tightness * total));
  }
  const c = meanWeight.map((weight) => Math.round(weight + 500 * random.uniform()));
  return { sense: 'maximize', c, ...rows.finish(), ...binaries(items) };
}
