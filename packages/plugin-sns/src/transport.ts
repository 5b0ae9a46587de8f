import { InvalidProblemError, NumericalError } from '@espalier/core';
import { createWorkspace, type Matrix, type Workspace } from '@espalier/linalg';
import { computeCost } from './cost.js';
import { isFeasible } from './feasibility.js';
import { assertFloat64 } from './float64.js';
import type { OptimalTransportProblem } from './optimal-transport.js';

/**
 * A checked problem in the form that all solvers work on: rows and columns without mass are gone. Symbols as in the paper:
 * r = a, c = b, P(x, y)_ij = exp(eta (x_i + y_j - C_ij) - 1).
 */
export interface Transport {
  /** n x m; in the workspace where there is one. */
  readonly c: Matrix;
  /** The memory that holds `c`, with room for the Schur complement of a Newton step. */
  readonly workspace: Workspace | undefined;
  /** n positive masses. */
  readonly a: Float64Array;
  /** m positive masses. */
  readonly b: Float64Array;
  readonly eta: number;
  /** Infinity for balanced transport. */
  readonly tau: number;
  /** Total of `a`: errors and tolerances are relative to it. */
  readonly mass: number;
  /** Positions of the rows and columns in the original problem. */
  readonly keptRows: Int32Array;
  readonly keptColumns: Int32Array;
  /** The whole cost, for potentials of rows and columns without mass. */
  readonly fullCost: Matrix;
  /** Where to start: zeros, or the problem's own. */
  readonly x0: Float64Array;
  readonly y0: Float64Array;
}

/** Largest smaller side for which the Newton system may be solved by a Cholesky factor. */
export const LARGEST_CHOLESKY = 4_000;

/** From this many entries a WebAssembly memory of its own is worth its set-up (about a millisecond). */
const WORKSPACE_ENTRIES = 16_384;
/** Above, the memory of a 32-bit module would not hold the matrix and its temporaries. */
const WORKSPACE_BYTES = 3_500_000_000;

/**
 * Checks everything about a problem before any work.
 * @throws InvalidProblemError for what is given wrongly
 * @throws NumericalError when forbidden pairs leave no feasible plan
 */
export function prepareTransport(problem: OptimalTransportProblem): Transport {
  assertChoice('mode', problem.mode, ['plan', 'potentials']);
  assertChoice('planFormat', problem.planFormat, ['dense', 'sparse']);
  const eta = regularization(problem);
  const tau = penaltyOf(problem);
  const balanced = tau === Number.POSITIVE_INFINITY;
  const cost = computeCost(problem);
  const { rows, columns } = cost;
  const a = masses('a', problem.a, rows);
  const b = masses('b', problem.b, columns);
  const [massA, massB] = [sum(a), sum(b)];
  if (balanced) assertOneTotal(massA, massB);
  const [keptRows, keptColumns] = [positions(a), positions(b)];
  const full: Matrix = { rows, cols: columns, data: cost.matrix };
  const everything = keptRows.length === rows && keptColumns.length === columns;
  const reduced = everything ? full : select(full, keptRows, keptColumns);
  const [ra, rb] = [pick(a, keptRows), pick(b, keptColumns)];
  // The totals may differ by 1e-9, and Newton's system is consistent only when they agree.
  if (balanced) for (let j = 0; j < rb.length; j++) rb[j]! *= massA / massB;
  assertNoIsland(reduced, keptRows, keptColumns);
  if (balanced) assertFeasible(reduced, ra, rb);
  const { f, g } = initialPotentials(problem, rows, columns);
  const [x0, y0] = [pick(f, keptRows), pick(g, keptColumns)];
  // Balanced potentials are unique up to a constant: a large one would cost digits.
  const level = balanced ? sum(y0) / y0.length : 0;
  const workspace = workspaceFor(reduced);
  return {
    c: workspace?.placeMatrix(reduced) ?? reduced,
    workspace,
    a: ra,
    b: rb,
    eta,
    tau,
    mass: massA,
    keptRows,
    keptColumns,
    fullCost: full,
    x0: x0.map((v) => v + level),
    y0: y0.map((v) => v - level),
  };
}

function assertChoice(name: string, given: unknown, allowed: readonly string[]): void {
  if (given !== undefined && !allowed.includes(given as string))
    throw new InvalidProblemError(`${name} is ${allowed.join(' or ')}; given ${JSON.stringify(given)}.`);
}

