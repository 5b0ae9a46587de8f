import type { TileLayout } from '@espalier/kernels';

/** Tokens that are packed together. */
export const TOKENS = 64;

/**
 * How keys and values are cut into tiles: a tile of keys is one channel of 64 tokens, so that q K^T streams them; a tile of values is up to 64
 * channels of one token, so that p V does.
 */
export function tileLayout(
  target: 'key' | 'value',
  tokens: number,
  d: number,
  packing: TileLayout['packing'],
): TileLayout {
  return target === 'key'
    ? { width: TOKENS, reduction: d, outputs: tokens, reductionBlock: d, packing }
    : {
        width: valueWidth(d),
        reduction: tokens,
        outputs: paddedChannels(d),
        reductionBlock: TOKENS,
        packing,
      };
}

/** Channels in a tile of values: 64, or d rounded up to 8, 16 or 32. */
export function valueWidth(d: number): number {
  return [8, 16, 32].find((width) => d <= width) ?? 64;
}

/** Channels with those that fill up the last tile. */
export function paddedChannels(d: number): number {
  return Math.ceil(d / valueWidth(d)) * valueWidth(d);
}
