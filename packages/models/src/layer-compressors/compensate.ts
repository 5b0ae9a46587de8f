/** A stretch of columns that is worked on before its errors reach the others. */
export interface ColumnBlock {
  readonly start: number;
  readonly end: number;
}

/**
 * Goes through the columns of `matrix` from left to right, replaces each, and spreads its error over the columns to its right so that the
 * layer's output changes least: at once within a block of columns, over all later ones when the block is done.
 * Source: E. Frantar, D. Alistarh, "SparseGPT", 2023, algorithm 1; E. Frantar et al., "GPTQ", 2023, algorithm 1.
 *
 * @param matrix row-major `[rows, columns]`, changed in place: the result
 * @param factor U, row-major upper triangular, H^-1 = U^T U
 * @param onBlock called before a block, when all earlier ones are finished
 * @param replace what stands in a column (rows apart by `columns`, starting at `column`) after its turn
 */
export function compensateColumns(
  matrix: Float64Array,
  rows: number,
  columns: number,
  factor: Float64Array,
  blockSize: number,
  onBlock: (block: ColumnBlock) => void,
  replace: (column: number, row: number, value: number) => number,
): void {
  const errors = new Float64Array(rows * blockSize);
  for (let start = 0; start < columns; start += blockSize) {
    const end = Math.min(start + blockSize, columns);
    onBlock({ start, end });
    for (let row = 0; row < rows; row++) {
      // Rows do not touch each other: one row's block stays in the cache.
      const at = row * columns;
      for (let j = start; j < end; j++) {
        const before = matrix[at + j];
        const after = replace(j, row, before);
        matrix[at + j] = after;
        const error = (before - after) / factor[j * columns + j];
        errors[row * blockSize + j - start] = error;
        if (error === 0) continue;
        for (let k = j + 1; k < end; k++) matrix[at + k] -= error * factor[j * columns + k];
      }
    }
    for (let row = 0; row < rows; row++)
      for (let j = start; j < end; j++) {
        const error = errors[row * blockSize + j - start];
        if (error === 0) continue;
        const [at, from] = [row * columns, j * columns];
        for (let k = end; k < columns; k++) matrix[at + k] -= error * factor[from + k];
      }
  }
}
