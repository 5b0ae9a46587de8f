import { checkVector } from './checks.js';
import type { Matrix } from './matrix.js';
import { workspaceOf } from './workspace.js';

/** Row `i` of A times x (cols numbers), without a view of the row. SIMD where both live in one workspace. */
export function rowDot(a: Matrix, i: number, x: Float64Array): number {
  const { cols, data } = a;
  checkVector('x', x, cols);
  const from = i * cols;
  const kernels = x.buffer === data.buffer ? workspaceOf(x)?.kernels : undefined;
  if (kernels !== undefined) return kernels.dot(cols, data.byteOffset + 8 * from, x.byteOffset);
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let j = 0;
  let k = from;
  // Four sums: the additions do not wait for each other.
  for (; j + 3 < cols; j += 4, k += 4) {
    s0 += data[k] * x[j];
    s1 += data[k + 1] * x[j + 1];
    s2 += data[k + 2] * x[j + 2];
    s3 += data[k + 3] * x[j + 3];
  }
  for (; j < cols; j++, k++) s0 += data[k] * x[j];
  return s0 + s1 + (s2 + s3);
}

/** y += alpha times row `i` of A, y of cols numbers. SIMD where both live in one workspace. */
export function rowAxpyInPlace(a: Matrix, i: number, alpha: number, y: Float64Array): void {
  const { cols, data } = a;
  checkVector('y', y, cols);
  const from = i * cols;
  const kernels = y.buffer === data.buffer ? workspaceOf(y)?.kernels : undefined;
  if (kernels !== undefined) {
    kernels.axpy(cols, alpha, data.byteOffset + 8 * from, y.byteOffset);
    return;
  }
  for (let j = 0, k = from; j < cols; j++, k++) y[j] += alpha * data[k];
}
