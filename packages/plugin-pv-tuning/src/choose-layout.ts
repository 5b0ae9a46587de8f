import { InvalidProblemError, UnsupportedError } from '@espalier/core';
import { bitsPerWeight, type CodebookLayout, tileCount } from './codebook-layer.js';

/** What a user says about the layout. */
export interface LayoutOptions {
  readonly codebooks: number;
  readonly codeBits: number | 'auto';
  readonly inGroup: number | 'auto';
  readonly outGroup: number;
}

/** In-groups that `auto` tries: that of the public checkpoints and smaller ones. */
const IN_GROUPS = [8, 4, 2, 1];
const LARGEST_CODE_BITS = 12;

/**
 * The layout with most bits of code a weight that stays within `bits`, everything stored counted; of equal ones that with longer vectors.
 *
 * @throws InvalidProblemError when a group size does not divide the layer
 * @throws UnsupportedError when nothing stays within `bits`
 */
export function chooseLayout(
  name: string,
  [outputs, inputs]: readonly [outputs: number, inputs: number],
  bits: number,
  { codebooks, codeBits, inGroup, outGroup }: LayoutOptions,
): CodebookLayout {
  const refuse = (what: string, size: number, given: number) => {
    if (size % given === 0) return;
    const divisors = Array.from({ length: Math.min(size, 64) }, (_, i) => i + 1).filter(
      (d) => size % d === 0,
    );
    throw new InvalidProblemError(
      `${name} has ${size} ${what}, which ${given} does not divide; possible are ${divisors}.`,
    );
  };
  refuse('outputs', outputs, outGroup);
  if (inGroup !== 'auto') refuse('inputs', inputs, inGroup);
  const inGroups = inGroup === 'auto' ? IN_GROUPS.filter((size) => inputs % size === 0) : [inGroup];
  const widths =
    codeBits === 'auto' ? Array.from({ length: LARGEST_CODE_BITS }, (_, i) => i + 1) : [codeBits];
  const layouts = inGroups.flatMap((size) =>
    widths.map(
      (width): CodebookLayout => ({ outputs, inputs, outGroup, inGroup: size, codebooks, codeBits: width }),
    ),
  );
  const possible = layouts.filter((layout) => 2 ** layout.codeBits <= tileCount(layout));
  if (possible.length === 0)
    throw new InvalidProblemError(
      `${name} [${outputs}, ${inputs}] has fewer tiles than vectors in a codebook of ${codeBits} bits.`,
      { remedy: 'Take fewer bits a code or smaller groups.' },
    );
  const within = possible.filter((layout) => bitsPerWeight(layout) <= bits + 1e-9);
  if (within.length === 0)
    throw new UnsupportedError(
      `${name} [${outputs}, ${inputs}] takes at least ${Math.min(...possible.map(bitsPerWeight)).toFixed(2)} bits a weight with codebooks and scales; given ${bits}.`,
    );
  const codeShare = (layout: CodebookLayout) => layout.codeBits / layout.inGroup;
  return within.reduce((best, layout) => (codeShare(layout) > codeShare(best) ? layout : best));
}
