import { choleskyInPlace, copyMatrix, type Matrix, symmetricEigen } from '@espalier/linalg';
import { factorForest, sparseOf } from './forest.js';

/** A factored block: solves H d = g, in the least-squares sense where H is singular. */
export interface BlockFactor {
  solve(g: Float64Array): Float64Array;
}

/** Up to this size plain loops beat the way into WebAssembly. */
const PLAIN = 48;
/** A pivot below this share of the largest diagonal entry: too close to singular for Cholesky. */
const PIVOT = 1e-12;
/** Eigenvalues below this share of the largest count as 0 in the pseudo-inverse. */
const CUTOFF = 1e-12;

/** Factors a symmetric positive semidefinite matrix: message passing on a forest, else Cholesky, else the pseudo-inverse. */
export function factorBlock(H: Matrix): BlockFactor {
  const forest = H.rows > PLAIN ? asForest(H) : undefined;
  if (forest) return forest;
  const L = factorPositive(H);
  return L ? { solve: (g) => solveFactored(L, g) } : pseudoInverse(H);
}

/** Where few enough entries are not 0 and close no cycle; undefined elsewhere, and where a pivot is not positive. */
function asForest(H: Matrix): BlockFactor | undefined {
  const { rows: n, data } = H;
  // The diagonal, and twice n - 1 edges.
  let room = 3 * n - 2;
  let largest = 0;
  for (let k = 0; k < data.length; k++) {
    if (data[k] === 0) continue;
    if (--room < 0) return undefined;
    largest = Math.max(largest, data[k]);
  }
  try {
    const all = Int32Array.from({ length: n }, (_, i) => i);
    const factor = factorForest(sparseOf(H), all);
    return factor.leastPivot > PIVOT * largest ? factor : undefined;
  } catch {
    return undefined;
  }
}

/** The Cholesky factor, or undefined where H is not safely positive definite. */
export function factorPositive(H: Matrix): Matrix | undefined {
  const { rows: n } = H;
  const L = copyMatrix(H);
  const { data } = L;
  let largest = 0;
  for (let i = 0; i < n; i++) largest = Math.max(largest, data[i * n + i]);
  if (n > PLAIN) {
    try {
      choleskyInPlace(L);
    } catch {
      return undefined;
    }
    for (let i = 0; i < n; i++) if (!(data[i * n + i] ** 2 > PIVOT * largest)) return undefined;
    return L;
  }
  for (let j = 0; j < n; j++) {
    let pivot = data[j * n + j];
    for (let k = 0; k < j; k++) pivot -= data[j * n + k] * data[j * n + k];
    if (!(pivot > PIVOT * largest)) return undefined;
    const diagonal = Math.sqrt(pivot);
    data[j * n + j] = diagonal;
    for (let i = j + 1; i < n; i++) {
      let sum = data[i * n + j];
      for (let k = 0; k < j; k++) sum -= data[i * n + k] * data[j * n + k];
      data[i * n + j] = sum / diagonal;
    }
  }
  return L;
}

/** (L L')^-1 g; only the lower triangle of L is read. */
export function solveFactored({ rows: n, data }: Matrix, g: Float64Array): Float64Array {
  const d = g.slice();
  for (let i = 0; i < n; i++) {
    let sum = d[i];
    for (let k = 0; k < i; k++) sum -= data[i * n + k] * d[k];
    d[i] = sum / data[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    d[i] /= data[i * n + i];
    for (let k = 0; k < i; k++) d[k] -= data[i * n + k] * d[i];
  }
  return d;
}

function pseudoInverse(H: Matrix): BlockFactor {
  const { rows: n } = H;
  const { values, vectors } = symmetricEigen(H);
  const cutoff = CUTOFF * Math.max(0, values[n - 1]);
  return {
    solve(g) {
      const d = new Float64Array(n);
      for (let j = 0; j < n; j++) {
        if (!(values[j] > cutoff)) continue;
        let share = 0;
        for (let i = 0; i < n; i++) share += vectors.data[i * n + j] * g[i];
        share /= values[j];
        for (let i = 0; i < n; i++) d[i] += share * vectors.data[i * n + j];
      }
      return d;
    },
  };
}
