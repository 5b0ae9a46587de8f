import { InvalidProblemError } from '@espalier/core';
import { createMatrix, symmetricEigen } from '@espalier/linalg';

/** phi(x) = x^T A x / 2 - b^T x, to be minimised over vectors of few distinct values. */
export interface QuadraticProblem {
  /** Row-major `[n, n]`, symmetric positive definite. */
  readonly a: Float64Array;
  readonly b: Float64Array;
}

/** A vector as values and the value of each coordinate. */
export interface Partition {
  readonly values: Float64Array;
  /** Indices into `values`, length n. */
  readonly partition: Int32Array;
}

/** See {@link pvDescent}. */
export interface DescentSettings {
  /** How the V step chooses the partition: over all of them, of a linear model, or of a linear model of few coordinates. */
  readonly step: 'exact' | 'linearized' | 'subspace';
  /** At least 1. */
  readonly iterations: number;
  /** Coordinates of a subspace step. */
  readonly coordinates?: number;
}

/** The last state, and phi after each half of each iteration. */
export interface DescentResult extends Partition {
  readonly x: Float64Array;
  readonly phi: number;
  readonly afterP: readonly number[];
  readonly afterV: readonly number[];
}

/** Assignments that an exact step looks through at most. */
const ASSIGNMENTS = 2 ** 22;

/**
 * The theory's algorithm: P steps fit the values to the partition, V steps choose the partition for the values. phi never rises with exact
 * and linearized steps.
 * Source: the paper, algorithm 1 and section 3.
 *
 * @throws InvalidProblemError for sizes that do not fit, or an exact step over too many assignments
 */
export function pvDescent(
  problem: QuadraticProblem,
  start: Partition,
  { step, iterations, coordinates = 1 }: DescentSettings,
): DescentResult {
  const n = problem.b.length;
  if (n === 0 || problem.a.length !== n * n || start.partition.length !== n || start.values.length === 0)
    throw new InvalidProblemError(
      `A is [n, n], b and the partition have n elements, and there is a value; given ${problem.a.length}, ${n}, ${start.partition.length} and ${start.values.length}.`,
    );
  if (start.partition.some((index) => !(index >= 0 && index < start.values.length)))
    throw new InvalidProblemError(`A partition holds indices of its ${start.values.length} values.`);
  if (step === 'exact' && start.values.length ** n > ASSIGNMENTS)
    throw new InvalidProblemError(
      `An exact step looks through at most ${ASSIGNMENTS} assignments; given ${start.values.length}^${n}.`,
    );
  if (!(Number.isInteger(coordinates) && coordinates >= 1 && coordinates <= n))
    throw new InvalidProblemError(`A subspace has 1 to ${n} coordinates; given ${coordinates}.`);
  const smoothness = largestEigenvalue(problem.a, allOf(n));
  let state = start;
  const [afterP, afterV]: [number[], number[]] = [[], []];
  for (let i = 0; i < iterations; i++) {
    state = valuesStep(problem, state);
    afterP.push(phi(problem, vectorOf(state)));
    const partition =
      step === 'exact'
        ? bestAssignment(problem, state)
        : step === 'linearized'
          ? rounded(problem, state, allOf(n), smoothness)
          : subspaceStep(problem, state, coordinates);
    state = { values: state.values, partition };
    afterV.push(phi(problem, vectorOf(state)));
  }
  const x = vectorOf(state);
  return { ...state, x, phi: phi(problem, x), afterP, afterV };
}

/** phi(x) = x^T A x / 2 - b^T x. */
function phi({ a, b }: QuadraticProblem, x: Float64Array): number {
  const ax = times(a, x);
  return x.reduce((sum, value, i) => sum + value * (ax[i] / 2 - b[i]), 0);
}

const allOf = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const vectorOf = ({ values, partition }: Partition): Float64Array =>
  Float64Array.from(partition, (index) => values[index]);

