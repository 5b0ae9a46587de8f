import { descendingOrder } from './distribution.js';
import { type Encoder, encoderFromLabels, identityEncoder } from './encoder.js';
import { BUDGET_TOLERANCE, entropy, mergeLoss } from './entropy.js';

/**
 * The chain of mappings that merges the two smallest columns again and again (Huffman's tree, read from the leaves). Nodes 0 .. n - 1
 * are the symbols by rising probability, node n + k is the k-th merge; `left`, `right`: what it joins.
 */
export interface HuffmanChain {
  readonly order: Int32Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** Mass of each of the 2n - 1 nodes; those of the merges never fall. */
  readonly masses: Float64Array;
  /** H after k merges, k = 0 .. n - 1. */
  readonly entropies: Float64Array;
}

/** Two queues, of symbols and of merges, each in rising order: O(n) after the sort. */
export function huffmanChain(px: Float64Array): HuffmanChain {
  const order = descendingOrder(px).slice().reverse();
  const n = order.length;
  const [left, right] = [new Int32Array(Math.max(0, n - 1)), new Int32Array(Math.max(0, n - 1))];
  const masses = new Float64Array(2 * n - 1);
  for (let k = 0; k < n; k++) masses[k] = px[order[k]!]!;
  const entropies = new Float64Array(n);
  entropies[0] = entropy(px);
  let [leaf, node, lost] = [0, n, 0];
  for (let k = 0; k < n - 1; k++) {
    const take = (): number =>
      leaf < n && (node >= n + k || masses[leaf]! <= masses[node]!) ? leaf++ : node++;
    const [a, b] = [take(), take()];
    left[k] = a;
    right[k] = b;
    masses[n + k] = masses[a]! + masses[b]!;
    // The small losses are added up before they are taken from the large number.
    const loss = mergeLoss(masses[a]!, masses[b]!);
    const next = entropies[0]! - (lost + loss);
    lost += loss;
    entropies[k + 1] = k === n - 2 ? 0 : Math.max(0, next);
  }
  return { order, left, right, masses, entropies };
}

/** Labels of the mapping after `merges` merges: the top node above each symbol. */
export function huffmanLabels(
  { order, left, right }: HuffmanChain,
  merges: number,
  symbols: number,
): Int32Array {
  const n = order.length;
  const top = Int32Array.from({ length: n + merges }, (_, node) => node);
  for (let k = merges - 1; k >= 0; k--) {
    top[left[k]!] = top[n + k]!;
    top[right[k]!] = top[n + k]!;
  }
  const labels = new Int32Array(symbols).fill(-1);
  for (let k = 0; k < n; k++) labels[order[k]!] = top[k]!;
  return labels;
}

/**
 * Merges the two smallest columns until H(T) <= budget: a stand-in for the single-shot encoder that the paper compares with. Better
 * than Algorithm 1 at high rates; below the entropy of its last two columns it returns one column, that is 0 bits.
 */
export function mergeSmallest(px: Float64Array, budget: number): Encoder {
  if (entropy(px) <= budget + BUDGET_TOLERANCE) return identityEncoder(px);
  const chain = huffmanChain(px);
  const merges = chain.entropies.findIndex((bits) => bits <= budget + BUDGET_TOLERANCE);
  return encoderFromLabels(huffmanLabels(chain, merges, px.length));
}
