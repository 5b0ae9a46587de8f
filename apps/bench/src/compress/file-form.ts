import {
  InvalidOptionsError,
  type Registry,
  type SparsityPattern,
  type StoredWeight,
  UnsupportedError,
  type WeightCodec,
  type WeightOutline,
} from '@espalier/core';
import { codecName, WEIGHT_CODECS } from '@espalier/models';
import { UsageError } from '../exit-status.js';

/** How compressed layers are written: as plain matrices, or by the first of these codecs that takes them. */
export type FileForm = 'dense' | readonly WeightCodec[];

/** The codecs of the models package and of all plugins; of two with one name the first counts. */
export async function installedCodecs(registry: Registry): Promise<readonly WeightCodec[]> {
  const codecs = new Map(WEIGHT_CODECS.map((codec) => [codecName(codec), codec]));
  for (const plugin of registry.plugins())
    for (const codec of (await plugin.weightCodecs?.())?.default ?? [])
      if (!codecs.has(codecName(codec))) codecs.set(codecName(codec), codec);
  return [...codecs.values()];
}

/** What `--format` asks for: `dense`, `packed`, or a codec by its name or its `quant_method`. @throws UsageError for any other */
export function fileForm(format: string, codecs: readonly WeightCodec[]): FileForm {
  if (format === 'dense') return 'dense';
  if (format === 'packed') return codecs;
  const named = codecs.filter((codec) => codecName(codec) === format || codec.method === format);
  if (named.length > 0) return named;
  const known = ['dense', 'packed', ...codecs.map(codecName)];
  throw new UsageError(`--format is ${known.join(', ')}; given '${format}'.`);
}

/**
 * Refuses what cannot be, before any work: a form for other zeros than those that a pruner is asked for, for zeros where weights are
 * quantized, and the reverse. Forms of a plugin's own are known when a layer is finished: see {@link watchForm}.
 * @param pattern which zeros a pruner makes; undefined for a quantizer
 * @throws UsageError when none of the codecs can write what is asked for
 */
export function requirePossible(form: FileForm, pattern: SparsityPattern | undefined): void {
  if (form === 'dense') return;
  const format = pattern === undefined ? undefined : typeof pattern === 'object' ? 'n:m' : 'bitmap';
  const possible = (codec: WeightCodec) =>
    codec.formats.some((one) => {
      if (pattern === undefined) return one !== 'n:m' && one !== 'bitmap';
      if (one === 'n:m' && typeof pattern === 'object') return writesPattern(codec, pattern);
      return one === format || !['n:m', 'bitmap', 'integer', 'codebook'].includes(one);
    });
  if (form.some(possible)) return;
  const names = form.map(codecName).join(', ');
  const asked =
    pattern === undefined
      ? 'quantized weights'
      : typeof pattern === 'object'
        ? `the pattern ${pattern.n}:${pattern.m}`
        : 'zeros anywhere';
  const summaries = form.map(({ summary }) => summary).join(' ');
  throw new UsageError(
    `--format ${names} has no place for ${asked}: ${summaries} Take --format dense, or packed for the form that fits.`,
  );
}

/** Whether the codec takes a layer of this pattern, of a size that fits. */
function writesPattern(codec: WeightCodec, { n, m }: { readonly n: number; readonly m: number }): boolean {
  try {
    codec.configure(
      new Map([['layer', { format: 'n:m', shape: [8, 8 * m], attributes: { n, m } }]]),
      new Map(),
    );
    return true;
  } catch {
    return false;
  }
}

/**
 * The codec that writes all of these layers. Layers that stayed dense are not among them.
 * @throws UnsupportedError when there is none, or its configuration does not fit all layers
 */
export function chooseCodec(
  layers: ReadonlyMap<string, WeightOutline>,
  codecs: readonly WeightCodec[],
): WeightCodec {
  const byFormat = Map.groupBy(layers, ([, { format }]) => format);
  const [[format] = [undefined], ...more] = byFormat;
  const writes = codecs.map((codec) => `${codec.formats.join(', ')} (${codecName(codec)})`).join('; ');
  if (format === undefined)
    throw new UnsupportedError(`No layer is stored in a form of its own; files can hold ${writes}.`);
  if (more.length > 0) {
    const found = [...byFormat].map(([name, [[layer]]]) => `${name} (${layer})`);
    throw new UnsupportedError(
      `The files of a checkpoint hold one form of weights; these layers have ${found.join(', ')}.`,
    );
  }
  const codec = codecs.find(({ formats }) => formats.includes(format));
  if (!codec)
    throw new UnsupportedError(
      `The layers are stored as '${format}', for which --format has no files; it has ${writes}.`,
    );
  codec.configure(layers, new Map());
  return codec;
}

/** {@link chooseCodec} for layers that are kept. @throws InvalidOptionsError that says how to go on */
export function requireCodec(
  layers: ReadonlyMap<string, WeightOutline>,
  codecs: readonly WeightCodec[],
): WeightCodec {
  try {
    return chooseCodec(layers, codecs);
  } catch (cause) {
    throw new InvalidOptionsError((cause as Error).message, {
      cause,
      remedy:
        'With --format dense the same command goes on; layers that are finished are not computed again.',
    });
  }
}

/**
 * Watches layers as they are finished, so that a form that cannot be written is known at the second layer, not after the last.
 * @returns what to call with each layer's stored form; it throws what {@link requireCodec} throws
 */
export function watchForm(form: FileForm): (layer: string, weight: StoredWeight) => void {
  const seen = new Map<string, WeightOutline>();
  const kinds = new Set<string>();
  return (layer, { format, shape, attributes }) => {
    if (form === 'dense' || format === 'dense') return;
    seen.set(layer, { format, shape, attributes });
    const kind = JSON.stringify([format, attributes]);
    if (kinds.has(kind)) return;
    kinds.add(kind);
    requireCodec(seen, form);
  };
}
