import {
  type CompressedWeight,
  InvalidDataError,
  type StoredArrays,
  type StoredWeight,
  type TensorPart,
  UnsupportedError,
  type WeightCodec,
  type WeightOutline,
} from '@espalier/core';
import { maskByRows, maskInOneRun } from '@espalier/models';
import { restoreFactored } from './factored-weight.js';

type Parts = Readonly<Record<string, TensorPart>>;
type Pattern = { readonly n: number; readonly m: number } | 'unstructured';
type Sides = 'both' | 'left' | 'right';
/** What the configuration of a checkpoint says of all its layers. */
interface Form {
  readonly pattern: Pattern;
  readonly wrappers: Sides;
}

/**
 * The factors of A S B in checkpoint files: for each layer
 * - `armor_a` `[outputs / blockOut, blockOut, blockOut]` and `armor_b` `[inputs / blockIn, blockIn, blockIn]`; one of them alone where
 *   `wrappers` of the configuration is `left` or `right`;
 * - `armor_core_values`, the kept numbers of S by rows: `[outputs, inputs n / m]`, or `[kept]` for an unstructured core;
 * - `armor_core_meta` U8 `[outputs, ceil(inputs / 8)]`: a bit for every input, the lowest first, as in `sparse-24-bitmask`.
 * Numbers are in the element type of the checkpoint. No loader but this one is known: where others must read the result, write it dense.
 */
export const armorCodec: WeightCodec = {
  method: 'armor',
  summary: 'The factors of A S B, the core as values and a bit mask; read by this plugin alone.',
  formats: ['factored'],
  parts: ['armor_core_values', 'armor_core_meta'],
  optionalParts: ['armor_a', 'armor_b'],
  configure(layers) {
    const pattern = theOne(layers, 'pattern', (outline) => nameOf(patternOf(outline)));
    const wrappers = theOne(layers, 'choice of wrappers', sidesOf);
    return { quant_method: 'armor', core_pattern: pattern, ...(wrappers !== 'both' && { wrappers }) };
  },
  encode(weight, dtype) {
    const [outputs, inputs] = weight.shape;
    const sides = sidesOf(weight);
    if (patternOf(weight) === 'unstructured' && sides === 'left' && inputs % 8 !== 0)
      throw new UnsupportedError(
        `The factors of [${outputs}, ${inputs}] without armor_b do not say how many inputs there are: 8 does not divide them.`,
        { remedy: 'Write the checkpoint dense.' },
      );
    const floats = (name: string) => ({
      dtype,
      shape: weight.arrays[name]!.shape,
      content: weight.arrays[name]!.data as Float32Array,
    });
    return {
      ...(sides !== 'right' && { armor_a: floats('a') }),
      armor_core_values: floats('core.values'),
      armor_core_meta: {
        dtype: 'U8',
        shape: [outputs, Math.ceil(inputs / 8)],
        content: maskByRows(weight.arrays['core.mask']!.data as Uint8Array, outputs, inputs),
      },
      ...(sides !== 'left' && { armor_b: floats('b') }),
    };
  },
  open({ core_pattern: given, wrappers = 'both' }, at) {
    const [, n, m] = /^(\d+):(\d+)$/.exec(String(given)) ?? [];
    const pattern: Pattern = given === 'unstructured' ? given : { n: Number(n), m: Number(m) };
    if (pattern !== 'unstructured' && !(pattern.n >= 1 && pattern.n < pattern.m))
      throw new InvalidDataError(
        `${at}: quantization_config.core_pattern is ${JSON.stringify(given)}; it has to be n:m, such as 2:4, or unstructured.`,
      );
    if (!isSides(wrappers))
      throw new InvalidDataError(
        `${at}: quantization_config.wrappers is ${JSON.stringify(wrappers)}; it has to be both, left or right.`,
      );
    const form = { pattern, wrappers };
    return {
      shapeOf: (parts, layer) => shapeOf(parts, form, layer),
      decode: (parts, layer) => decode(parts, form, layer),
    };
  },
};

const isSides = (value: unknown): value is Sides => ['both', 'left', 'right'].includes(value as Sides);

/** What all layers have. @throws UnsupportedError where they differ */
function theOne<T>(
  layers: ReadonlyMap<string, WeightOutline>,
  what: string,
  of: (outline: WeightOutline) => T,
): T {
  const found = new Map([...layers].map(([layer, outline]) => [of(outline), layer]));
  const [one, ...more] = found.keys();
  if (one === undefined || more.length > 0)
    throw new UnsupportedError(
      `A checkpoint of factors has one ${what}; these layers have ${[...found].map(([name, layer]) => `${name} (${layer})`).join(', ')}.`,
      { remedy: `Prune all layers to one ${what}, or write the checkpoint dense.` },
    );
  return one;
}

/** Weights that were stored before there was a choice have both. */
function sidesOf({ attributes: { wrappers = 'both' } }: WeightOutline): Sides {
  return isSides(wrappers) ? wrappers : 'both';
}

const nameOf = (pattern: Pattern) => (pattern === 'unstructured' ? pattern : `${pattern.n}:${pattern.m}`);

/** @throws UnsupportedError for a factored weight of another make */
function patternOf({ attributes }: WeightOutline): Pattern {
  const core = (attributes.core ?? {}) as { format?: string; n?: number; m?: number };
  if (core.format === 'bitmap') return 'unstructured';
  if (core.format === 'n:m' && core.n && core.m) return { n: core.n, m: core.m };
  throw new UnsupportedError(
    `The factors of a checkpoint have a core in n:m or as a bitmap; this weight has ${JSON.stringify(attributes)}.`,
    { remedy: 'Write the checkpoint dense.' },
  );
}

