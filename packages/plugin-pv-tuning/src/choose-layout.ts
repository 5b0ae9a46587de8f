import { InvalidProblemError, UnsupportedError } from '@espalier/core';
import { bitsPerWeight, type CodebookLayout, tileCount } from './codebook-layer.js';

/** What a user says about the layout. */
export interface LayoutOptions {
  readonly codebooks: number;
  readonly codeBits: number | 'auto';
  readonly inGroup: number | 'auto';
  readonly outGroup: number;
  readonly scaleBits?: number;
  readonly codebookValueBits?: number;
  readonly codebookValueGroups?: number;
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
  options: LayoutOptions,
): CodebookLayout {
  const { codebooks, codeBits, inGroup, outGroup } = options;
  const misfit =
    indivisible(name, 'outputs', outputs, outGroup) ?? indivisible(name, 'inputs', inputs, inGroup);
  if (misfit) throw new InvalidProblemError(misfit);
  const inGroups = inGroup === 'auto' ? IN_GROUPS.filter((size) => inputs % size === 0) : [inGroup];
  const widths =
    codeBits === 'auto' ? Array.from({ length: LARGEST_CODE_BITS }, (_, i) => i + 1) : [codeBits];
  const layouts = inGroups.flatMap((size) =>
    widths.map(
      (width): CodebookLayout => ({
        outputs,
        inputs,
        outGroup,
        inGroup: size,
        codebooks,
        codeBits: width,
        ...secondLevelOf(options),
      }),
    ),
  );
  const possible = layouts.filter(
    (layout) =>
      2 ** layout.codeBits <= tileCount(layout) &&
      2 ** layout.codeBits % (layout.codebookValueGroups ?? 1) === 0,
  );
  if (possible.length === 0)
    throw new InvalidProblemError(
      `${name} [${outputs}, ${inputs}] has fewer tiles than vectors in a codebook of ${codeBits} bits, or codebookValueGroups does not divide them.`,
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

/** Only what is used: a layout without a second level has no word of it. */
const secondLevelOf = ({
  scaleBits = 0,
  codebookValueBits = 16,
  codebookValueGroups = 1,
}: LayoutOptions): Partial<CodebookLayout> => ({
  ...(scaleBits > 0 && { scaleBits }),
  ...(codebookValueBits < 16 && { codebookValueBits, codebookValueGroups }),
});

/** The sentence for a group size that does not divide a layer; undefined for one that does. */
export function indivisible(
  name: string,
  what: 'inputs' | 'outputs',
  size: number,
  group: number | 'auto',
): string | undefined {
  if (group === 'auto' || size % group === 0) return undefined;
  const divisors = Array.from({ length: Math.min(size, 64) }, (_, i) => i + 1).filter((d) => size % d === 0);
  return `${name} has ${size} ${what}, which ${group} does not divide; possible are ${divisors}.`;
}
