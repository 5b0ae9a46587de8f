import { type CsrMatrix, csrFromTriplets } from '@espalier/linalg';
import { binaryEntropy, entropy } from './entropy.js';

/**
 * p(t|x): every symbol x has one code word t, except that one symbol may be split between two (the solutions near a deterministic
 * mapping). Code words are numbered by their smallest symbol; one that holds only a split part comes last.
 */
export interface Encoder {
  /** Code word of each symbol; -1 for symbols of probability 0. */
  readonly codeOf: Int32Array;
  /** Number of code words. */
  readonly codes: number;
  /** `mass` of the symbol (of its probability, not a share) goes to code word `to` instead of its own. */
  readonly split?: { readonly symbol: number; readonly to: number; readonly mass: number };
}

/** An encoder from any labels (-1: no probability); code words are renumbered by their smallest symbol. */
export function encoderFromLabels(labels: Int32Array): Encoder {
  const codeOf = new Int32Array(labels.length).fill(-1);
  const codeOfLabel = new Map<number, number>();
  for (let x = 0; x < labels.length; x++) {
    const label = labels[x]!;
    if (label < 0) continue;
    let code = codeOfLabel.get(label);
    if (code === undefined) {
      code = codeOfLabel.size;
      codeOfLabel.set(label, code);
    }
    codeOf[x] = code;
  }
  return { codeOf, codes: codeOfLabel.size };
}

/** The encoder T = X on the symbols that have probability. */
export function identityEncoder(px: Float64Array): Encoder {
  const codeOf = new Int32Array(px.length).fill(-1);
  let codes = 0;
  for (let x = 0; x < px.length; x++) if (px[x]! > 0) codeOf[x] = codes++;
  return { codeOf, codes };
}

/** Probabilities of the code words. */
export function codeMarginal({ codeOf, codes, split }: Encoder, px: Float64Array): Float64Array {
  const pt = new Float64Array(codes);
  for (let x = 0; x < px.length; x++) if (codeOf[x]! >= 0) pt[codeOf[x]!]! += px[x]!;
  if (split) {
    pt[codeOf[split.symbol]!]! -= split.mass;
    pt[split.to]! += split.mass;
  }
  return pt;
}

/** Symbols of each code word, ascending; of a split symbol, both code words list it. */
export function encoderGroups({ codeOf, codes, split }: Encoder): Int32Array[] {
  const groups: number[][] = Array.from({ length: codes }, () => []);
  for (let x = 0; x < codeOf.length; x++) {
    if (codeOf[x]! >= 0) groups[codeOf[x]!]!.push(x);
    if (split?.symbol === x) groups[split.to]!.push(x);
  }
  return groups.map((group) => Int32Array.from(group));
}

/** The joint distribution p(x, t), n x |T|; at most n + 1 entries. */
export function encoderJoint({ codeOf, codes, split }: Encoder, px: Float64Array): CsrMatrix {
  const [rows, columns, masses]: [number[], number[], number[]] = [[], [], []];
  for (let x = 0; x < codeOf.length; x++) {
    if (codeOf[x]! < 0) continue;
    const moved = split?.symbol === x ? split.mass : 0;
    if (px[x]! > moved) {
      rows.push(x);
      columns.push(codeOf[x]!);
      masses.push(px[x]! - moved);
    }
    if (moved > 0) {
      rows.push(x);
      columns.push(split!.to);
      masses.push(moved);
    }
  }
  return csrFromTriplets(px.length, codes, rows, columns, Float64Array.from(masses));
}

/** H(T) and I(X;T) in bits: they differ by H(T|X), which only the split symbol has. */
export function encoderInformation(
  encoder: Encoder,
  px: Float64Array,
  pt: Float64Array = codeMarginal(encoder, px),
): { readonly ht: number; readonly ixt: number } {
  const ht = entropy(pt);
  if (!encoder.split) return { ht, ixt: ht };
  const { symbol, mass } = encoder.split;
  return { ht, ixt: Math.max(0, ht - px[symbol]! * binaryEntropy(mass / px[symbol]!)) };
}