const FLOATS = ['F32', 'F16', 'BF16'];

function shapeOf(
  parts: Parts,
  { pattern, wrappers }: Form,
  layer: string,
): readonly [outputs: number, inputs: number] {
  const { armor_a: a, armor_b: b, armor_core_values: values, armor_core_meta: meta } = parts;
  for (const [part, isThere] of [
    ['armor_a', wrappers !== 'right'],
    ['armor_b', wrappers !== 'left'],
  ] as const)
    if (isThere !== (parts[part] !== undefined))
      throw new InvalidDataError(
        isThere
          ? `${meta!.at} is there, but the packed weight of '${layer}' lacks its tensor '${layer}.${part}'.`
          : `${parts[part]!.at} is there, but the configuration names the wrappers '${wrappers}'.`,
      );
  for (const part of [a, b, values!])
    if (part && !FLOATS.includes(part.dtype))
      throw new InvalidDataError(
        `${part.at} has elements of type ${part.dtype}; factors are ${FLOATS.join(', ')}.`,
      );
  if (meta!.dtype !== 'U8')
    throw new InvalidDataError(`${meta!.at} has elements of type ${meta!.dtype}; a bit mask is U8.`);
  const outputs = a ? blocksOf(a) : meta!.shape[0]!;
  const inputs = b ? blocksOf(b) : inputsOf(values!, meta!, pattern);
  const mask = [outputs, Math.ceil(inputs / 8)];
  if (meta!.shape.join() !== mask.join())
    throw new InvalidDataError(
      `${meta!.at} has the shape [${meta!.shape}]; armor_a and armor_b make it [${mask}].`,
    );
  if (pattern === 'unstructured') {
    if (values!.shape.length !== 1 || values!.shape[0]! > outputs * inputs)
      throw new InvalidDataError(
        `${values!.at} has the shape [${values!.shape}]; the kept numbers of an unstructured core stand in one row.`,
      );
    return [outputs, inputs];
  }
  const { n, m } = pattern;
  if (inputs % m !== 0 || values!.shape.join() !== `${outputs},${(inputs / m) * n}`)
    throw new InvalidDataError(
      `${values!.at} has the shape [${values!.shape}]; a ${n}:${m} core of [${outputs}, ${inputs}] has [${outputs},${(inputs * n) / m}].`,
    );
  return [outputs, inputs];
}

/** Without blocks on that side the core says how many inputs there are. */
function inputsOf(values: TensorPart, meta: TensorPart, pattern: Pattern): number {
  return pattern === 'unstructured'
    ? 8 * meta.shape[1]!
    : Math.floor(values.shape[1]! / pattern.n) * pattern.m;
}

/** Rows of a block-diagonal matrix. */
function blocksOf({ shape, at }: TensorPart): number {
  const [count, rows, columns] = shape;
  if (shape.length !== 3 || rows !== columns || count === 0 || rows === 0)
    throw new InvalidDataError(`${at} has the shape [${shape}]; blocks are [count, size, size].`);
  return count! * rows!;
}

async function decode(parts: Parts, form: Form, layer: string): Promise<CompressedWeight> {
  const { pattern, wrappers } = form;
  const { armor_a: a, armor_b: b, armor_core_values: values, armor_core_meta: meta } = parts;
  const [outputs, inputs] = shapeOf(parts, form, layer);
  const mask = maskInOneRun(await meta!.readBytes(), outputs, inputs);
  const kept = requireMask(mask, inputs, outputs * inputs, pattern, meta!.at);
  const [count] = pattern === 'unstructured' ? values!.shape : [kept];
  if (kept !== count)
    throw new InvalidDataError(`${meta!.at} keeps ${kept} numbers; ${values!.at} has ${count}.`);
  const array = async (part: TensorPart) => ({ shape: part.shape, data: await part.read() });
  const arrays: StoredArrays = {
    ...(a && { a: await array(a) }),
    ...(b && { b: await array(b) }),
    'core.values': await array(values!),
    'core.mask': { shape: [mask.length], data: mask },
  };
  const core = pattern === 'unstructured' ? { format: 'bitmap' } : { format: 'n:m', ...pattern };
  const stored: StoredWeight = {
    format: 'factored',
    shape: [outputs, inputs],
    arrays,
    attributes: { core, wrappers },
  };
  return restoreFactored(stored);
}

/** The number of bits that are set. @throws InvalidDataError where a group does not keep its n */
function requireMask(mask: Uint8Array, inputs: number, size: number, pattern: Pattern, at: string): number {
  const m = pattern === 'unstructured' ? inputs : pattern.m;
  let kept = 0;
  for (let start = 0; start < size; start += m) {
    let inGroup = 0;
    for (let i = start; i < start + m; i++) inGroup += (mask[i >> 3]! >> (i & 7)) & 1;
    if (pattern !== 'unstructured' && inGroup !== pattern.n) {
      const [row, column] = [Math.floor(start / inputs), start % inputs];
      throw new InvalidDataError(
        `${at} keeps ${inGroup} numbers in row ${row}, columns ${column} to ${column + m - 1}, not ${pattern.n}.`,
      );
    }
    kept += inGroup;
  }
  return kept;
}
