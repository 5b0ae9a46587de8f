import type { Matrix } from '@espalier/linalg';
import { factorBlock } from './block-solve.js';
import { flaggedIndices } from './flagged-indices.js';
import type { BlockTerm } from './regularizer.js';
import { isFixed, prox, shortestSubgradient } from './separable.js';

/** Sweeps of coordinate descent that look for the support before it is solved for exactly. */
const SWEEPS = 30;
/** They end early after so many without an entry changing its piece. */
const SETTLED = 3;
/** And when no entry moves more than this share of the largest move so far. */
const SWEEP_TOLERANCE = 1e-3;
/** A fixed entry is released when its subgradient exceeds this share of the largest number in the gradient. */
const RELEASE = 1e-13;
/** So many rounds release all entries that could improve; later ones one at a time, which cannot cycle. */
const BULK_ROUNDS = 20;

/** The state of the active-set method: each entry is free within a piece of r, or fixed at the end of one. */
interface Pieces {
  readonly free: Uint8Array;
  /** The piece: its ends, and the slope of r in it. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly slope: Float64Array;
}

/**
 * The step d that minimises g'd + 0.5 d'P d + r(x + d) exactly: a few sweeps of coordinate descent guess the pieces of r that the
 * solution lies in, then an active-set method solves for it (finite; Lawson and Hanson's for r = 0 on x >= 0, feature-sign search for
 * the l1 norm). Where `term.keepsSum`, the entries of d add up to 0.
 *
 * @param P symmetric positive semidefinite
 * @param x the block's entries, feasible
 */
export function minimiseBlock(P: Matrix, g: Float64Array, x: Float64Array, term: BlockTerm): Float64Array {
  const n = x.length;
  const t = x.slice();
  /** The smooth part's gradient at t. */
  const h = g.slice();
  if (!term.keepsSum) sweepInPlace(P, h, t, term);
  const pieces = piecesAt(t, term);
  const scale = Math.max(term.weight, ...h.map(Math.abs), ...g.map(Math.abs));
  let single = false;
  for (let round = 0; round < 50 + 4 * n; round++) {
    const moved = minimiseOverFree(P, h, t, pieces, term.keepsSum);
    if (moved === 'blocked') continue;
    single ||= round > BULK_ROUNDS || moved === 'stuck';
    if (!release(h, t, pieces, term, RELEASE * scale, single)) break;
  }
  for (let i = 0; i < n; i++) t[i] -= x[i];
  return t;
}

function sweepInPlace({ data }: Matrix, h: Float64Array, t: Float64Array, term: BlockTerm): void {
  const n = t.length;
  let largest = 0;
  let settled = 0;
  for (let sweep = 0; sweep < SWEEPS && settled < SETTLED; sweep++) {
    let moved = 0;
    settled++;
    for (let i = 0; i < n; i++) {
      const curvature = data[i * n + i];
      if (!(curvature > 0)) continue;
      const step = prox(term, i, t[i] - h[i] / curvature, curvature) - t[i];
      if (step === 0) continue;
      const before = pieceOf(term, i, t[i]);
      t[i] += step;
      if (pieceOf(term, i, t[i]) !== before) settled = 0;
      for (let j = 0, k = i * n; j < n; j++, k++) h[j] += step * data[k];
      moved = Math.max(moved, Math.abs(step));
    }
    largest = Math.max(largest, moved);
    if (moved <= SWEEP_TOLERANCE * largest) break;
  }
}

/** The piece of r at t: below 0, above it, or fixed at an end. */
function pieceOf(term: BlockTerm, i: number, t: number): -1 | 0 | 1 {
  if (isFixed(term, i, t)) return 0;
  return term.weight > 0 && t < 0 ? -1 : 1;
}

function piecesAt(t: Float64Array, term: BlockTerm): Pieces {
  const n = t.length;
  const pieces = {
    free: new Uint8Array(n),
    low: new Float64Array(n),
    high: new Float64Array(n),
    slope: new Float64Array(n),
  };
  for (let i = 0; i < n; i++) {
    if (isFixed(term, i, t[i])) continue;
    enterPiece(pieces, term, i, t[i] < 0 ? -1 : 1);
  }
  return pieces;
}

/** Frees entry i within the piece of r on that side of 0, or within its bounds where r has no kink. */
function enterPiece({ free, low, high, slope }: Pieces, term: BlockTerm, i: number, side: -1 | 1): void {
  const { weight, lower, upper } = term;
  free[i] = 1;
  low[i] = weight > 0 && side > 0 ? Math.max(0, lower[i]) : lower[i];
  high[i] = weight > 0 && side < 0 ? Math.min(0, upper[i]) : upper[i];
  slope[i] = side * weight;
}

/**
 * Goes towards the minimiser over the free entries, as far as their pieces reach, and fixes those that arrive at an end.
 * @returns `blocked` before the minimiser; `stuck` where nothing moved at all; else `arrived`
 */
function minimiseOverFree(
  P: Matrix,
  h: Float64Array,
  t: Float64Array,
  pieces: Pieces,
  keepsSum: boolean,
): 'arrived' | 'blocked' | 'stuck' {
  const { free, low, high, slope } = pieces;
  for (;;) {
    const set = flaggedIndices(free);
    if (set.length === 0) return 'stuck';
    const u = newtonDirection(P, h, slope, set, keepsSum);
    // An entry at the end of its piece that wants to leave it: fixed, and solved again without it.
    const leaving = set.filter((i, k) => (t[i] <= low[i] && u[k] < 0) || (t[i] >= high[i] && u[k] > 0));
    if (leaving.length > 0) {
      for (const i of leaving) free[i] = 0;
      continue;
    }
    const reach = u.map((v, k) => {
      const end = v < 0 ? low[set[k]] : high[set[k]];
      return v === 0 ? Number.POSITIVE_INFINITY : (end - t[set[k]]) / v;
    });
    const alpha = reach.reduce((least, v) => Math.min(least, v), 1);
    moveInPlace(P, h, t, set, u, alpha);
    if (alpha === 1) return u.some((v) => v !== 0) ? 'arrived' : 'stuck';
    // The entry that limits the step, and those within rounding of it, stand exactly at the end of their pieces.
    for (let k = 0; k < set.length; k++) {
      if (reach[k] > alpha * (1 + 1e-14)) continue;
      t[set[k]] = u[k] < 0 ? low[set[k]] : high[set[k]];
      free[set[k]] = 0;
    }
    return 'blocked';
  }
}

/** u = -P_FF^+ (h_F + slope_F); with a constant sum the multiplier nu makes the entries of u add up to 0. */
function newtonDirection(
  P: Matrix,
  h: Float64Array,
  slope: Float64Array,
  set: Int32Array,
  keepsSum: boolean,
): Float64Array {
  const n = h.length;
  const size = set.length;
  const data = new Float64Array(size * size);
  for (let a = 0; a < size; a++) {
    for (let b = 0; b < size; b++) data[a * size + b] = P.data[set[a] * n + set[b]];
  }
  if (keepsSum) addRidge(data, size);
  const factor = factorBlock({ rows: size, cols: size, data });
  const u = factor.solve(Float64Array.from(set, (i) => -(h[i] + slope[i])));
  if (!keepsSum) return u;
  const w = factor.solve(new Float64Array(size).fill(1));
  const nu = u.reduce((sum, v) => sum + v, 0) / w.reduce((sum, v) => sum + v, 0);
  // One entry cannot move alone, and without any curvature there is no minimiser to go to.
  return size === 1 || !Number.isFinite(nu) ? new Float64Array(size) : u.map((v, k) => v - nu * w[k]);
}

/** 1e-12 of the mean diagonal entry on the diagonal: the pseudo-inverse would let the multiplier divide by 0. */
function addRidge(data: Float64Array, size: number): void {
  let trace = 0;
  for (let i = 0; i < size; i++) trace += data[i * size + i];
  for (let i = 0; i < size; i++) data[i * size + i] += (1e-12 * trace) / size;
}

function moveInPlace(
  { data }: Matrix,
  h: Float64Array,
  t: Float64Array,
  set: Int32Array,
  u: Float64Array,
  alpha: number,
): void {
  const n = h.length;
  for (let k = 0; k < set.length; k++) {
    const step = alpha * u[k];
    if (step === 0) continue;
    t[set[k]] += step;
    for (let j = 0, at = set[k] * n; j < n; j++, at++) h[j] += step * data[at];
  }
}

/** Frees fixed entries that can improve F: all of them, or the one that promises most. @returns whether there was any */
function release(
  h: Float64Array,
  t: Float64Array,
  pieces: Pieces,
  term: BlockTerm,
  tolerance: number,
  single: boolean,
): boolean {
  const level = term.keepsSum ? levelOf(h, pieces) : 0;
  let best = -1;
  let most = tolerance;
  let found = false;
  for (let i = 0; i < t.length; i++) {
    if (pieces.free[i] === 1) continue;
    const s = shortestSubgradient(term, i, t[i], h[i] - level);
    if (Math.abs(s) <= tolerance) continue;
    found = true;
    if (!single) enterPiece(pieces, term, i, sideOf(t[i], s));
    else if (Math.abs(s) > most) {
      most = Math.abs(s);
      best = i;
    }
  }
  if (best >= 0) {
    const s = shortestSubgradient(term, best, t[best], h[best] - level);
    enterPiece(pieces, term, best, sideOf(t[best], s));
  }
  return found;
}

/** The piece of r that an entry enters: at the kink the one that it descends into, at a bound the one that it stands in. */
const sideOf = (t: number, subgradient: number): -1 | 1 =>
  t === 0 ? (subgradient < 0 ? 1 : -1) : t < 0 ? -1 : 1;

/** The common value of the gradient on the free entries: the multiplier of the constant sum. */
function levelOf(h: Float64Array, { free }: Pieces): number {
  let [sum, count] = [0, 0];
  for (let i = 0; i < h.length; i++) {
    if (free[i] === 0) continue;
    sum += h[i];
    count++;
  }
  return count === 0 ? 0 : sum / count;
}
