import { csrProximalSweep, csrSquaredNorms, type ProximalSweep } from '@espalier/linalg';
import type { BlockColumns } from './block-columns.js';
import { solveOnPieces } from './piece-solve.js';
import type { BlockTerm } from './regularizer.js';
import { isFixed, shortestSubgradient } from './separable.js';

/** The model is minimised until its optimality is this share of what it was: the next block comes with another model. */
const SHARE = 0.1;
/** Most sweeps a step. */
const MAX_SWEEPS = 200;
/** After so many sweeps without an entry changing its piece of r, the free entries are solved for together. */
const SETTLED = 4;
/** After so many sweeps over the free entries alone, all entries are looked at again. */
const FREE_SWEEPS = 20;

/**
 * A step d towards the minimiser of g'd + 0.5 d'(B'B + ridge I)d + r(x + d) without a matrix: sweeps of coordinate descent through the
 * columns find the pieces of r that the solution lies in, conjugate gradients then solve for the entries that are free in them.
 *
 * @param g the gradient at x
 * @param x the block's entries, feasible
 */
export function minimiseBySweeps(
  B: BlockColumns,
  g: Float64Array,
  x: Float64Array,
  term: BlockTerm,
): Float64Array {
  const n = x.length;
  const sweep = startSweep(B, g, x, term);
  const t = sweep.x;
  const goal = SHARE * optimalityAt(g, x, term);
  if (goal === 0) return new Float64Array(n);
  const all = B.workspace?.allocateInt32(n) ?? new Int32Array(n);
  for (let j = 0; j < n; j++) all[j] = j;
  const room = B.workspace?.allocateInt32(n) ?? new Int32Array(n);
  let free = room;
  /** Of each entry: 0 at a kink or bound, else the sign of the slope of r. */
  const pieces = new Int8Array(n);
  let settled = 0;
  /** Sweeps over the free entries since the last over all. */
  let since = FREE_SWEEPS;
  for (let count = 0; count < MAX_SWEEPS; count++) {
    const whole = since >= FREE_SWEEPS;
    const left = csrProximalSweep(sweep, whole ? all : free);
    if (whole && left <= goal) break;
    since = whole ? 0 : left <= goal ? FREE_SWEEPS : since + 1;
    settled = notePieces(pieces, t, term) ? 0 : settled + 1;
    free = flaggedInto(room, pieces);
    if (settled < SETTLED || free.length === 0) continue;
    solveOnPieces(sweep, free, pieces, goal, B.workspace);
    settled = 0;
    since = FREE_SWEEPS;
  }
  const step = new Float64Array(n);
  for (let j = 0; j < n; j++) step[j] = t[j] - x[j];
  return step;
}

/** d = 0: t = x, u = B d. */
function startSweep(
  { columns, ridge, workspace }: BlockColumns,
  g: Float64Array,
  x: Float64Array,
  { weight, lower, upper }: BlockTerm,
): ProximalSweep {
  const place = (values: Float64Array) => workspace?.place(values) ?? values.slice();
  const curvature = csrSquaredNorms(columns);
  const linear = g.slice();
  for (let j = 0; j < x.length; j++) {
    curvature[j] += ridge;
    linear[j] -= ridge * x[j];
  }
  return {
    columns,
    curvature: place(curvature),
    linear: place(linear),
    ridge,
    weight,
    lower: place(lower),
    upper: place(upper),
    x: place(x),
    u: place(new Float64Array(columns.cols)),
  };
}

function optimalityAt(g: Float64Array, x: Float64Array, term: BlockTerm): number {
  let largest = 0;
  for (let j = 0; j < x.length; j++)
    largest = Math.max(largest, Math.abs(shortestSubgradient(term, j, x[j], g[j])));
  return largest;
}

/** @returns whether an entry stands in another piece than before */
function notePieces(pieces: Int8Array, t: Float64Array, term: BlockTerm): boolean {
  let changed = false;
  for (let j = 0; j < t.length; j++) {
    const piece = isFixed(term, j, t[j]) ? 0 : term.weight > 0 && t[j] < 0 ? -1 : 1;
    if (piece === pieces[j]) continue;
    pieces[j] = piece;
    changed = true;
  }
  return changed;
}

/** The places of the pieces that are not 0, at the beginning of `room`. */
function flaggedInto(room: Int32Array, pieces: Int8Array): Int32Array {
  let count = 0;
  for (let j = 0; j < pieces.length; j++) if (pieces[j] !== 0) room[count++] = j;
  return room.subarray(0, count);
}
