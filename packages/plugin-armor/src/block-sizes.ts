import { InvalidProblemError } from '@espalier/core';

/** Sizes of the blocks of A and B: a number for both, one for each, or the largest that divides, up to a limit. */
export type BlockSize =
  | number
  | readonly [blockOut: number, blockIn: number]
  | 'auto'
  | { readonly upTo: number };

/** `auto` goes up to the size that the paper uses. */
const AUTO_LIMIT = 128;

/**
 * The sizes for one layer. Blocks of B hold whole groups of m inputs.
 * @throws InvalidProblemError with the divisors that would work
 */
export function blockSizes(
  size: BlockSize,
  layer: string,
  outputs: number,
  inputs: number,
  m: number,
): { readonly blockOut: number; readonly blockIn: number } {
  if (size === 'auto' || (typeof size === 'object' && 'upTo' in size)) {
    const limit = size === 'auto' ? AUTO_LIMIT : size.upTo;
    const last = (divisors: number[], what: string) => {
      const found = divisors.filter((divisor) => divisor <= limit).at(-1);
      if (found === undefined)
        throw new InvalidProblemError(
          `${layer}: no block up to ${limit} divides its ${what}; possible are ${divisors}.`,
        );
      return found;
    };
    return {
      blockOut: last(divisorsOf(outputs, 1), `${outputs} outputs`),
      blockIn: last(divisorsOf(inputs, m), `${inputs} inputs into groups of ${m}`),
    };
  }
  const [blockOut, blockIn] = typeof size === 'number' ? [size, size] : size;
  const [forOut, forIn] = [divisorsOf(outputs, 1), divisorsOf(inputs, m)];
  if (!forOut.includes(blockOut) || !forIn.includes(blockIn))
    throw new InvalidProblemError(
      `${layer}: blocks of ${blockOut} x ${blockIn} do not divide [${outputs}, ${inputs}]; possible are ${forOut} for outputs, ${forIn} for inputs.`,
      { remedy: "blockSize 'auto' or { upTo } takes the largest that fits." },
    );
  return { blockOut, blockIn };
}

function divisorsOf(number: number, multipleOf: number): number[] {
  const divisors: number[] = [];
  for (let i = multipleOf; i <= number; i += multipleOf) if (number % i === 0) divisors.push(i);
  return divisors;
}
