import type { RandomSource } from '@espalier/core';
import { InvalidOptionsError } from '@espalier/core';
import type { SmoothModel } from './smooth-model.js';
import { descending } from './top-entries.js';

/** Orders of the variables that are cut into blocks; in brackets the paper's names. */
export const PARTITIONS = ['order', 'sort', 'avg', 'hsort', 'havg', 'random'] as const;

export type PartitionName = (typeof PARTITIONS)[number];

/**
 * A fixed partition: the variables in an order, cut into consecutive runs of `blockSize`; the last block may be shorter.
 *
 * `order`: by index. `sort`: ascending L_i. `avg`: the smallest, the largest, the second smallest, ... `hsort` and `havg`: the same by the
 * Gershgorin row sums sum_j |H_ij|. `random`: a permutation.
 */
export function fixedPartition(
  name: PartitionName,
  model: SmoothModel,
  blockSize: number,
  random: RandomSource,
): Int32Array[] {
  return cut(orderOf(name, model, random), blockSize);
}

function orderOf(name: PartitionName, model: SmoothModel, random: RandomSource): Int32Array {
  switch (name) {
    case 'order':
      return Int32Array.from({ length: model.n }, (_, i) => i);
    case 'random':
      return random.sample(model.n, model.n);
    case 'sort':
      return ascendingBy(model.lipschitz);
    case 'avg':
      return interleaved(ascendingBy(model.lipschitz));
    case 'hsort':
      return ascendingBy(model.boundRowSums());
    case 'havg':
      return interleaved(ascendingBy(model.boundRowSums()));
  }
}

/** Equal scores: the lower index first. */
function ascendingBy(scores: Float64Array): Int32Array {
  return descending(scores.map((score) => -score));
}

/** The first, the last, the second, the last but one, ... */
function interleaved(order: Int32Array): Int32Array {
  const n = order.length;
  return order.map((_, k) => order[k % 2 === 0 ? k / 2 : n - 1 - (k - 1) / 2]);
}

/** Consecutive runs of `size`. */
export function cut(order: Int32Array, size: number): Int32Array[] {
  const blocks: Int32Array[] = [];
  for (let from = 0; from < order.length; from += size) blocks.push(order.slice(from, from + size));
  return blocks;
}

/** The user's own blocks. @throws InvalidOptionsError unless each variable stands in exactly one of them */
export function customPartition(blocks: readonly (readonly number[])[], n: number): Int32Array[] {
  const seen = new Uint8Array(n);
  let count = 0;
  for (const i of blocks.flat()) {
    if (!(i >= 0 && i < n) || seen[i] === 1) {
      const what = i >= 0 && i < n ? 'stands twice in' : 'does not belong to';
      throw new InvalidOptionsError(
        `Variable ${i} ${what} the blocks of the option 'partition'; the problem has ${n} variables, 0 to ${n - 1}.`,
      );
    }
    seen[i] = 1;
    count++;
  }
  if (count < n) {
    throw new InvalidOptionsError(
      `The option 'partition' leaves out variable ${seen.indexOf(0)}; each of the ${n} must stand in one block.`,
    );
  }
  return blocks.filter((block) => block.length > 0).map((block) => Int32Array.from(block));
}
