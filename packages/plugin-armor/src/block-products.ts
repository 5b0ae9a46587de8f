/*
 * Products of single blocks where they are so small that a call of gemm costs more than its arithmetic. All blocks are row-major; numbers stand
 * from the given places on.
 */

/** C = A B, or C = A B - C where `minus`; A is m x m, B and C m x n. */
export function leftProduct(
  m: number,
  n: number,
  a: Float64Array,
  atA: number,
  b: Float64Array,
  atB: number,
  c: Float64Array,
  minus: boolean,
): void {
  for (let p = 0; p < m; p++) {
    const [row, to] = [atA + p * m, atB + p * n];
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let i = 0; i < m; i++) sum += a[row + i] * b[atB + i * n + j];
      c[to + j] = minus ? sum - c[to + j] : sum;
    }
  }
}

/** C = A^T B; A is m x m, B and C m x n. */
export function transposedLeftProduct(
  m: number,
  n: number,
  a: Float64Array,
  atA: number,
  b: Float64Array,
  atB: number,
  c: Float64Array,
): void {
  for (let p = 0; p < m; p++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let i = 0; i < m; i++) sum += a[atA + i * m + p] * b[atB + i * n + j];
      c[atB + p * n + j] = sum;
    }
}

/** C += A B^T; A and B are m x n from the same place, C m x m. */
export function addRowProducts(
  m: number,
  n: number,
  a: Float64Array,
  b: Float64Array,
  at: number,
  c: Float64Array,
  atC: number,
): void {
  for (let p = 0; p < m; p++)
    for (let q = 0; q < m; q++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += a[at + p * n + j] * b[at + q * n + j];
      c[atC + p * m + q] += sum;
    }
}
