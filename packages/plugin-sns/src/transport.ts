import { InvalidProblemError, NumericalError } from '@espalier/core';
import { createWorkspace, type Matrix } from '@espalier/linalg';
import { computeCost } from './cost.js';
import { isFeasible } from './feasibility.js';
import type { OptimalTransportProblem } from './optimal-transport.js';

/**
 * A checked problem in the form that all solvers work on: rows and columns without mass are gone. Symbols as in the paper:
 * r = a, c = b, P(x, y)_ij = exp(eta (x_i + y_j - C_ij) - 1).
 */
export interface Transport {
  /** n x m; in WebAssembly memory when it is large enough to pay. */
  readonly c: Matrix;
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

/** From this many entries a WebAssembly memory of its own is worth its set-up. */
const WORKSPACE_ENTRIES = 4_096;
/** Above, the memory of a 32-bit module would not hold the matrix and its temporaries. */
const WORKSPACE_BYTES = 2_000_000_000;

/**
 * Checks everything about a problem before any work.
 * @throws InvalidProblemError for what is given wrongly
 * @throws NumericalError when forbidden pairs leave no feasible plan
 */
export function prepareTransport(problem: OptimalTransportProblem): Transport {
  const eta = regularization(problem);
  const tau = problem.tau ?? Number.POSITIVE_INFINITY;
  if (!(tau > 0))
    throw new InvalidProblemError(`tau is a positive number or Infinity; given ${problem.tau}.`);
  const cost = computeCost(problem);
  const { rows, columns } = cost;
  const a = masses('a', problem.a, rows);
  const b = masses('b', problem.b, columns);
  const [massA, massB] = [sum(a), sum(b)];
  if (tau === Number.POSITIVE_INFINITY && Math.abs(massA - massB) > 1e-9 * Math.max(massA, massB)) {
    throw new InvalidProblemError(
      `a and b must have the same total (relative 1e-9); given ${massA} and ${massB}.`,
      {
        remedy: 'Normalise them, or give tau for unbalanced transport.',
      },
    );
  }
  const keptRows = positions(a);
  const keptColumns = positions(b);
  const full: Matrix = { rows, cols: columns, data: cost.matrix };
  const everything = keptRows.length === rows && keptColumns.length === columns;
  const reduced = everything ? full : select(full, keptRows, keptColumns);
  const [ra, rb] = [pick(a, keptRows), pick(b, keptColumns)];
  // The totals may differ by 1e-9, and Newton's system is consistent only when they agree.
  if (tau === Number.POSITIVE_INFINITY) for (let j = 0; j < rb.length; j++) rb[j]! *= massA / massB;
  assertNoIsland(reduced, keptRows, keptColumns);
  if (
    tau === Number.POSITIVE_INFINITY &&
    reduced.data.includes(Number.POSITIVE_INFINITY) &&
    !isFeasible(reduced, ra, rb)
  ) {
    throw new NumericalError('The forbidden pairs leave no plan with these marginals.', {
      remedy: 'Allow more pairs, or give tau for unbalanced transport.',
    });
  }
  const { f, g } = problem.initial ?? { f: new Float64Array(rows), g: new Float64Array(columns) };
  if (f.length !== rows || g.length !== columns || !f.every(Number.isFinite) || !g.every(Number.isFinite)) {
    throw new InvalidProblemError(
      `initial needs ${rows} + ${columns} finite potentials; given ${f.length} + ${g.length}.`,
    );
  }
  return {
    c: inWorkspace(reduced),
    a: ra,
    b: rb,
    eta,
    tau,
    mass: massA,
    keptRows,
    keptColumns,
    fullCost: full,
    x0: pick(f, keptRows),
    y0: pick(g, keptColumns),
  };
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

function masses(name: 'a' | 'b', given: Float64Array | undefined, count: number): Float64Array {
  const weights = given ?? new Float64Array(count).fill(1 / count);
  if (weights.length !== count)
    throw new InvalidProblemError(`${name} has ${count} masses; given ${weights.length}.`);
  const bad = weights.findIndex((w) => !(w >= 0 && Number.isFinite(w)));
  if (bad >= 0)
    throw new InvalidProblemError(`${name}[${bad}] is ${weights[bad]}; masses are finite and >= 0.`);
  if (sum(weights) === 0) throw new InvalidProblemError(`${name} has no mass at all.`);
  return weights;
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

function inWorkspace(c: Matrix): Matrix {
  const bytes = 8 * c.data.length;
  if (c.data.length < WORKSPACE_ENTRIES || bytes > WORKSPACE_BYTES) return c;
  return createWorkspace(bytes + 64).placeMatrix(c);
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
