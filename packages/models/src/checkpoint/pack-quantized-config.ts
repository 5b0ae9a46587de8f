import {
  InvalidDataError,
  type Json,
  type JsonObject,
  UnsupportedError,
  type WeightOutline,
} from '@espalier/core';
import { fittingLayouts, wordCount } from './code-words.js';
import { ignoredLayers } from './ignored-layers.js';
import { isJsonObject } from './strict-json.js';

/** `format` of a `quantization_config` of compressed-tensors; see `packQuantizedCodec`. */
export const PACK_QUANTIZED_FORMAT = 'pack-quantized';

/** How the integers of a layer are made: the fields of `weights` in a group of `config_groups`. */
export interface IntegerScheme {
  /** 1 to 8. */
  readonly bits: number;
  /** All zeros are 2^(bits-1), and not stored. */
  readonly symmetric: boolean;
  /** Inputs that share a scale; 'row': all of a row. */
  readonly groupSize: number | 'row';
  /** Whether the files list the group of each input. */
  readonly listed: boolean;
}

/** Which scheme is that of a layer. */
export type SchemeOf = (layer: string) => IntegerScheme;

/**
 * The scheme of a weight of the format `integer`.
 * @throws UnsupportedError for what these files cannot hold
 */
export function schemeOfWeight(name: string, { shape, attributes }: WeightOutline): IntegerScheme {
  const { bits, groupSize, symmetric, zeroType, groups, ...more } = attributes;
  const isKnown = zeroType !== undefined && groups !== undefined && Object.keys(more).length === 0;
  if (!isKnown || typeof bits !== 'number' || typeof groupSize !== 'number')
    throw new UnsupportedError(
      `${name} is stored with ${JSON.stringify(attributes)}; ${PACK_QUANTIZED_FORMAT} holds codes of one width, a scale and a zero point for each group.`,
      { remedy: 'Write the checkpoint dense.' },
    );
  if (bits > 8)
    throw new UnsupportedError(`${name} has ${bits} bits; ${PACK_QUANTIZED_FORMAT} has 1 to 8.`, {
      remedy: 'Take 8 bits or less, or write the checkpoint dense.',
    });
  if (zeroType !== 'packed')
    throw new UnsupportedError(
      `${name} has zero points outside its codes (0 to ${2 ** bits - 1}): a group whose weights have one sign. ${PACK_QUANTIZED_FORMAT} has none.`,
      {
        remedy:
          'Take larger groups or symmetric grids (the option symmetric), or write the checkpoint dense.',
      },
    );
  const words = (count: number) => ({ count, words: wordCount('continuous', count, bits) });
  if (fittingLayouts(bits, words(shape[1]), symmetric ? undefined : words(shape[0])).length > 1)
    throw new UnsupportedError(
      `${name} is [${shape}]: at this size files cannot tell two layouts of ${bits}-bit codes apart.`,
      { remedy: 'Take 2, 4 or 8 bits, or write the checkpoint dense.' },
    );
  const listed = groups === 'listed';
  const isRow = groupSize === shape[1] && !listed;
  return {
    bits,
    symmetric: symmetric === true,
    groupSize: isRow ? 'row' : groupSize,
    listed,
  };
}

/**
 * `quantization_config` of a checkpoint with such weights: a group for every scheme, by class where there is one and by the names of
 * layers where there are several.
 * @param others all other tensors by their full names, with their shapes
 */
export function packQuantization(
  layers: ReadonlyMap<string, WeightOutline>,
  others: ReadonlyMap<string, readonly number[]>,
): JsonObject {
  const schemes = new Map([...layers].map(([name, weight]) => [name, schemeOfWeight(name, weight)]));
  const groups = Map.groupBy(schemes.keys(), (name) => JSON.stringify(schemes.get(name)));
  const configured = [...groups.values()].map((names, i): [string, JsonObject] => [
    `group_${i}`,
    {
      targets: groups.size === 1 ? ['Linear'] : names,
      weights: weightsField(schemes.get(names[0]!)!),
      input_activations: null,
      output_activations: null,
    },
  ]);
  const packed = new Set([...layers.keys()].map((name) => `${name}.weight`));
  return {
    quant_method: 'compressed-tensors',
    format: PACK_QUANTIZED_FORMAT,
    quantization_status: 'compressed',
    config_groups: Object.fromEntries(configured),
    kv_cache_scheme: null,
    ignore: ignoredLayers(packed, others),
  };
}

const weightsField = ({ bits, symmetric, groupSize, listed }: IntegerScheme): JsonObject => ({
  num_bits: bits,
  type: 'int',
  symmetric,
  strategy: groupSize === 'row' ? 'channel' : 'group',
  group_size: groupSize === 'row' ? null : groupSize,
  actorder: listed ? 'group' : null,
  dynamic: false,
});

/** Whether a configuration of compressed-tensors holds integers packed in this way, as a whole or in one of its groups. */
export function isPackQuantized({ format, config_groups: groups }: JsonObject): boolean {
  const inGroups = isJsonObject(groups)
    ? Object.values(groups).map((group) => (isJsonObject(group) ? group.format : undefined))
    : [];
  return [format, ...inGroups].includes(PACK_QUANTIZED_FORMAT);
}

