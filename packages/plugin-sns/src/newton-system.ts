import {
  choleskyInPlace,
  choleskySolveInPlace,
  conjugateGradient,
  createMatrix,
  createWorkspace,
  type Matrix,
} from '@espalier/linalg';
import type { Coupling } from './coupling.js';
import { type DualPoint, gradientHalf, targetMass } from './dual-potential.js';
import type { Transport } from './transport.js';

/**
 * The sparsified Newton system M dz = g, M = eta [A S; S^T B]: S holds the kept entries of P, the diagonals A and B always
 * come from the full P, so that M is diagonally dominant and positive semidefinite whatever was dropped.
 */
export interface NewtonSystem {
  readonly eta: number;
  readonly s: Coupling;
  /** n numbers: (P 1)_i + r_i exp(-x_i / tau) / (tau eta), times 1 + mu. */
  readonly diagonalRows: Float64Array;
  readonly diagonalCols: Float64Array;
  /** Gradient of the dual. */
  readonly gx: Float64Array;
  readonly gy: Float64Array;
  /** Balanced transport: (1, -1) is in the kernel, up to what was dropped. */
  readonly singular: boolean;
}

/** A direction (dx, dy). */
export interface Direction {
  readonly dx: Float64Array;
  readonly dy: Float64Array;
  /** Iterations of conjugate gradients; 0 for direct solves. */
  readonly iterations: number;
}

/** The system at a point. `shift` is Levenberg's mu >= 0. */
export function newtonSystem(t: Transport, point: DualPoint, s: Coupling, shift: number): NewtonSystem {
  const { x, y, rowSums, colSums } = point;
  const diagonal = (masses: Float64Array, potentials: Float64Array, sums: Float64Array) =>
    sums.map((p, i) => {
      const penalty =
        t.tau === Number.POSITIVE_INFINITY
          ? 0
          : targetMass(masses[i]!, potentials[i]!, t.tau) / (t.tau * t.eta);
      return (p + penalty) * (1 + shift);
    });
  return {
    eta: t.eta,
    s,
    diagonalRows: diagonal(t.a, x, rowSums),
    diagonalCols: diagonal(t.b, y, colSums),
    gx: gradientHalf(t.a, x, rowSums, t.tau),
    gy: gradientHalf(t.b, y, colSums, t.tau),
    singular: t.tau === Number.POSITIVE_INFINITY,
  };
}

/**
 * Solves by a Cholesky factor of the Schur complement on the smaller side,
 * (A - S B^-1 S^T + (mean A) 1 1^T / n + 1e-14 A) dx = (g_x - S B^-1 g_y) / eta, with one step of iterative refinement.
 * The term 1 1^T fixes the constant direction, in which the balanced system is singular; the unbalanced one goes without.
 * @throws NotPositiveDefiniteError when rounding has eaten the complement
 */
export function solveBySchur(system: NewtonSystem): Direction {
  const rowsSmaller = system.s.rows <= system.s.cols;
  const side: SchurSide = rowsSmaller
    ? { s: system.s, a: system.diagonalRows, b: system.diagonalCols }
    : { s: system.s.transpose(), a: system.diagonalCols, b: system.diagonalRows };
  const factor = schurComplement(side, system.singular);
  choleskyInPlace(factor);
  const solve = (gSmall: Float64Array, gLarge: Float64Array) =>
    substitute(side, factor, system.eta, gSmall, gLarge);
  const [gSmall, gLarge] = rowsSmaller ? [system.gx, system.gy] : [system.gy, system.gx];
  const first = solve(gSmall, gLarge);
  // Refinement: solve again for what the first solution leaves of g.
  const product = side.s;
  const residualSmall = product
    .times(first.large)
    .map((v, i) => gSmall[i]! - system.eta * (side.a[i]! * first.small[i]! + v));
  const residualLarge = product
    .transposedTimes(first.small)
    .map((v, j) => gLarge[j]! - system.eta * (side.b[j]! * first.large[j]! + v));
  const second = solve(residualSmall, residualLarge);
  const small = first.small.map((v, i) => v + second.small[i]!);
  const large = first.large.map((v, j) => v + second.large[j]!);
  return { dx: rowsSmaller ? small : large, dy: rowsSmaller ? large : small, iterations: 0 };
}

interface SchurSide {
  readonly s: Coupling;
  readonly a: Float64Array;
  readonly b: Float64Array;
}

function schurComplement({ s, a, b }: SchurSide, singular: boolean): Matrix {
  const n = s.rows;
  const w = n >= 64 ? createWorkspace(8 * n * n + 64).allocateMatrix(n, n) : createMatrix(n, n);
  if (singular) w.data.fill(a.reduce((total, v) => total + v, 0) / n / n);
  for (let i = 0; i < n; i++) w.data[i * n + i]! += a[i]! * (1 + 1e-14);
  s.subtractGram(w, b);
  return w;
}

function substitute(
  { s, b }: SchurSide,
  factor: Matrix,
  eta: number,
  gSmall: Float64Array,
  gLarge: Float64Array,
): { small: Float64Array; large: Float64Array } {
  const correction = s.times(gLarge.map((v, j) => v / b[j]!));
  const small = gSmall.map((v, i) => (v - correction[i]!) / eta);
  choleskySolveInPlace(factor, small);
  const coupling = s.transposedTimes(small);
  return { small, large: gLarge.map((v, j) => (v / eta - coupling[j]!) / b[j]!) };
}

/** Limits of {@link solveByConjugateGradient}. */
export interface ConjugateGradientLimits {
  /** Relative to |g|_2. */
  readonly tolerance: number;
  readonly maxIterations: number;
  /** Called now and then; may throw to abort. */
  readonly check: () => void;
}

/**
 * Solves by conjugate gradients with Jacobi's preconditioner. g is orthogonal to the kernel (1, -1) of the balanced system, so the
 * singular system is consistent.
 */
export function solveByConjugateGradient(system: NewtonSystem, limits: ConjugateGradientLimits): Direction {
  const { eta, s, diagonalRows, diagonalCols, gx, gy } = system;
  const [n, m] = [gx.length, gy.length];
  const g = new Float64Array(n + m);
  g.set(gx);
  g.set(gy, n);
  const { x, iterations } = conjugateGradient(
    (d, out) => {
      const [dx, dy] = [d.subarray(0, n), d.subarray(n)];
      const [rowPart, colPart] = [s.times(dy), s.transposedTimes(dx)];
      for (let i = 0; i < n; i++) out[i] = eta * (diagonalRows[i]! * dx[i]! + rowPart[i]!);
      for (let j = 0; j < m; j++) out[n + j] = eta * (diagonalCols[j]! * dy[j]! + colPart[j]!);
    },
    g,
    {
      tolerance: limits.tolerance,
      maxIterations: limits.maxIterations,
      preconditioner(residual, out) {
        for (let i = 0; i < n; i++) out[i] = residual[i]! / (eta * diagonalRows[i]!);
        for (let j = 0; j < m; j++) out[n + j] = residual[n + j]! / (eta * diagonalCols[j]!);
      },
      shouldStop(iteration) {
        if (iteration % 64 === 0) limits.check();
        return false;
      },
    },
  );
  return { dx: x.slice(0, n), dy: x.slice(n), iterations };
}

/** g . dz: the slope of the dual along a direction. */
export function slope({ gx, gy }: NewtonSystem, { dx, dy }: Direction): number {
  let total = 0;
  for (let i = 0; i < gx.length; i++) total += gx[i]! * dx[i]!;
  for (let j = 0; j < gy.length; j++) total += gy[j]! * dy[j]!;
  return total;
}
