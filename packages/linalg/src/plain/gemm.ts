/** An operand of {@link gemm}: entry (i, j) is `data[i * rowStride + j * colStride]`. */
export interface StridedOperand {
  readonly data: Float64Array;
  readonly rowStride: number;
  readonly colStride: number;
}

/** C += alpha A B, C m x n row-major; with `lowerOnly` only entries on and below the diagonal are touched. */
export function gemm(
  m: number,
  n: number,
  k: number,
  alpha: number,
  a: StridedOperand,
  b: StridedOperand,
  c: Float64Array,
  lowerOnly: boolean,
): void {
  for (let i = 0; i < m; i++) {
    const end = lowerOnly ? Math.min(n, i + 1) : n;
    for (let l = 0; l < k; l++) {
      const v = alpha * a.data[i * a.rowStride + l * a.colStride];
      const row = l * b.rowStride;
      for (let j = 0; j < end; j++) c[i * n + j] += v * b.data[row + j * b.colStride];
    }
  }
}
