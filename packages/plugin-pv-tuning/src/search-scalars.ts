import type { RandomSource } from '@espalier/core';
import { roundAtRandom, type SearchSettings } from './candidates.js';
import { nearestCode, type ScalarLayer } from './scalar-layer.js';

/**
 * The search for the code of one weight: the nearest on its grid, or by the same rules as for vectors the second nearest, or one at random.
 *
 * @param reference row-major
 * @param random rounding at random; undefined: none
 */
export function scalarSearch(
  layer: ScalarLayer,
  reference: ArrayLike<number>,
  { beamSize, forceUpdate, stochasticRounding }: SearchSettings,
  random: RandomSource | undefined,
): (index: number) => readonly number[] {
  const { layout, codes, scales, zeros } = layer;
  const last = 2 ** layout.bits - 1;
  const error = (index: number, code: number): number => {
    const group = Math.floor(index / layout.groupSize);
    return (reference[index] - scales[group] * (code - zeros[group])) ** 2;
  };
  return (index) => {
    const best = nearestCode(layer, index, reference[index]);
    if (random && stochasticRounding > 0) {
      const near = byError(best, last, Math.max(2, beamSize), (code) => error(index, code));
      return [roundAtRandom(near, stochasticRounding, random).code];
    }
    if (!forceUpdate || best !== codes[index]) return [best];
    const [, second] = byError(best, last, 2, (code) => error(index, code));
    return [second.code];
  };
}

/** The `count` codes of least error, by rising error: on an evenly spaced line they lie around the nearest one. */
function byError(
  nearest: number,
  last: number,
  count: number,
  error: (code: number) => number,
): readonly { readonly code: number; readonly error: number }[] {
  const near = [];
  for (let code = Math.max(0, nearest - count); code <= Math.min(last, nearest + count); code++)
    near.push({ code, error: error(code) });
  near.sort((a, b) => a.error - b.error || a.code - b.code);
  return near.slice(0, count);
}
