/**
 * The unnormalised Walsh-Hadamard transform in natural (Hadamard) order of every column of an n x k matrix, in place: n log2 n additions a
 * column.
 * @param data row-major, n x k
 * @param n a power of two
 */
export function walshHadamardInPlace(data: Float64Array, n: number, k: number): void {
  for (let half = 1; half < n; half *= 2) {
    for (let block = 0; block < n; block += 2 * half) {
      for (let i = block; i < block + half; i++) {
        const [upper, lower] = [i * k, (i + half) * k];
        for (let t = 0; t < k; t++) {
          const [x, y] = [data[upper + t], data[lower + t]];
          data[upper + t] = x + y;
          data[lower + t] = x - y;
        }
      }
    }
  }
}

/** The smallest power of two that is at least n. */
export function paddedLength(n: number): number {
  let padded = 1;
  while (padded < n) padded *= 2;
  return padded;
}
