import { InvalidProblemError } from '@espalier/core';
import { compensateColumns } from './compensate.js';
import { codeOf, type Grid, gridOf } from './grid.js';
import { inverseFactor } from './inverse-factor.js';
import type { IntegerCodes } from './round-to-nearest.js';

/** See {@link gptq}. */
export interface GptqOptions {
  /** 1 to 16. */
  readonly bits: number;
  /** Consecutive inputs that share a grid; undefined: a row. */
  readonly groupSize?: number;
  /** Columns whose errors stay among themselves at first. Default 128. */
  readonly blockSize?: number;
  readonly relativeDamping?: number;
  /** Grids about zero. Default false. */
  readonly symmetric?: boolean;
  /** Columns in the order of falling diag(H) rather than as they stand; groups are then of that order. Default false. */
  readonly actOrder?: boolean;
  readonly roundScale?: (scale: number) => number;
}

/**
 * Rounds one layer to integers and lets later columns make up for the errors of earlier ones.
 *
 * Without groups a grid is that of the row before anything is changed; with groups it is taken at the group's first column from the matrix as
 * the finished blocks of columns left it.
 * Source: E. Frantar et al., "GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers", 2023, algorithm 1.
 *
 * @param matrix row-major `[rows, columns]`; unchanged
 * @param hessian X^T X times any constant
 * @throws InvalidProblemError for sizes that do not fit
 */
export function gptq(
  matrix: ArrayLike<number>,
  columns: number,
  hessian: Float64Array,
  options: GptqOptions,
): IntegerCodes {
  const {
    bits,
    blockSize = 128,
    relativeDamping = 0.01,
    symmetric = false,
    actOrder = false,
    roundScale,
  } = options;
  const { groupSize = columns } = options;
  if (columns % groupSize !== 0)
    throw new InvalidProblemError(`The group size divides the ${columns} inputs; given ${groupSize}.`);
  const order = Int32Array.from({ length: columns }, (_, j) => j);
  // A stable sort: equal ones stay as they stand.
  if (actOrder) order.sort((a, b) => hessian[b * columns + b] - hessian[a * columns + a] || a - b);
  const rows = matrix.length / columns;
  const work = new Float64Array(matrix.length);
  for (let row = 0, at = 0; row < rows; row++) for (const j of order) work[at++] = matrix[row * columns + j];

  const groups = columns / groupSize;
  const grids: Grid[] = new Array(rows * groups);
  const takeGrids = (from: ArrayLike<number>, group: number) => {
    for (let row = 0; row < rows; row++) {
      const start = row * columns + group * groupSize;
      grids[row * groups + group] = gridOf(from, start, start + groupSize, bits, symmetric, roundScale);
    }
  };
  if (groups === 1) takeGrids(work, 0);
  const { factor, dead } = inverseFactor(permuted(hessian, order), columns, relativeDamping);
  for (const j of dead) for (let row = 0; row < rows; row++) work[row * columns + j] = 0;
  const codes = new Uint16Array(matrix.length);
  compensateColumns(
    work,
    rows,
    columns,
    factor,
    blockSize,
    ({ start, end }) => {
      if (groups === 1) return;
      for (let group = Math.ceil(start / groupSize); group * groupSize < end; group++) takeGrids(work, group);
    },
    (j, row, value) => {
      const grid = grids[row * groups + Math.floor(j / groupSize)];
      const code = codeOf(value, grid, bits);
      codes[row * columns + order[j]] = code;
      return grid.scale * (code - grid.zero);
    },
  );
  const values = new Float64Array(matrix.length);
  for (let row = 0, at = 0; row < rows; row++) for (const j of order) values[row * columns + j] = work[at++];
  const groupOfInput = new Uint16Array(columns);
  order.forEach((j, position) => {
    groupOfInput[j] = Math.floor(position / groupSize);
  });
  return {
    codes,
    values,
    scales: Float64Array.from(grids, ({ scale }) => scale),
    zeros: Int32Array.from(grids, ({ zero }) => zero),
    ...(actOrder && groups > 1 && { groupOfInput }),
  };
}

function permuted(hessian: Float64Array, order: Int32Array): Float64Array {
  const n = order.length;
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) result[i * n + j] = hessian[order[i] * n + order[j]];
  return result;
}
