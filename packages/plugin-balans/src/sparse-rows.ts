import type { MipArrays } from './mixed-integer-program.js';

/** Collects rows of a constraint matrix with their bounds. */
export interface SparseRows {
  /** lower <= sum of values[k] * x[indices[k]] <= upper */
  add(indices: readonly number[], values: readonly number[], lower: number, upper: number): void;
  finish(): Pick<MipArrays, 'rows' | 'rowLower' | 'rowUpper'>;
}

/** No rows yet. */
export function createSparseRows(): SparseRows {
  const starts = [0];
  const indices: number[] = [];
  const values: number[] = [];
  const rowLower: number[] = [];
  const rowUpper: number[] = [];
  return {
    add(rowIndices, rowValues, lower, upper) {
      indices.push(...rowIndices);
      values.push(...rowValues);
      starts.push(indices.length);
      rowLower.push(lower);
      rowUpper.push(upper);
    },
    finish: () => ({
      rows: {
        starts: Int32Array.from(starts),
        indices: Int32Array.from(indices),
        values: Float64Array.from(values),
      },
      rowLower: Float64Array.from(rowLower),
      rowUpper: Float64Array.from(rowUpper),
    }),
  };
}

/** Bounds and integrality of n binary variables. */
export function binaries(n: number): Pick<MipArrays, 'lower' | 'upper' | 'integer'> {
  return {
    lower: new Float64Array(n),
    upper: new Float64Array(n).fill(1),
    integer: new Uint8Array(n).fill(1),
  };
}
