import { UnsupportedError } from '@espalier/core';
import { CACHE_BLOCK, cacheTiles, paddedChannels } from '@espalier/kernels';
import type { MustafarOptions } from './mustafar-options.js';
import { QUANTIZED_GROUP } from './quantized-values.js';

/** Tiles that share an offset of 32 bits in the compact packing. */
const TILES_PER_OFFSET = 16;

/** The sparsity of one half of a cache: as its option says, or what `budget` leaves. */
export function sparsityOf(target: 'key' | 'value', d: number, options: MustafarOptions): number {
  if (options.budget !== undefined) return sparsityForBudget(target, options.budget, d, options);
  return target === 'key' ? options.keySparsity : options.valueSparsity;
}

/**
 * The smallest sparsity with which one half of a cache takes at most this share of a dense one whose values have the type `storage`: for
 * long contexts of `d` channels, and elements that are kept evenly over tokens and channels. From 1 on nothing need be pruned: 0, whatever
 * bits and offsets take on top.
 * @throws UnsupportedError for a share below what the least that the method keeps takes
 */
export function sparsityForBudget(
  target: 'key' | 'value',
  budget: number,
  d: number,
  options: MustafarOptions,
): number {
  if (budget >= 1) return 0;
  const method = target === 'key' ? options.keyMethod : options.valueMethod;
  const dense = d * (options.storage === 'f16' ? 16 : 32);
  const { of, least, sparsity } = keptElements(method, d, options.groupSize);
  const share = (kept: number) => bitsOfToken(target, method, kept / of, d, options) / dense;
  let kept = of;
  while (kept > least && share(kept) > budget) kept--;
  if (share(kept) > budget) {
    const atLeast = Math.ceil(1000 * share(least)) / 1000;
    throw new UnsupportedError(
      `A budget of ${budget} is too small: ${target}s of ${d} channels take at least ${atLeast} of a dense cache in ${options.storage} with '${method}' and ${JSON.stringify({ format: options.format, bits: options.bits })}.`,
      { remedy: "The format 'compact' takes less than 'bitmap64', and `bits` less still." },
    );
  }
  return sparsity(kept);
}

/** A method keeps whole numbers `of` d channels or of a group of tokens, at `least` so many; and the sparsity that keeps a number. */
function keptElements(method: string, d: number, groupSize: number) {
  const of = method.includes('channel') ? groupSize : d;
  // A threshold keeps of - k + 1 for k = max(1, floor(sparsity of)), the other methods floor((1 - sparsity) of).
  return method.endsWith('magnitude')
    ? { of, least: Math.min(2, of), sparsity: (kept: number) => (kept === of ? 0 : (of - kept + 1) / of) }
    : { of, least: 1, sparsity: (kept: number) => (of - kept) / of };
}

/** Bits that one token of one head takes where this share of its elements is kept. */
function bitsOfToken(
  target: 'key' | 'value',
  method: string,
  density: number,
  d: number,
  { format, storage, bits }: MustafarOptions,
): number {
  if (method === 'think' || method === 'thinv') return 32 * density * d; // whole channels, float32
  const padded = format === 'bitmap64';
  const { width } = cacheTiles(target, CACHE_BLOCK, d, padded ? 'padded' : 'compact');
  const header = width + (padded ? 32 : 32 / TILES_PER_OFFSET);
  const bitsOfValues = (count: number): number => {
    const stored = padded ? 8 * Math.ceil(count / 8) : count;
    const scales = bits === undefined ? 0 : 32 * Math.ceil(count / QUANTIZED_GROUP);
    return stored * (bits ?? (storage === 'f16' ? 16 : 32)) + scales;
  };
  // Each token keeps the same number of its channels, or each channel of its tokens: the others of a tile are drawn one by one.
  const byToken = target === 'value' && !method.includes('channel');
  const bitsOfTile = (elements: number): number =>
    (byToken ? hypergeometric(d, Math.round(density * d), elements) : binomial(elements, density)).reduce(
      (sum, p, count) => sum + p * bitsOfValues(count),
      header,
    );
  if (target === 'key') return (d / CACHE_BLOCK) * bitsOfTile(CACHE_BLOCK);
  // The last tile of a token is filled up with channels that are not there.
  const tiles = paddedChannels(d) / width;
  return (tiles - 1) * bitsOfTile(width) + bitsOfTile(d - (tiles - 1) * width);
}

/** The probabilities that 0 to `drawn` of the `kept` are among so many drawn of `all`. */
function hypergeometric(all: number, kept: number, drawn: number): number[] {
  return Array.from({ length: drawn + 1 }, (_, i) =>
    i > kept || drawn - i > all - kept
      ? 0
      : Math.exp(logChoose(kept, i) + logChoose(all - kept, drawn - i) - logChoose(all, drawn)),
  );
}

function logChoose(n: number, k: number): number {
  let sum = 0;
  for (let i = 1; i <= k; i++) sum += Math.log((n - k + i) / i);
  return sum;
}

/** The probabilities of 0 to n successes. */
function binomial(n: number, p: number): number[] {
  if (p >= 1) return [...new Array<number>(n).fill(0), 1];
  const probabilities = [(1 - p) ** n];
  for (let i = 1; i <= n; i++) probabilities.push((probabilities[i - 1] * (n - i + 1) * p) / (i * (1 - p)));
  return probabilities;
}
