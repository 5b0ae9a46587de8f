/** Codes and values of one group of a row: w = scale (code - zero), code in [0, 2^bits). */
export interface Grid {
  readonly scale: number;
  readonly zero: number;
}

/** The integer next to `x`; halves go to the even one, as the reference implementations round. */
export function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return rest > 0.5 ? floor + 1 : floor;
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * The grid of 2^bits values from the smallest to the largest of a group; symmetric: about zero. All equal: from -1 to 1.
 * A group of one sign has its zero outside the codes.
 *
 * @param matrix row-major; the group is [start, end)
 * @param roundScale makes of a scale what will be stored
 */
export function gridOf(
  matrix: ArrayLike<number>,
  start: number,
  end: number,
  bits: number,
  symmetric: boolean,
  roundScale: (scale: number) => number = (scale) => scale,
): Grid {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = start; i < end; i++) {
    low = Math.min(low, matrix[i]);
    high = Math.max(high, matrix[i]);
  }
  if (symmetric) {
    high = Math.max(-low, high);
    low = -high;
  }
  if (low === high) [low, high] = [-1, 1];
  const scale = roundScale((high - low) / (2 ** bits - 1));
  return { scale, zero: symmetric ? 2 ** (bits - 1) : roundHalfEven(-low / scale) };
}

/** The code of a value: the nearest on the grid. */
export function codeOf(value: number, { scale, zero }: Grid, bits: number): number {
  return Math.min(Math.max(roundHalfEven(value / Math.max(scale, 1e-9) + zero), 0), 2 ** bits - 1);
}
