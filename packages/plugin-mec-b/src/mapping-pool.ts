import { type Encoder, encoderFromLabels } from './encoder.js';
import { mergeLoss } from './entropy.js';
import { prefixChain, prefixLabels } from './functional-search.js';
import { huffmanChain, huffmanLabels } from './huffman-chain.js';
import { type MappingNumbers, mappingNumbers } from './mapping-numbers.js';

/** A mapping by its numbers; its labels are made only for the one that wins. */
export interface PooledMapping {
  readonly numbers: MappingNumbers;
  labels(): Int32Array;
}

/** Every partition of the symbols with probability, by restricted growth strings. */
export function* partitionMappings(px: Float64Array, order: Int32Array): Generator<PooledMapping> {
  for (const blocks of setPartitions(order.length)) {
    const labels = new Int32Array(px.length).fill(-1);
    for (let k = 0; k < order.length; k++) labels[order[k]!] = blocks[k]!;
    const encoder: Encoder = encoderFromLabels(labels);
    yield { numbers: mappingNumbers(px, encoder), labels: () => labels };
  }
}

/** All set partitions of n items as block numbers; the array that is yielded changes afterwards. */
export function* setPartitions(n: number): Generator<Int32Array> {
  const blocks = new Int32Array(n);
  function* place(k: number, used: number): Generator<Int32Array> {
    if (k === n) {
      yield blocks;
      return;
    }
    for (let block = 0; block <= used; block++) {
      blocks[k] = block;
      yield* place(k + 1, Math.max(used, block + 1));
    }
  }
  yield* place(0, 0);
}

/** The mappings on the paths of the greedy encoders; their numbers take O(1) each. n > 2 symbols. */
export function* chainMappings(px: Float64Array, order: Int32Array): Generator<PooledMapping> {
  yield* prefixMappings(px, order);
  yield* huffmanMappings(px);
}

/** Prefixes of the falling order as one column; each also with the two smallest symbols as one column. */
function* prefixMappings(px: Float64Array, order: Int32Array): Generator<PooledMapping> {
  const n = order.length;
  const { heads, entropyOf } = prefixChain(px, order);
  const p = (rank: number) => px[order[rank]!]!;
  const [last, pair] = [p(n - 1), p(n - 2) + p(n - 1)];
  const pairLoss = mergeLoss(p(n - 2), last);
  for (let length = 1; length <= n; length++) {
    const head = heads[length]!;
    const bits = entropyOf(length);
    yield {
      numbers: {
        entropy: bits,
        upCell: length > 1 ? p(length - 1) : 0,
        upColumn: head,
        downCell: length < n ? last : 0,
        downColumn: last,
        largest: head,
      },
      labels: () => prefixLabels(px, order, length, false),
    };
    if (length > n - 2) continue;
    const fromPair = length === 1 || last / pair < p(length - 1) / head;
    const third = length < n - 2 && p(n - 3) < pair;
    yield {
      numbers: {
        entropy: Math.max(0, bits - pairLoss),
        upCell: fromPair ? last : p(length - 1),
        upColumn: fromPair ? pair : head,
        downCell: third ? p(n - 3) : last,
        downColumn: third ? p(n - 3) : Math.min(pair, head),
        largest: Math.max(pair, head),
      },
      labels: () => prefixLabels(px, order, length, true),
    };
  }
}

/** The mappings after 0, 1, .., n - 1 merges of the two smallest columns. */
function* huffmanMappings(px: Float64Array): Generator<PooledMapping> {
  const chain = huffmanChain(px);
  const { left, right, masses, entropies, order } = chain;
  const n = order.length;
  // The smallest symbol below each node, and the merges that may become the one with the smallest share: both queues move forward only.
  const smallest = new Float64Array(2 * n - 1);
  smallest.set(masses.subarray(0, n));
  const share = (node: number) => smallest[node]! / masses[node]!;
  const window = new Int32Array(n);
  let [first, end, leaf, node] = [0, 0, 0, n];
  for (let merges = 0; merges < n; merges++) {
    if (merges > 0) {
      const [a, b, made] = [left[merges - 1]!, right[merges - 1]!, n + merges - 1];
      for (const used of [a, b]) {
        if (used < n) leaf++;
        else node++;
      }
      smallest[made] = Math.min(smallest[a]!, smallest[b]!);
      while (first < end && window[first]! < node) first++;
      while (first < end && share(window[end - 1]!) > share(made)) end--;
      window[end++] = made;
    }
    const newest = n + merges - 1;
    const down = leaf < n && (node > newest || masses[leaf]! <= masses[node]!) ? leaf : node;
    const largest = Math.max(leaf < n ? masses[n - 1]! : 0, merges > 0 ? masses[newest]! : 0);
    const up = first < end ? window[first]! : -1;
    yield {
      numbers: {
        entropy: entropies[merges]!,
        upCell: up < 0 ? 0 : smallest[up]!,
        upColumn: up < 0 ? 0 : masses[up]!,
        downCell: merges < n - 1 ? smallest[down]! : 0,
        downColumn: masses[down]!,
        largest,
      },
      labels: () => huffmanLabels(chain, merges, px.length),
    };
  }
}
