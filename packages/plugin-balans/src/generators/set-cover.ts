import { createRandom } from '@espalier/core';
import type { MipArrays } from '../mixed-integer-program.js';
import { binaries, createSparseRows } from '../sparse-rows.js';

/** Set cover: min cost x, each row covered at least once. */
export interface SetCoverSize {
  readonly rows: number;
  /** At least 2. */
  readonly columns: number;
  /** Share of the columns that cover a row, in (0, 1]. */
  readonly density: number;
}

/** Each row is covered by at least 2 columns, each column covers at least one row; costs are integers of 1..100. */
export function setCover({ rows, columns, density }: SetCoverSize, seed: number): MipArrays {
  const random = createRandom(seed);
  const perRow = Math.max(2, Math.round(density * columns));
  const covers = Array.from(
    { length: rows },
    () => new Set(random.sample(columns, Math.min(columns, perRow))),
  );
  for (let j = 0; j < columns; j++) {
    if (!covers.some((row) => row.has(j))) covers[random.integer(rows)]!.add(j);
  }
  const matrix = createSparseRows();
  for (const row of covers) {
    const indices = [...row].sort((a, b) => a - b);
    matrix.add(indices, new Array<number>(indices.length).fill(1), 1, Number.POSITIVE_INFINITY);
  }
  const c = Float64Array.from({ length: columns }, () => 1 + random.integer(100));
  return { sense: 'minimize', c, ...matrix.finish(), ...binaries(columns) };
}
