import type { Factorization } from './factorization.js';

/**
 * One gradient step on A, then on B, then on S, each of size 1 / Lipschitz, so that the loss never rises: the variant that the paper's
 * proof of convergence is about. Lipschitz constants are bounded by Frobenius norms, block by block.
 */
export function gradientDescentStep(
  factorization: Factorization,
  { left, right }: { readonly left: boolean; readonly right: boolean },
): void {
  const { sizes, a, b, s, h, mask, gradient, panels, strips } = factorization;
  const { rows, blockOut, blockIn } = sizes;
  const scale = 2 / factorization.scale;
  if (!Number.isFinite(scale)) return;
  if (left) {
    factorization.differentiate({ wrappers: true });
    for (let j = 0; j < strips; j++) {
      // L is quadratic in A_j with the matrix sum_k (S B)_jk H_k (S B)_jk^T.
      const squares = new Float64Array(blockOut * blockOut);
      for (let k = 0; k < panels; k++) {
        const at = (k * rows + j * blockOut) * blockIn;
        addGram(
          squares,
          factorization.product.subarray(at, at + blockOut * blockIn),
          blockOut,
          blockIn,
          h,
          k * blockIn,
        );
      }
      descend(a, gradient.a, j * blockOut * blockOut, blockOut * blockOut, scale * norm(squares));
    }
    factorization.evaluate();
  }
  if (right) {
    factorization.differentiate({ wrappers: true });
    const images = leftProducts(factorization);
    for (let k = 0; k < panels; k++) {
      // Quadratic in B_k with (A S)_k^T (A S)_k for each column, times that column's h.
      const image = images.subarray(k * rows * blockIn, (k + 1) * rows * blockIn);
      const largest = h.subarray(k * blockIn, (k + 1) * blockIn).reduce((x, y) => Math.max(x, y), 0);
      descend(
        b,
        gradient.b,
        k * blockIn * blockIn,
        blockIn * blockIn,
        scale * norm(columnGram(image, rows, blockIn)) * largest,
      );
    }
    factorization.evaluate();
  }
  factorization.differentiate({ wrappers: false });
  for (let k = 0; k < panels; k++) {
    const blockB = b.subarray(k * blockIn * blockIn, (k + 1) * blockIn * blockIn);
    const right2 = new Float64Array(blockIn * blockIn);
    addGram(right2, blockB, blockIn, blockIn, h, k * blockIn);
    for (let j = 0; j < strips; j++) {
      const blockA = a.subarray(j * blockOut * blockOut, (j + 1) * blockOut * blockOut);
      const lipschitz = scale * norm(columnGram(blockA, blockOut, blockOut)) * norm(right2);
      if (!(lipschitz > 0)) continue;
      const from = (k * rows + j * blockOut) * blockIn;
      for (let i = from; i < from + blockOut * blockIn; i++) if (mask[i]) s[i] -= gradient.s[i] / lipschitz;
    }
  }
  factorization.evaluate();
}

/** A S, in panels. */
function leftProducts({ a, s, sizes, panels, strips }: Factorization): Float64Array {
  const { rows, blockOut, blockIn } = sizes;
  const result = new Float64Array(s.length);
  for (let k = 0; k < panels; k++)
    for (let j = 0; j < strips; j++)
      for (let p = 0; p < blockOut; p++)
        for (let i = 0; i < blockOut; i++) {
          const factor = a[(j * blockOut + p) * blockOut + i];
          if (factor === 0) continue;
          const [to, from] = [
            (k * rows + j * blockOut + p) * blockIn,
            (k * rows + j * blockOut + i) * blockIn,
          ];
          for (let c = 0; c < blockIn; c++) result[to + c] += factor * s[from + c];
        }
  return result;
}

/** `gram` += M diag(h from `offset`) M^T, M row-major `[rows, columns]`. */
function addGram(
  gram: Float64Array,
  m: Float64Array,
  rows: number,
  columns: number,
  h: Float64Array,
  offset: number,
): void {
  for (let p = 0; p < rows; p++)
    for (let q = 0; q <= p; q++) {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += m[p * columns + c] * m[q * columns + c] * h[offset + c];
      gram[p * rows + q] += sum;
      if (q !== p) gram[q * rows + p] += sum;
    }
}

/** M^T M. */
function columnGram(m: Float64Array, rows: number, columns: number): Float64Array {
  const gram = new Float64Array(columns * columns);
  for (let row = 0; row < rows; row++)
    for (let p = 0; p < columns; p++) {
      const x = m[row * columns + p];
      if (x !== 0) for (let q = 0; q < columns; q++) gram[p * columns + q] += x * m[row * columns + q];
    }
  return gram;
}

/** Frobenius norm: at least the largest eigenvalue of a Gram matrix. */
function norm(matrix: Float64Array): number {
  let sum = 0;
  for (const x of matrix) sum += x * x;
  return Math.sqrt(sum);
}

function descend(
  values: Float64Array,
  gradient: Float64Array,
  start: number,
  length: number,
  lipschitz: number,
): void {
  if (!(lipschitz > 0)) return;
  for (let i = start; i < start + length; i++) values[i] -= gradient[i] / lipschitz;
}