interface Group extends IntegerScheme {
  readonly name: string;
  readonly targets: readonly string[];
}

/**
 * What a `quantization_config` says of each layer.
 * @param at the file that holds it
 * @throws UnsupportedError for more than integer weights (activations, caches, transforms), InvalidDataError for fields out of range
 */
export function readPackQuantization(configuration: JsonObject, at: string): SchemeOf {
  const { config_groups: groups, sparsity_config: sparsity, format } = configuration;
  const isDense = !isJsonObject(sparsity) || sparsity.format === undefined || sparsity.format === 'dense';
  if (!isDense)
    refuse(at, `weights that are sparse too (${JSON.stringify((sparsity as JsonObject).format)})`);
  if (isFilled(configuration.kv_cache_scheme)) refuse(at, 'a quantized cache (kv_cache_scheme)');
  if (isFilled(configuration.transform_config)) refuse(at, 'transformed weights (transform_config)');
  if (!isJsonObject(groups) || Object.keys(groups).length === 0)
    throw new InvalidDataError(`${at}: quantization_config.config_groups names no group of layers.`);
  const all = Object.entries(groups).map(([name, group]) => readGroup(name, group ?? null, format, at));
  return (layer) => {
    const found = all.find(({ targets }) => targets.some((target) => isTarget(target, layer, at)));
    const byClass = found ?? all.find(({ targets }) => targets.includes('Linear'));
    if (!byClass)
      throw new InvalidDataError(
        `${at}: no group of quantization_config.config_groups has '${layer}' among its targets; its packed weight is there.`,
      );
    return byClass;
  };
}

const isFilled = (value: Json | undefined) => isJsonObject(value) && Object.keys(value).length > 0;

function refuse(at: string, what: string): never {
  throw new UnsupportedError(`${at}: quantization_config has ${what}.`, {
    remedy: `Use the model as it was before; of ${PACK_QUANTIZED_FORMAT} integer weights alone are read.`,
  });
}

function readGroup(name: string, group: Json, format: Json | undefined, at: string): Group {
  const path = `config_groups.${name}`;
  if (!isJsonObject(group) || !isJsonObject(group.weights)) return refuse(at, `no weights in ${path}`);
  const { weights, targets } = group;
  const own = group.format ?? format ?? null;
  if (own !== PACK_QUANTIZED_FORMAT) refuse(at, `layers in another format (${JSON.stringify(own)}, ${path})`);
  for (const field of ['input_activations', 'output_activations'])
    if (isFilled(group[field])) refuse(at, `quantized activations (${path}.${field})`);
  if (!Array.isArray(targets) || !targets.every((target) => typeof target === 'string'))
    throw new InvalidDataError(`${at}: ${path}.targets is no list of names.`);
  if ((weights.type ?? 'int') !== 'int')
    refuse(at, `numbers of type ${JSON.stringify(weights.type)} (${path})`);
  if (weights.dynamic) refuse(at, `scales that are not stored (${path}.weights.dynamic)`);
  const { num_bits: bits, symmetric = true, actorder = null } = weights;
  if (!isWhole(bits) || bits > 8)
    throw new InvalidDataError(
      `${at}: ${path}.weights.num_bits is ${JSON.stringify(bits)}; it is a whole number from 1 to 8.`,
    );
  if (typeof symmetric !== 'boolean')
    throw new InvalidDataError(`${at}: ${path}.weights.symmetric is ${JSON.stringify(symmetric)}.`);
  return {
    name,
    targets,
    bits,
    symmetric,
    groupSize: readGroupSize(weights, path, at),
    listed: actorder === true || actorder === 'group' || actorder === 'dynamic',
  };
}

function readGroupSize({ strategy, group_size: size }: JsonObject, path: string, at: string) {
  const named = strategy ?? (size === -1 ? 'channel' : isWhole(size) ? 'group' : 'tensor');
  if (named === 'channel') return 'row';
  if (named !== 'group') refuse(at, `scales of another kind (${JSON.stringify(named)}, ${path})`);
  if (isWhole(size)) return size;
  throw new InvalidDataError(
    `${at}: ${path}.weights.group_size is ${JSON.stringify(size)}; it is a whole number of at least 1.`,
  );
}

const isWhole = (value: Json | undefined): value is number =>
  Number.isInteger(value) && (value as number) >= 1;

/** Names of layers and regular expressions (`re:` before them), which match from the beginning. */
function isTarget(target: string, layer: string, at: string): boolean {
  if (!target.startsWith('re:')) return target === layer;
  const source = target.slice(3);
  // A repeated group can take exponential time, and a file may come from anywhere.
  if (/\)[*+{]/.test(source)) refuse(at, `the target ${JSON.stringify(target)}, which repeats a group`);
  try {
    return new RegExp(`^(?:${source})`).test(layer);
  } catch {
    return refuse(at, `the target ${JSON.stringify(target)}, which is no regular expression here`);
  }
}
