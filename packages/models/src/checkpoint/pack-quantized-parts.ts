import { InvalidDataError, type TensorPart, type TensorParts, UnsupportedError } from '@espalier/core';
import { packCodes, unpackCodes } from '../weights/bits.js';
import { type StoredInteger, storedScales } from '../weights/integer.js';
import { fittingLayouts, runFromWords, transposed, type WordLayout, wordCount } from './code-words.js';
import type { IntegerScheme } from './pack-quantized-config.js';
import { readStoredShape } from './stored-shape.js';

/** What the headers say of a layer, all of it fitting. */
export interface PackedGeometry {
  readonly shape: readonly [rows: number, columns: number];
  readonly bits: number;
  readonly groupSize: number;
  readonly layout: WordLayout;
  readonly symmetric: boolean;
}

/**
 * @throws InvalidDataError for parts that are missing, of another type or shape, or that do not fit each other
 */
export async function geometryOf(parts: TensorParts, scheme: IntegerScheme): Promise<PackedGeometry> {
  const { weight_packed: packed, weight_scale: scale, weight_zero_point: zero, weight_g_idx: list } = parts;
  const { bits, symmetric } = scheme;
  const [rows, columns] = await readStoredShape(parts.weight_shape!);
  const groupSize = scheme.groupSize === 'row' ? columns : scheme.groupSize;
  const groups = columns / groupSize;
  if (!Number.isInteger(groups))
    throw new InvalidDataError(
      `${parts.weight_shape!.at} says ${columns} columns, which groups of ${groupSize} do not divide.`,
    );
  requirePart(packed!, ['I32'], [rows, null]);
  requirePart(scale!, ['F32', 'F16', 'BF16'], [rows, groups]);
  if (!symmetric && !zero)
    throw new InvalidDataError(
      `${packed!.at}: a weight that is not symmetric has zero points; 'weight_zero_point' is missing.`,
    );
  if (symmetric && zero)
    throw new InvalidDataError(`${zero.at} is there, although the configuration says symmetric.`);
  if (scheme.listed && !list)
    throw new InvalidDataError(
      `${packed!.at}: with activation order the groups of columns are listed; 'weight_g_idx' is missing.`,
    );
  if (zero) requirePart(zero, ['I32', 'I8'], zero.dtype === 'I8' ? [rows, groups] : [null, groups]);
  if (list) requirePart(list, ['I32'], [columns]);
  const zeroRows = zero?.dtype === 'I32' ? zero.shape[0]! : undefined;
  const layout = layoutOf(bits, [rows, columns], packed!.shape[1]!, zeroRows, packed!.at);
  return { shape: [rows, columns], bits, groupSize, layout, symmetric };
}

/** @param expected null: any size */
function requirePart(
  { dtype, shape, at }: TensorPart,
  dtypes: readonly string[],
  expected: readonly (number | null)[],
): void {
  const fits =
    shape.length === expected.length && expected.every((size, i) => size === null || size === shape[i]);
  if (dtypes.includes(dtype) && fits) return;
  const wanted = expected.map((size) => size ?? '*');
  throw new InvalidDataError(
    `${at} is ${dtype} [${shape}]; expected is ${dtypes.join(', ')} [${wanted}] by the shape of the weight and the configuration.`,
  );
}

/** @param zeroRows rows of words of packed zeros */
function layoutOf(
  bits: number,
  [rows, columns]: readonly [number, number],
  words: number,
  zeroRows: number | undefined,
  at: string,
): WordLayout {
  const zeros = zeroRows === undefined ? undefined : { count: rows, words: zeroRows };
  const [layout, ...more] = fittingLayouts(bits, { count: columns, words }, zeros);
  if (layout === undefined)
    throw new InvalidDataError(
      `${at} has ${words} words a row${zeros ? ` and ${zeroRows} rows of words for zero points` : ''}, which does not fit ${bits}-bit codes of [${rows},${columns}].`,
    );
  if (more.length > 0)
    throw new UnsupportedError(
      `${at}: ${bits}-bit codes of [${rows},${columns}] take as many words where they cross words as where they do not; which of them this is cannot be told.`,
      { remedy: 'Use the model as it was before, or in 2, 4 or 8 bits.' },
    );
  return layout;
}

/**
 * The arrays of a layer in the form in which a weight stores them.
 * @throws InvalidDataError for scales that are not finite, zero points out of range, groups that are not of `groupSize` columns
 */
export async function readArrays(parts: TensorParts, geometry: PackedGeometry): Promise<StoredInteger> {
  const { shape, bits, groupSize, layout, symmetric } = geometry;
  const [rows, columns] = shape;
  const groups = columns / groupSize;
  const words = await parts.weight_packed!.readBytes();
  const groupOfInput = parts.weight_g_idx && (await readGroups(parts.weight_g_idx, groups, groupSize));
  return {
    bits,
    groupSize,
    codes: runFromWords(words, rows, columns, bits, layout),
    scales: storedScales(await parts.weight_scale!.read()),
    zeros: symmetric
      ? packCodes(new Uint16Array(rows * groups).fill(2 ** (bits - 1)), bits)
      : await readZeros(parts.weight_zero_point!, geometry),
    ...(groupOfInput && { groupOfInput }),
  };
}

async function readZeros(
  part: TensorPart,
  { shape, bits, groupSize, layout }: PackedGeometry,
): Promise<Uint8Array> {
  const bytes = await part.readBytes();
  const [rows, columns] = shape;
  if (part.dtype === 'I32') return unpackZeros(bytes, rows, columns / groupSize, bits, layout);
  const half = 2 ** (bits - 1);
  const signed = new Int8Array(bytes.buffer);
  const bad = signed.findIndex((zero) => zero < -half || zero >= half);
  if (bad >= 0)
    throw new InvalidDataError(
      `${part.at} has the zero point ${signed[bad]} at element ${bad}; for ${bits} bits it is from ${-half} to ${half - 1}.`,
    );
  return packCodes(
    Uint16Array.from(signed, (zero) => zero + half),
    bits,
  );
}

/** The group of each column; undefined for a list that was never filled in (all -1). */
async function readGroups(
  part: TensorPart,
  groups: number,
  groupSize: number,
): Promise<Uint16Array | undefined> {
  const list = new Int32Array((await part.readBytes()).buffer);
  if (list.every((group) => group === -1)) return undefined;
  const sizes = new Map<number, number>();
  for (const group of list) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const bad = list.findIndex((group) => group < 0 || group >= groups || sizes.get(group) !== groupSize);
  if (bad >= 0)
    throw new InvalidDataError(
      `${part.at} puts column ${bad} into group ${list[bad]}, with ${sizes.get(list[bad]!)} columns; there are ${groups} groups of ${groupSize} columns each.`,
    );
  return Uint16Array.from(list);
}

/** Zeros `[rows, groups]` in one run, from words `[words, groups]` along the rows. */
function unpackZeros(
  words: Uint8Array<ArrayBuffer>,
  rows: number,
  groups: number,
  bits: number,
  layout: WordLayout,
): Uint8Array {
  const byGroup = transposed(new Uint32Array(words.buffer), wordCount(layout, rows, bits), groups);
  const run = runFromWords(new Uint8Array(byGroup.buffer), groups, rows, bits, layout);
  return packCodes(transposed(unpackCodes(run, bits, rows * groups), groups, rows), bits);
}
