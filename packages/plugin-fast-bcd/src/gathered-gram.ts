import { gemm, type Matrix, syrk } from '@espalier/linalg';

/**
 * X' diag(weights) Y by matrix products over columns that are gathered first.
 * @param gather the columns named, one after another, in an array of its own
 */
export function gatheredGram(
  left: Int32Array,
  right: Int32Array,
  weights: Float64Array | undefined,
  gather: (of: Int32Array) => Matrix,
): Matrix {
  const one = gather(left);
  if (left === right && (!weights || weights.every((weight) => weight >= 0))) {
    if (weights) scaleInPlace(one, weights.map(Math.sqrt));
    return syrk(one);
  }
  const other = left === right ? { ...one, data: one.data.slice() } : gather(right);
  if (weights) scaleInPlace(one, weights);
  return gemm(one, other, { transposeB: true });
}

/** Multiplies each column, a row here, entry by entry. */
function scaleInPlace({ rows, cols, data }: Matrix, factors: Float64Array): void {
  for (let i = 0, k = 0; i < rows; i++) for (let j = 0; j < cols; j++, k++) data[k] *= factors[j];
}