function times(a: Float64Array, x: Float64Array): Float64Array {
  const n = x.length;
  return x.map((_, i) => x.reduce((sum, value, j) => sum + a[i * n + j] * value, 0));
}

/** P: (Z^T A Z) v = Z^T b, Z the membership matrix; values without members are dropped. */
function valuesStep({ a, b }: QuadraticProblem, { values, partition }: Partition): Partition {
  const n = b.length;
  const used = allOf(values.length).filter((index) => partition.includes(index));
  const indices = partition.map((index) => used.indexOf(index));
  const c = used.length;
  const system = createMatrix(c, c);
  const right = new Float64Array(c);
  for (let i = 0; i < n; i++) {
    right[indices[i]] += b[i];
    for (let j = 0; j < n; j++) system.data[indices[i] * c + indices[j]] += a[i * n + j];
  }
  return { values: solvePositive(system.data, right), partition: indices };
}

/** Gaussian elimination without pivoting: stable for a positive definite matrix, which is changed. */
function solvePositive(matrix: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const x = right.slice();
  for (let k = 0; k < n; k++) {
    if (!(matrix[k * n + k] > 0))
      throw new InvalidProblemError('A is positive definite on the partition; the given one is not.');
    for (let i = k + 1; i < n; i++) {
      const factor = matrix[i * n + k] / matrix[k * n + k];
      for (let j = k; j < n; j++) matrix[i * n + j] -= factor * matrix[k * n + j];
      x[i] -= factor * x[k];
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let j = k + 1; j < n; j++) x[k] -= matrix[k * n + j] * x[j];
    x[k] /= matrix[k * n + k];
  }
  return x;
}

/** The assignment of lowest phi; of those within 1e-15 the first, the last coordinate counting fastest. */
function bestAssignment(problem: QuadraticProblem, { values, partition }: Partition): Int32Array {
  const trial = new Int32Array(partition.length);
  let [best, least] = [trial.slice(), Number.POSITIVE_INFINITY];
  for (let more = true; more; ) {
    const value = phi(problem, vectorOf({ values, partition: trial }));
    if (value < least - 1e-15) [best, least] = [trial.slice(), value];
    let i = trial.length - 1;
    for (; i >= 0 && trial[i] === values.length - 1; i--) trial[i] = 0;
    more = i >= 0;
    if (more) trial[i]++;
  }
  return best;
}

/** Rounds x - gradient / L to the nearest values at some coordinates. */
function rounded(
  { a, b }: QuadraticProblem,
  state: Partition,
  coordinates: readonly number[],
  smoothness: number,
): Int32Array {
  const x = vectorOf(state);
  const ax = times(a, x);
  const partition = state.partition.slice();
  for (const i of coordinates) {
    const target = x[i] - (ax[i] - b[i]) / smoothness;
    state.values.forEach((value, index) => {
      if (Math.abs(value - target) < Math.abs(state.values[partition[i]] - target)) partition[i] = index;
    });
  }
  return partition;
}

/** The coordinates of largest gradient, with the longer step that their own curvature permits. */
function subspaceStep(problem: QuadraticProblem, state: Partition, count: number): Int32Array {
  const ax = times(problem.a, vectorOf(state));
  const size = (i: number) => Math.abs(ax[i] - problem.b[i]);
  const chosen = allOf(ax.length)
    .sort((i, j) => size(j) - size(i) || i - j)
    .slice(0, count);
  return rounded(problem, state, chosen, largestEigenvalue(problem.a, chosen));
}

/** Of the sub-matrix of these rows and columns. */
function largestEigenvalue(a: Float64Array, indices: readonly number[]): number {
  const n = Math.sqrt(a.length);
  const part = createMatrix(indices.length, indices.length);
  indices.forEach((i, row) => {
    indices.forEach((j, column) => {
      part.data[row * indices.length + column] = a[i * n + j];
    });
  });
  return symmetricEigen(part).values[indices.length - 1];
}
