import { InvalidProblemError, messageOf } from '@espalier/core';
import {
  type CsrMatrix,
  choleskyInPlace,
  createCsr,
  csrFromDense,
  csrToDense,
  type Matrix,
} from '@espalier/linalg';
import type { Objective, QuadraticObjective } from './composite-minimization.js';
import { diagonalOf } from './quadratic-model.js';

/** @throws InvalidProblemError for anything that an objective cannot be computed from */
export function assertObjective(objective: Objective): void {
  switch (objective?.kind) {
    case 'least-squares':
      assertMatrix(objective.A);
      assertVector('y', objective.y, objective.A.rows);
      return;
    case 'logistic':
      assertMatrix(objective.A);
      assertVector('y', objective.y, objective.A.rows);
      assertEach('y', objective.y, (label) => label === 1 || label === -1, '-1 or 1');
      return;
    case 'softmax': {
      const { A, labels, classes } = objective;
      assertMatrix(A);
      if (!(Number.isSafeInteger(classes) && classes >= 2))
        throw new InvalidProblemError(`classes is a whole number >= 2; given ${String(classes)}.`);
      if (!(labels instanceof Int32Array) || labels.length !== A.rows)
        throw new InvalidProblemError(
          `labels is an Int32Array with one class for each of the ${A.rows} rows of A.`,
        );
      assertEach('labels', labels, (label) => label >= 0 && label < classes, `0 to ${classes - 1}`);
      return;
    }
    case 'quadratic':
      assertMatrix(objective.A);
      assertVector('b', objective.b, objective.A.rows);
      assertPositiveDefinite(objective);
      return;
    case 'custom': {
      const { n, lipschitz } = objective;
      if (!(Number.isSafeInteger(n) && n >= 1))
        throw new InvalidProblemError(`n is a whole number >= 1; given ${String(n)}.`);
      for (const name of ['value', 'gradient'] as const) {
        if (typeof objective[name] !== 'function')
          throw new InvalidProblemError(`A custom objective has a function ${name}.`);
      }
      assertVector('lipschitz', lipschitz, n);
      assertEach('lipschitz', lipschitz, (constant) => constant > 0, 'positive numbers');
      return;
    }
    default:
      throw new InvalidProblemError(
        `The objective's kind is '${String((objective as { kind?: unknown } | undefined)?.kind)}'; allowed: least-squares, logistic, softmax, quadratic, custom.`,
      );
  }
}

function assertMatrix(A: Matrix | CsrMatrix): void {
  if (A === null || typeof A !== 'object') {
    throw new InvalidProblemError(
      `A is a dense matrix { rows, cols, data } or a sparse one by rows; given ${String(A)}.`,
    );
  }
  const { rows, cols } = A;
  if (!(Number.isSafeInteger(rows) && rows >= 1 && Number.isSafeInteger(cols) && cols >= 1)) {
    throw new InvalidProblemError(`A must have at least one row and one column; it is ${rows} x ${cols}.`);
  }
  if ('data' in A) {
    assertVector('A.data', A.data, rows * cols);
    return;
  }
  try {
    createCsr(rows, cols, A.rowPointers, A.columnIndices, A.values);
  } catch (cause) {
    throw new InvalidProblemError(`The sparse matrix A is not well-formed: ${messageOf(cause)}`, { cause });
  }
  assertVector('A.values', A.values, A.values.length);
}

function assertVector(name: string, values: Float64Array, length: number): void {
  if (!(values instanceof Float64Array) || values.length !== length) {
    const given = ArrayBuffer.isView(values)
      ? `a ${values.constructor.name} of ${(values as Float64Array).length}`
      : String(values);
    throw new InvalidProblemError(`${name} is a Float64Array of ${length} numbers; given ${given}.`);
  }
  if (!allFinite(values)) assertEach(name, values, Number.isFinite, 'finite numbers');
}

/** One pass without branches: 0 times what is not finite is NaN. */
function allFinite(values: Float64Array): boolean {
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += 0 * values[i];
    b += 0 * values[i + 1];
    c += 0 * values[i + 2];
    d += 0 * values[i + 3];
  }
  for (let i = whole; i < values.length; i++) a += 0 * values[i];
  return a + b + c + d === 0;
}

function assertEach(
  name: string,
  values: Float64Array | Int32Array,
  isAllowed: (value: number) => boolean,
  allowed: string,
): void {
  const bad = values.findIndex((value) => !isAllowed(value));
  if (bad >= 0) throw new InvalidProblemError(`${name} holds ${allowed}; entry ${bad} is ${values[bad]}.`);
}

/** Up to this size definiteness is checked by a factorisation, above by what the diagonal tells. */
const FACTORED = 512;

function assertPositiveDefinite({ A, lattice }: QuadraticObjective): void {
  if (A.rows !== A.cols) throw new InvalidProblemError(`A must be square; it is ${A.rows} x ${A.cols}.`);
  const sparse = 'data' in A ? csrFromDense(A) : A;
  assertSymmetric(sparse);
  const diagonal = diagonalOf(sparse);
  const bad = diagonal.findIndex((entry) => !(entry > 0));
  if (bad >= 0) throw notDefinite(`its diagonal entry ${bad} is ${diagonal[bad]}`);
  if (lattice) {
    const count = lattice.nodes?.length ?? lattice.rows * lattice.columns;
    if (count !== A.rows)
      throw new InvalidProblemError(
        `The lattice has ${count} nodes that are variables; A has ${A.rows} rows.`,
      );
  }
  if (A.rows > FACTORED) return;
  try {
    choleskyInPlace(csrToDense(sparse));
  } catch (cause) {
    throw notDefinite(messageOf(cause));
  }
}

function notDefinite(why: string): InvalidProblemError {
  return new InvalidProblemError(`A must be positive definite: ${why}.`, {
    remedy: 'Add a small multiple of the identity, or give every component of the graph a label.',
  });
}

function assertSymmetric({ rows: n, rowPointers, columnIndices, values }: CsrMatrix): void {
  for (let i = 0; i < n; i++) {
    for (let k = rowPointers[i]; k < rowPointers[i + 1]; k++) {
      const j = columnIndices[k];
      const other = entryAt(columnIndices, values, rowPointers[j], rowPointers[j + 1], i);
      if (Math.abs(other - values[k]) > 1e-12 * (Math.abs(other) + Math.abs(values[k]))) {
        throw new InvalidProblemError(
          `A must be symmetric; entries (${i}, ${j}) and (${j}, ${i}) are ${values[k]} and ${other}.`,
        );
      }
    }
  }
}

/** The entry in column `wanted` of a row, by bisection; 0 where nothing is stored. */
function entryAt(
  columns: Int32Array,
  values: Float64Array,
  from: number,
  to: number,
  wanted: number,
): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (columns[middle] < wanted) low = middle + 1;
    else high = middle;
  }
  return low < to && columns[low] === wanted ? values[low] : 0;
}
