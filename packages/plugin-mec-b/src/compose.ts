import { UnsupportedError } from '@espalier/core';
import { type CsrMatrix, csrFromTriplets } from '@espalier/linalg';
import { codeMarginal, type Encoder } from './encoder.js';
import { entropy, entropyTerm, sumOf } from './entropy.js';

/** Cells that a composed coupling may have: 800 MB while it is made. */
const MOST_CELLS = 5e7;

/** Shares of a symbol's probability by code word: one, or two for the split symbol. */
function sharesOf(
  { codeOf, split }: Encoder,
  px: Float64Array,
  x: number,
): readonly (readonly [code: number, mass: number])[] {
  if (split?.symbol !== x) return [[codeOf[x]!, px[x]!]];
  return [
    [codeOf[x]!, px[x]! - split.mass],
    [split.to, split.mass],
  ];
}

/**
 * The coupling p(x, y) = sum over t of p(x, t) p(y|t), n x m. Symbols of one code word share its row, so its size is the sum over code
 * words of symbols times cells of `pty`'s row.
 * @throws UnsupportedError where that is more than 5e7 cells
 */
export function composeCoupling(px: Float64Array, encoder: Encoder, pty: CsrMatrix): CsrMatrix {
  const { rowPointers } = pty;
  const cellsOf = (t: number) => rowPointers[t + 1]! - rowPointers[t]!;
  let size = 0;
  for (let x = 0; x < px.length; x++) {
    if (encoder.codeOf[x]! < 0) continue;
    for (const [t] of sharesOf(encoder, px, x)) size += cellsOf(t);
  }
  if (size > MOST_CELLS) {
    throw new UnsupportedError(
      `The composed coupling has ${size} cells; at most ${MOST_CELLS} are written out.`,
      {
        remedy: "Take mode 'factors': the encoder and the joint of code word and Y say the same.",
      },
    );
  }
  const [rows, columns, values] = [new Int32Array(size), new Int32Array(size), new Float64Array(size)];
  const totals = rowTotals(pty);
  let count = 0;
  for (let x = 0; x < px.length; x++) {
    if (encoder.codeOf[x]! < 0) continue;
    for (const [t, mass] of sharesOf(encoder, px, x)) {
      for (let k = rowPointers[t]!; k < rowPointers[t + 1]!; k++) {
        rows[count] = x;
        columns[count] = pty.columnIndices[k]!;
        values[count++] = (mass * pty.values[k]!) / totals[t]!;
      }
    }
  }
  return csrFromTriplets(px.length, pty.cols, rows, columns, values);
}

function rowTotals({ rows, rowPointers, values }: CsrMatrix): Float64Array {
  return Float64Array.from({ length: rows }, (_, t) =>
    sumOf(values.subarray(rowPointers[t]!, rowPointers[t + 1]!)),
  );
}

/**
 * I(X;Y) of the composed coupling, from its factors: I(T;Y) for a deterministic encoder, less what the split symbol loses by mixing two
 * rows. O(cells of `pty`).
 */
export function composedInformation(px: Float64Array, encoder: Encoder, pty: CsrMatrix, ity: number): number {
  const { split } = encoder;
  if (!split) return ity;
  // H(Y|X) - H(Y|T): for this symbol the entropy of the mixture takes the place of the mixture of entropies.
  const pt = codeMarginal(encoder, px);
  const mixture = new Float64Array(pty.cols);
  let apart = 0;
  for (const [t, mass] of sharesOf(encoder, px, split.symbol)) {
    let rowEntropy = 0;
    for (let k = pty.rowPointers[t]!; k < pty.rowPointers[t + 1]!; k++) {
      const conditional = pty.values[k]! / pt[t]!;
      rowEntropy += entropyTerm(conditional);
      mixture[pty.columnIndices[k]!]! += (mass / px[split.symbol]!) * conditional;
    }
    apart += mass * rowEntropy;
  }
  return Math.max(0, ity - (px[split.symbol]! * entropy(mixture) - apart));
}
