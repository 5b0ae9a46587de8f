import { InvalidProblemError } from '@espalier/core';

/** @throws InvalidProblemError for an element of a row-major `[out, in]` matrix that is NaN or infinite */
export function requireFiniteElements(
  matrix: Float32Array,
  [, inputs]: readonly [outputs: number, inputs: number],
): void {
  const at = matrix.findIndex((value) => !Number.isFinite(value));
  if (at >= 0)
    throw new InvalidProblemError(
      `The elements of a weight are finite; row ${Math.floor(at / inputs)}, input ${at % inputs} is ${matrix[at]}.`,
    );
}
