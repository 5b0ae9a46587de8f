import type { CsrMatrix } from '../csr.js';

/** out = A x */
export function csrMatvec(a: CsrMatrix, x: Float64Array, out: Float64Array): void {
  const { rows, rowPointers, columnIndices, values } = a;
  let k = 0;
  for (let i = 0; i < rows; i++) {
    const end = rowPointers[i + 1];
    let sum = 0;
    for (; k < end; k++) sum += values[k] * x[columnIndices[k]];
    out[i] = sum;
  }
}

/** out += A^T x */
export function csrMatvecTransposed(a: CsrMatrix, x: Float64Array, out: Float64Array): void {
  const { rows, rowPointers, columnIndices, values } = a;
  let k = 0;
  for (let i = 0; i < rows; i++) {
    const end = rowPointers[i + 1];
    const v = x[i];
    for (; k < end; k++) out[columnIndices[k]] += values[k] * v;
  }
}
