import { choleskyInPlace, choleskySolveInPlace, type Matrix } from '@espalier/linalg';
import type { Direction, NewtonSystem } from './newton-system.js';

/** Added to the complement's diagonal, relative: keeps rounding from making a pivot negative. */
const REGULARISATION = 1e-14;

/** The system seen from its smaller side: [A S; S^T B] with A small, or [B S^T; S A] where the columns are fewer. */
interface SmallSide {
  readonly eta: number;
  readonly size: number;
  readonly diagonal: Float64Array;
  readonly largeDiagonal: Float64Array;
  readonly g: Float64Array;
  readonly largeG: Float64Array;
  /** S v, from the large side to the small one. */
  toSmall(v: Float64Array): Float64Array;
  /** S^T u, from the small side to the large one. */
  toLarge(u: Float64Array): Float64Array;
}

/**
 * Solves M dz = g by a Cholesky factor of the Schur complement on the smaller side,
 * (A - S B^-1 S^T + (mean A) 1 1^T / n + 1e-14 A) dx = (g_x - S B^-1 g_y) / eta, with one step of iterative refinement.
 * The term 1 1^T fixes the constant direction, in which the balanced system is singular; the unbalanced one goes without.
 * @param w k x k, k the smaller side: overwritten by the factor
 * @throws NotPositiveDefiniteError when rounding has eaten the complement
 */
export function solveBySchur(system: NewtonSystem, w: Matrix): Direction {
  const { s, diagonalRows, diagonalCols, gx, gy, eta } = system;
  const rowsSmaller = s.rows <= s.cols;
  const side: SmallSide = {
    eta,
    size: Math.min(s.rows, s.cols),
    diagonal: rowsSmaller ? diagonalRows : diagonalCols,
    largeDiagonal: rowsSmaller ? diagonalCols : diagonalRows,
    g: rowsSmaller ? gx : gy,
    largeG: rowsSmaller ? gy : gx,
    toSmall: rowsSmaller ? s.times : s.transposedTimes,
    toLarge: rowsSmaller ? s.transposedTimes : s.times,
  };
  fillComplementInPlace(system, side, w);
  choleskyInPlace(w);

  const first = substitute(side, w, side.g, side.largeG);
  // Refinement: solve again for what the first solution leaves of g.
  const coupled = side.toSmall(first.large);
  const coupledLarge = side.toLarge(first.small);
  const second = substitute(
    side,
    w,
    side.g.map((v, i) => v - eta * (side.diagonal[i]! * first.small[i]! + coupled[i]!)),
    side.largeG.map((v, j) => v - eta * (side.largeDiagonal[j]! * first.large[j]! + coupledLarge[j]!)),
  );
  const small = first.small.map((v, i) => v + second.small[i]!);
  const large = first.large.map((v, j) => v + second.large[j]!);
  return rowsSmaller ? { dx: small, dy: large } : { dx: large, dy: small };
}

function fillComplementInPlace({ s, singular }: NewtonSystem, side: SmallSide, w: Matrix): void {
  const n = side.size;
  const mean = side.diagonal.reduce((total, v) => total + v, 0) / n;
  w.data.fill(singular ? mean / n : 0);
  for (let i = 0; i < n; i++) w.data[i * n + i]! += side.diagonal[i]! * (1 + REGULARISATION);
  s.subtractGram(w, side.largeDiagonal);
}

/** One solve with the factor: dx = W^-1 (g_x - S B^-1 g_y) / eta, dy = B^-1 (g_y / eta - S^T dx). */
function substitute(
  { eta, largeDiagonal, toSmall, toLarge }: SmallSide,
  factor: Matrix,
  g: Float64Array,
  largeG: Float64Array,
): { readonly small: Float64Array; readonly large: Float64Array } {
  const correction = toSmall(largeG.map((v, j) => v / largeDiagonal[j]!));
  const small = g.map((v, i) => (v - correction[i]!) / eta);
  choleskySolveInPlace(factor, small);
  const coupled = toLarge(small);
  return { small, large: largeG.map((v, j) => (v / eta - coupled[j]!) / largeDiagonal[j]!) };
}
