import { createRandom } from '@espalier/core';
import { type Matrix, symmetricEigen } from '@espalier/linalg';

/** Up to this size all eigenvalues are computed; above, Lanczos finds the largest. */
const DIRECT = 48;
/** Lanczos ends when the largest Ritz value moves less than this, relative. */
const TOLERANCE = 1e-12;
const MAX_STEPS = 200;

/** lambda_max of a symmetric positive semidefinite matrix. */
export function largestEigenvalue(H: Matrix): number {
  const { rows: n, data } = H;
  if (n === 1) return data[0];
  if (n === 2) {
    const half = 0.5 * (data[0] - data[3]);
    return 0.5 * (data[0] + data[3]) + Math.hypot(half, data[1]);
  }
  if (n <= DIRECT) return symmetricEigen(H).values[n - 1];
  return largestEigenvalueOf(n, (d, out) => {
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0, k = i * n; j < n; j++, k++) sum += data[k] * d[j];
      out[i] = sum;
    }
  });
}

/** lambda_max of a symmetric positive semidefinite operator on n numbers: Lanczos with full reorthogonalisation. */
export function largestEigenvalueOf(n: number, apply: (d: Float64Array, out: Float64Array) => void): number {
  const random = createRandom(1);
  const basis: Float64Array[] = [normalised(Float64Array.from({ length: n }, () => random.normal()))];
  const [alpha, beta]: [number[], number[]] = [[], []];
  let largest = 0;
  for (let k = 0; k < Math.min(n, MAX_STEPS); k++) {
    const w = new Float64Array(n);
    apply(basis[k], w);
    alpha.push(dot(w, basis[k]));
    // Twice: once loses what rounding leaves.
    for (let pass = 0; pass < 2; pass++) {
      for (const v of basis) {
        const share = dot(w, v);
        for (let i = 0; i < n; i++) w[i] -= share * v[i];
      }
    }
    const before = largest;
    largest = largestOfTridiagonal(alpha, beta);
    const norm = Math.sqrt(dot(w, w));
    if (norm <= 1e-14 * largest || (k > 2 && largest - before <= TOLERANCE * largest)) break;
    beta.push(norm);
    for (let i = 0; i < n; i++) w[i] /= norm;
    basis.push(w);
  }
  return largest;
}

/** Largest eigenvalue of the tridiagonal matrix by bisection on Sturm counts. */
function largestOfTridiagonal(alpha: readonly number[], beta: readonly number[]): number {
  const n = alpha.length;
  let [low, high] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < n; i++) {
    const radius = (i > 0 ? Math.abs(beta[i - 1]) : 0) + (i < n - 1 ? Math.abs(beta[i]) : 0);
    high = Math.max(high, alpha[i] + radius);
    low = Math.max(low, alpha[i]);
  }
  for (let step = 0; step < 100 && high - low > 1e-15 * Math.abs(high); step++) {
    const middle = 0.5 * (low + high);
    if (middle === low || middle === high) break;
    if (allBelow(alpha, beta, middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Whether all eigenvalues lie below t: every pivot of T - t I is negative. */
function allBelow(alpha: readonly number[], beta: readonly number[], t: number): boolean {
  let pivot = alpha[0] - t;
  for (let i = 1; ; i++) {
    if (!(pivot < 0)) return false;
    if (i >= alpha.length) return true;
    pivot = alpha[i] - t - (beta[i - 1] * beta[i - 1]) / pivot;
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function normalised(v: Float64Array): Float64Array {
  const norm = Math.sqrt(dot(v, v));
  return v.map((entry) => entry / norm);
}
