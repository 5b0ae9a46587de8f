import { descendingOrder } from './distribution.js';
import { type Encoder, encoderFromLabels, identityEncoder } from './encoder.js';
import { BUDGET_TOLERANCE, entropy, entropyTerm, mergeLoss } from './entropy.js';

/**
 * Algorithm 1 of the paper: a deterministic mapping X -> T with H(T) <= budget by greedy merging. In each round the two smallest
 * columns are merged if that is enough to keep the budget, which ends it; otherwise the two largest are. I(X;T) = H(T) is then
 * within h(p2) <= 1 bit of the best, p2 the second largest probability (theorem 2).
 *
 * Merges of the largest always grow one group, the prefix of the symbols sorted by falling probability. So the rounds need not be
 * walked through: the entropies after either merge fall with the round, and the first round in which one of them keeps the budget
 * is found by bisection. O(n log n) for the sort, O(log n) entropies from prefix sums.
 *
 * @param px probabilities, zeros allowed (they get no code word)
 * @param budget bits, >= 0
 */
export function searchFunctionalMapping(px: Float64Array, budget: number): Encoder {
  if (entropy(px) <= budget + BUDGET_TOLERANCE) return identityEncoder(px);
  const order = descendingOrder(px);
  const n = order.length;
  const chain = prefixChain(px, order);
  const pairLoss = mergeLoss(px[order[n - 2]!]!, px[order[n - 1]!]!);
  // Round j starts with the prefix of length j; at n - 1 only two columns are left, and both merges are the same.
  const afterSmallest = (j: number) => (j >= n - 1 ? 0 : chain.entropyOf(j) - pairLoss);
  const afterLargest = (j: number) => chain.entropyOf(j + 1);
  const keeps = (bits: number) => bits <= budget + BUDGET_TOLERANCE;
  const smallest = firstTrue(1, n - 1, (j) => keeps(afterSmallest(j)));
  const largest = firstTrue(1, n - 1, (j) => keeps(afterLargest(j)));
  const endsWithSmallest = smallest <= largest;
  const round = Math.min(smallest, largest);
  if (round === n - 1) return encoderFromLabels(prefixLabels(px, order, n, false));
  const length = endsWithSmallest ? round : round + 1;
  return encoderFromLabels(prefixLabels(px, order, length, endsWithSmallest));
}

/** Entropies along the chain that merges the largest columns, by the length of the merged prefix. */
export interface PrefixChain {
  /** Sum of the first L probabilities, L = 0 .. n. */
  readonly heads: Float64Array;
  /** H of the mapping whose prefix of length L >= 1 is one column. */
  entropyOf(length: number): number;
}

/** Prefix sums of p and suffix sums of -p log2 p over `order`. The suffix adds small terms first, which keeps its digits. */
export function prefixChain(px: Float64Array, order: Int32Array): PrefixChain {
  const n = order.length;
  const heads = new Float64Array(n + 1);
  const tails = new Float64Array(n + 1);
  let [total, lost] = [0, 0];
  for (let k = 0; k < n; k++) {
    const p = px[order[k]!]!;
    const next = total + p;
    lost += total >= p ? total - next + p : p - next + total;
    total = next;
    heads[k + 1] = total + lost;
  }
  for (let k = n - 1; k >= 0; k--) tails[k] = tails[k + 1]! + entropyTerm(px[order[k]!]!);
  return {
    heads,
    entropyOf: (length) => Math.max(0, entropyTerm(Math.min(1, heads[length]!)) + tails[length]!),
  };
}

/** Labels of the mapping with the prefix of `length` merged and, if asked for, the two smallest symbols too. */
export function prefixLabels(
  px: Float64Array,
  order: Int32Array,
  length: number,
  mergePair: boolean,
): Int32Array {
  const labels = new Int32Array(px.length).fill(-1);
  const n = order.length;
  for (let rank = 0; rank < n; rank++) labels[order[rank]!] = rank < length ? 0 : rank;
  if (mergePair) labels[order[n - 1]!] = labels[order[n - 2]!]!;
  return labels;
}

/** The first integer in [low, high] at which a predicate that stays true is true; `high` where it is true nowhere before. */
function firstTrue(low: number, high: number, holds: (j: number) => boolean): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (holds(middle)) to = middle;
    else from = middle + 1;
  }
  return from;
}
