import type { TileLayout } from './bitmap-tiles.js';

/** Tokens of a key-value cache that are packed together. */
export const CACHE_BLOCK = 64;

/**
 * How keys and values of a cache are cut into tiles: a tile of keys is one channel of 64 tokens, so that q K^T streams them; a tile of
 * values is up to 64 channels of one token, so that p V does.
 *
 * @param tokens a multiple of 64
 * @param d channels of a head
 * @returns of keys the layout of K^T, `[d, tokens]`; of values that of V, `[tokens, channels]`, d filled up to whole tiles
 */
export function cacheTiles(
  target: 'key' | 'value',
  tokens: number,
  d: number,
  packing: TileLayout['packing'],
): TileLayout {
  return target === 'key'
    ? { width: CACHE_BLOCK, reduction: d, outputs: tokens, reductionBlock: d, packing }
    : {
        width: valueWidth(d),
        reduction: tokens,
        outputs: paddedChannels(d),
        reductionBlock: CACHE_BLOCK,
        packing,
      };
}

/** Channels with those that fill up the last tile. */
export function paddedChannels(d: number): number {
  return Math.ceil(d / valueWidth(d)) * valueWidth(d);
}

/** Channels in a tile of values: 64, or d rounded up to 8, 16 or 32. */
function valueWidth(d: number): number {
  return [8, 16, 32].find((width) => d <= width) ?? 64;
}
