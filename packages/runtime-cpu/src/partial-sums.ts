import { type Context, ELEMENTS, withScratch } from './context.js';

/**
 * Two sums over `count` numbers: a loop puts those of each piece of {@link ELEMENTS} numbers at the address that it is given, in double
 * precision, and they are added in the order of the pieces, so that threads change no bit.
 */
export function twoSums(
  context: Context,
  count: number,
  run: (address: number) => void,
): readonly [number, number] {
  const length = 2 * Math.ceil(count / ELEMENTS);
  if (length === 0) return [0, 0];
  // Two 32-bit numbers for each of double precision.
  return withScratch(context, 2 * length, (address) => {
    // The memory may have grown for the scratch.
    const sums = new Float64Array(context.memory.buffer, address, length).fill(0);
    run(address);
    let [first, second] = [0, 0];
    for (let i = 0; i < length; i += 2) {
      first += sums[i]!;
      second += sums[i + 1]!;
    }
    return [first, second];
  });
}
