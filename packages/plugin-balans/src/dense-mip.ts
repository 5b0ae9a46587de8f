import { InvalidProblemError } from '@espalier/core';
import type { MipArrays } from './mixed-integer-program.js';
import { createSparseRows } from './sparse-rows.js';

/** A small program written down with a dense matrix; null is an infinite bound. */
export interface DenseMip {
  /** Default `minimize`. */
  readonly sense?: 'minimize' | 'maximize';
  readonly c: readonly number[];
  readonly offset?: number;
  readonly A: readonly (readonly number[])[];
  /** Default -Infinity. */
  readonly rowLower?: readonly (number | null)[];
  /** Default Infinity. */
  readonly rowUpper?: readonly (number | null)[];
  /** Default 0. */
  readonly lower?: readonly (number | null)[];
  /** Default 1 for B, else Infinity. */
  readonly upper?: readonly (number | null)[];
  /** One letter a variable: B binary, I integer, C continuous. Default all C. */
  readonly types?: string;
}

/**
 * The arrays of a program with a dense matrix.
 * @throws InvalidProblemError for rows of another length than c, or letters other than B, I and C
 */
export function denseMip(program: DenseMip): MipArrays {
  const { sense = 'minimize', c, A, rowLower, rowUpper, lower, upper, offset } = program;
  const types = program.types ?? 'C'.repeat(c.length);
  if (types.length !== c.length || /[^BIC]/.test(types)) {
    throw new InvalidProblemError(
      `types needs ${c.length} letters, each B, I or C, one a variable; given '${types}'.`,
    );
  }
  const rows = createSparseRows();
  for (const [i, row] of A.entries()) {
    if (row.length !== c.length) {
      throw new InvalidProblemError(
        `Row ${i} of A has ${row.length} entries; there are ${c.length} variables.`,
      );
    }
    const used = [...row.keys()].filter((j) => row[j] !== 0);
    const values = used.map((j) => row[j]!);
    rows.add(
      used,
      values,
      rowLower?.[i] ?? Number.NEGATIVE_INFINITY,
      rowUpper?.[i] ?? Number.POSITIVE_INFINITY,
    );
  }
  const upperOf = (letter: string) => (letter === 'B' ? 1 : Number.POSITIVE_INFINITY);
  return {
    sense,
    c: Float64Array.from(c),
    ...(offset !== undefined && { offset }),
    ...rows.finish(),
    lower: lower
      ? Float64Array.from(lower, (bound) => bound ?? Number.NEGATIVE_INFINITY)
      : new Float64Array(c.length),
    upper: upper
      ? Float64Array.from(upper, (bound) => bound ?? Number.POSITIVE_INFINITY)
      : Float64Array.from(types, upperOf),
    integer: Uint8Array.from(types, (letter) => (letter === 'C' ? 0 : 1)),
  };
}
