import { packCodes, unpackCodes } from '../weights/bits.js';

/**
 * How codes of 1 to 8 bits stand in rows of 32-bit words, the lowest bits first, each row in whole words:
 * - `continuous`: one after the other, a code may cross into the next word;
 * - `whole`: floor(32 / bits) in a word, the bits above them empty.
 * For 1, 2, 4 and 8 bits both are the same.
 */
export type WordLayout = 'continuous' | 'whole';

/** Words of a row. */
export const wordCount = (layout: WordLayout, columns: number, bits: number): number =>
  layout === 'continuous' ? Math.ceil((columns * bits) / 32) : Math.ceil(columns / Math.floor(32 / bits));

/**
 * The layouts in which a row of so many codes takes so many words, and a row of zeros too; one of two that are the same here.
 * @param zeros codes and words of a row of zeros; absent: they are not packed
 */
export function fittingLayouts(
  bits: number,
  codes: { readonly count: number; readonly words: number },
  zeros: { readonly count: number; readonly words: number } = codes,
): readonly WordLayout[] {
  const fitting = (['continuous', 'whole'] as const).filter(
    (layout) =>
      codes.words === wordCount(layout, codes.count, bits) &&
      zeros.words === wordCount(layout, zeros.count, bits),
  );
  const perWord = Math.floor(32 / bits);
  const same = 32 % bits === 0 || (codes.count <= perWord && zeros.count <= perWord);
  return same ? fitting.slice(0, 1) : fitting;
}

/**
 * Rows of words, as little-endian bytes in the layout `continuous`.
 * @param run the codes of a matrix packed in one run (`packCodes`)
 */
export function wordsFromRun(run: Uint8Array, rows: number, columns: number, bits: number): Uint8Array {
  if ((columns * bits) % 32 === 0) return run; // rows end with a word
  const stride = 4 * wordCount('continuous', columns, bits);
  const codes = unpackCodes(run, bits, rows * columns);
  const words = new Uint8Array(rows * stride);
  for (let row = 0; row < rows; row++)
    words.set(packCodes(codes.subarray(row * columns, (row + 1) * columns), bits), row * stride);
  return words;
}

/** The inverse of {@link wordsFromRun}, for both layouts. */
export function runFromWords(
  words: Uint8Array,
  rows: number,
  columns: number,
  bits: number,
  layout: WordLayout,
): Uint8Array {
  if (layout === 'continuous' && (columns * bits) % 32 === 0) return words;
  const stride = 4 * wordCount(layout, columns, bits);
  const codes = new Uint16Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const bytes = words.subarray(row * stride, (row + 1) * stride);
    codes.set(
      layout === 'continuous' ? unpackCodes(bytes, bits, columns) : wholeCodes(bytes, bits, columns),
      row * columns,
    );
  }
  return packCodes(codes, bits);
}

function wholeCodes(bytes: Uint8Array, bits: number, count: number): Uint16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const perWord = Math.floor(32 / bits);
  return Uint16Array.from(
    { length: count },
    (_, i) =>
      (view.getUint32(4 * Math.floor(i / perWord), true) >>> (bits * (i % perWord))) & (2 ** bits - 1),
  );
}

/**
 * A matrix `[rows, columns]` with columns for rows. Elements are those of the typed array.
 * @returns `[columns, rows]`
 */
export function transposed<A extends Uint16Array | Uint32Array>(matrix: A, rows: number, columns: number): A {
  const result = matrix.slice() as A;
  for (let row = 0, at = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) result[column * rows + row] = matrix[at++]!;
  return result;
}
