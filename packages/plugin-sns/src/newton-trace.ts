import { type CsrMatrix, csrToDense, symmetricEigen } from '@espalier/linalg';
import { sparseCoupling } from './coupling.js';
import { type DualPoint, evaluateDual } from './dual-potential.js';
import { searchLine } from './line-search.js';
import { logSweepInPlace } from './log-sweep.js';
import { type Direction, type NewtonSystem, newtonSystem, slope } from './newton-system.js';
import type { OptimalTransportProblem } from './optimal-transport.js';
import { createHistogram, keepLargest } from './sparsify.js';
import { prepareTransport, type Transport } from './transport.js';

/** One sparse Newton step of the paper, taken apart. */
export interface NewtonTrace {
  readonly start: DualPoint;
  readonly gradient: Float64Array;
  /** The threshold and the entries that are kept. */
  readonly rho: number;
  readonly kept: CsrMatrix;
  /** Least-squares solution of M dz = g, shifted along (1, -1) so that sum a_i dx_i = 0. */
  readonly direction: Direction;
  readonly directionalDerivative: number;
  /** Largest entry of |M dz - g|. */
  readonly solveResidual: number;
  readonly alpha: number;
  readonly after: DualPoint;
}

/**
 * One step for inspection and teaching: `sweeps` sweeps in the log domain, then a Newton step that keeps the `kept` largest entries of
 * P, solved exactly. For small problems: the system is solved through its eigenvalues, O((n + m)^3).
 * @throws InvalidProblemError as every solver does; RangeError unless 0 <= sweeps and 1 <= kept <= n m
 */
export function traceNewtonStep(
  problem: OptimalTransportProblem,
  { sweeps, kept: count }: { readonly sweeps: number; readonly kept: number },
): NewtonTrace {
  const t = prepareTransport(problem);
  if (!(Number.isInteger(sweeps) && sweeps >= 0))
    throw new RangeError(`sweeps is an integer of at least 0; given ${sweeps}.`);
  if (!(Number.isInteger(count) && count >= 1 && count <= t.c.data.length))
    throw new RangeError(`kept is an integer from 1 to ${t.c.data.length}; given ${count}.`);
  const [x, y] = [t.x0.slice(), t.y0.slice()];
  for (let sweep = 0; sweep < sweeps; sweep++) logSweepInPlace(t, x, y);
  const histogram = createHistogram();
  const start = evaluateDual(t, x, y, histogram);
  const { s: kept, rho } = keepLargest(t, start, histogram, count);
  const system = newtonSystem(t, start, sparseCoupling(kept), 0);
  const { direction, residual } = solveLeastSquares(system, kept);
  const centred = centre(direction, t);
  const directionalDerivative = slope(system, centred);
  const found = searchLine(t, start, centred, directionalDerivative, 'armijo');
  return {
    start,
    gradient: Float64Array.from([...system.gx, ...system.gy]),
    rho,
    kept,
    direction: centred,
    directionalDerivative,
    solveResidual: residual,
    alpha: found?.alpha ?? 0,
    after: found?.point ?? start,
  };
}

function solveLeastSquares(system: NewtonSystem, s: CsrMatrix): { direction: Direction; residual: number } {
  const { eta, diagonalRows, diagonalCols, gx, gy } = system;
  const [n, m] = [gx.length, gy.length];
  const size = n + m;
  const dense = csrToDense(s);
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < n; i++) {
    matrix[i * size + i] = eta * diagonalRows[i]!;
    for (let j = 0; j < m; j++) {
      const value = eta * dense.data[i * m + j]!;
      matrix[i * size + n + j] = value;
      matrix[(n + j) * size + i] = value;
    }
  }
  for (let j = 0; j < m; j++) matrix[(n + j) * size + n + j] = eta * diagonalCols[j]!;
  const g = Float64Array.from([...gx, ...gy]);
  const { values, vectors } = symmetricEigen({ rows: size, cols: size, data: matrix.slice() });
  const largest = Math.max(...values);
  const solveOnce = (right: Float64Array): Float64Array => {
    const solution = new Float64Array(size);
    for (let k = 0; k < size; k++) {
      if (values[k]! <= 1e-14 * largest) continue; // the kernel: least squares has no part there
      let weight = 0;
      for (let i = 0; i < size; i++) weight += vectors.data[i * size + k]! * right[i]!;
      for (let i = 0; i < size; i++) solution[i]! += (weight / values[k]!) * vectors.data[i * size + k]!;
    }
    return solution;
  };
  const residualOf = (z: Float64Array) =>
    g.map((value, i) => {
      let product = 0;
      for (let j = 0; j < size; j++) product += matrix[i * size + j]! * z[j]!;
      return value - product;
    });
  const first = solveOnce(g);
  const correction = solveOnce(residualOf(first));
  const z = first.map((value, i) => value + correction[i]!);
  const residual = residualOf(z).reduce((largestSoFar, r) => Math.max(largestSoFar, Math.abs(r)), 0);
  return { direction: { dx: z.slice(0, n), dy: z.slice(n) }, residual };
}

function centre({ dx, dy }: Direction, { a }: Transport): Direction {
  let shift = 0;
  let mass = 0;
  for (let i = 0; i < a.length; i++) {
    shift += a[i]! * dx[i]!;
    mass += a[i]!;
  }
  shift /= mass;
  return { dx: dx.map((v) => v - shift), dy: dy.map((v) => v + shift) };
}