function regularization({ eta, epsilon }: OptimalTransportProblem): number {
  if ((eta === undefined) === (epsilon === undefined)) {
    throw new InvalidProblemError(
      `Give exactly one of eta and epsilon; given eta ${eta}, epsilon ${epsilon}.`,
    );
  }
  const value = eta ?? 1 / epsilon!;
  if (!(value > 0 && Number.isFinite(value))) {
    throw new InvalidProblemError(`eta and epsilon are positive and finite; given ${eta ?? epsilon}.`);
  }
  return value;
}

function penaltyOf({ tau = Number.POSITIVE_INFINITY }: OptimalTransportProblem): number {
  if (typeof tau === 'number' && tau > 0) return tau;
  throw new InvalidProblemError(`tau is a positive number or Infinity; given ${tau}.`);
}

function masses(name: 'a' | 'b', given: Float64Array | undefined, count: number): Float64Array {
  const weights = given ?? new Float64Array(count).fill(1 / count);
  assertFloat64(name, weights);
  if (weights.length !== count)
    throw new InvalidProblemError(`${name} has ${count} masses; given ${weights.length}.`);
  const bad = weights.findIndex((w) => !(w >= 0 && Number.isFinite(w)));
  if (bad >= 0)
    throw new InvalidProblemError(`${name}[${bad}] is ${weights[bad]}; masses are finite and >= 0.`);
  if (sum(weights) === 0) throw new InvalidProblemError(`${name} has no mass at all.`);
  return weights;
}

function assertOneTotal(massA: number, massB: number): void {
  if (Math.abs(massA - massB) <= 1e-9 * Math.max(massA, massB)) return;
  throw new InvalidProblemError(
    `a and b must have the same total (relative 1e-9); given ${massA} and ${massB}.`,
    { remedy: 'Normalise them, or give tau for unbalanced transport.' },
  );
}

function initialPotentials(
  { initial }: OptimalTransportProblem,
  rows: number,
  columns: number,
): { f: Float64Array; g: Float64Array } {
  if (!initial) return { f: new Float64Array(rows), g: new Float64Array(columns) };
  const { f, g } = initial;
  assertFloat64('initial.f', f);
  assertFloat64('initial.g', g);
  if (f.length !== rows || g.length !== columns || !f.every(Number.isFinite) || !g.every(Number.isFinite)) {
    throw new InvalidProblemError(
      `initial needs ${rows} + ${columns} finite potentials; given ${f.length} + ${g.length}.`,
    );
  }
  return initial;
}

/** @throws NumericalError when forbidden pairs leave no plan with these marginals */
function assertFeasible(c: Matrix, a: Float64Array, b: Float64Array): void {
  if (!c.data.includes(Number.POSITIVE_INFINITY) || isFeasible(c, a, b)) return;
  throw new NumericalError('The forbidden pairs leave no plan with these marginals.', {
    remedy: 'Allow more pairs, or give tau for unbalanced transport.',
  });
}

/** @throws InvalidProblemError for a row or column with mass and no allowed pair */
function assertNoIsland(c: Matrix, keptRows: Int32Array, keptColumns: Int32Array): void {
  const seen = new Uint8Array(c.cols);
  for (let i = 0; i < c.rows; i++) {
    let any = false;
    for (let j = 0; j < c.cols; j++) {
      if (c.data[i * c.cols + j] === Number.POSITIVE_INFINITY) continue;
      any = true;
      seen[j] = 1;
    }
    if (!any) throw new InvalidProblemError(`Row ${keptRows[i]} has mass, but all its pairs are forbidden.`);
  }
  const island = seen.indexOf(0);
  if (island >= 0)
    throw new InvalidProblemError(`Column ${keptColumns[island]} has mass, but all its pairs are forbidden.`);
}

/** A workspace with the cost in it; undefined where the cost is too small to pay for one, or too large to fit. */
function workspaceFor({ data, rows, cols }: Matrix): Workspace | undefined {
  const small = Math.min(rows, cols);
  const complement = small <= LARGEST_CHOLESKY ? small * small : 0;
  const bytes = 8 * (data.length + complement) + 128;
  return data.length < WORKSPACE_ENTRIES || bytes > WORKSPACE_BYTES ? undefined : createWorkspace(bytes);
}

export function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

function positions(weights: Float64Array): Int32Array {
  return Int32Array.from(weights.keys()).filter((i) => weights[i]! > 0);
}

function pick(values: Float64Array, kept: Int32Array): Float64Array {
  return Float64Array.from(kept, (i) => values[i]!);
}

function select(full: Matrix, keptRows: Int32Array, keptColumns: Int32Array): Matrix {
  const [rows, cols] = [keptRows.length, keptColumns.length];
  const data = new Float64Array(rows * cols);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++)
      data[i * cols + j] = full.data[keptRows[i]! * full.cols + keptColumns[j]!]!;
  }
  return { rows, cols, data };
}
