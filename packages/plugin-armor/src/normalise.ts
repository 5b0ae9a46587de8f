import { InvalidProblemError } from '@espalier/core';

/** A matrix with the factors that were divided out: w_ij = r2_i wbar_ij r1_j. */
export interface Normalised {
  /** Row-major `[rows, columns]`. */
  readonly matrix: Float64Array;
  /** r1, one for each column. */
  readonly columnNorms: Float64Array;
  /** r2, one for each row. */
  readonly rowNorms: Float64Array;
}

/** Added to each norm, so that a row or column of zeros stays finite. */
const OFFSET = 1e-5;
/** Sums of squares stay finite up to it; float32 ends at 3e38. */
const LARGEST = 1e100;

/**
 * Divides columns by their Euclidean norms, then rows (NoWag's normaliser; ARMOR, section 3).
 * @throws InvalidProblemError for a number that is not finite or whose square is not, with its place, and for rows that are not whole
 */
export function normalise(weight: ArrayLike<number>, columns: number): Normalised {
  const matrix = Float64Array.from(weight);
  const rows = matrix.length / columns;
  if (!(Number.isInteger(rows) && rows > 0))
    throw new InvalidProblemError(`${matrix.length} weights are no whole rows of ${columns} columns.`);
  for (let i = 0; i < matrix.length; i++)
    if (!(Math.abs(matrix[i]) <= LARGEST))
      throw new InvalidProblemError(
        `The weight in row ${Math.floor(i / columns)}, column ${i % columns} (element ${i}) is ${matrix[i]}; weights are finite, at most ${LARGEST} in size.`,
      );
  const columnNorms = new Float64Array(columns);
  for (let i = 0; i < matrix.length; i++) columnNorms[i % columns] += matrix[i] * matrix[i];
  for (let j = 0; j < columns; j++) columnNorms[j] = Math.sqrt(columnNorms[j]) + OFFSET;
  const rowNorms = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let j = 0; j < columns; j++) {
      const value = matrix[row * columns + j] / columnNorms[j];
      matrix[row * columns + j] = value;
      squares += value * value;
    }
    rowNorms[row] = Math.sqrt(squares) + OFFSET;
    for (let j = 0; j < columns; j++) matrix[row * columns + j] /= rowNorms[row];
  }
  return { matrix, columnNorms, rowNorms };
}

/** Second moments of the inputs; those that are not positive (inputs that never fired) count as the mean of the others, or 1. */
export function inputWeights(moments: ArrayLike<number>): Float64Array {
  const isValid = (value: number) => Number.isFinite(value) && value > 0;
  let [sum, count] = [0, 0];
  for (let j = 0; j < moments.length; j++)
    if (isValid(moments[j])) {
      sum += moments[j];
      count++;
    }
  const mean = count > 0 ? sum / count : 1;
  return Float64Array.from(moments, (value) => (isValid(value) ? value : mean));
}
