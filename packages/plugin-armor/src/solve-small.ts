/** Solves G x = f for symmetric positive definite G of a few rows, by Cholesky; its buffers serve all solutions. */
export class SmallSolver {
  readonly #factor: Float64Array;

  /** @param n number of rows */
  constructor(readonly n: number) {
    this.#factor = new Float64Array(n * n);
  }

  /**
   * Writes the solution to `x`.
   * @param g row-major `n x n`; its lower triangle is read
   * @returns false when a pivot is not positive: `x` is then as it was
   */
  solve(g: Float64Array, f: Float64Array, x: Float64Array): boolean {
    const n = this.n;
    const l = this.#factor;
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) {
        let sum = g[i * n + j];
        for (let k = 0; k < j; k++) sum -= l[i * n + k] * l[j * n + k];
        if (i === j) {
          if (!(sum > 0)) return false;
          l[i * n + i] = Math.sqrt(sum);
        } else l[i * n + j] = sum / l[j * n + j];
      }
    for (let i = 0; i < n; i++) {
      let value = f[i];
      for (let k = 0; k < i; k++) value -= l[i * n + k] * x[k];
      x[i] = value / l[i * n + i];
    }
    for (let i = n - 1; i >= 0; i--) {
      let value = x[i];
      for (let k = i + 1; k < n; k++) value -= l[k * n + i] * x[k];
      x[i] = value / l[i * n + i];
    }
    return true;
  }
}
