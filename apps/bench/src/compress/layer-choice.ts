import type { Checkpoint } from '@espalier/models';
import { UsageError } from '../exit-status.js';

/** The linear layers of the decoder, in the order of the files. */
export function linearLayers({ tensors, embedding, head }: Checkpoint): readonly string[] {
  return tensors.names
    .filter((name) => name.endsWith('.weight') && name !== embedding && name !== head)
    .filter((name) => tensors.info(name).shape.length === 2)
    .map((name) => name.replace(/\.weight$/, ''));
}

/**
 * Which layers are compressed: all but those whose names fit one of the patterns, in which `*` stands for any characters.
 * @throws UsageError for a pattern that no layer fits, and when no layer is left
 */
export function acceptedLayers(source: Checkpoint, skip: readonly string[]): (layer: string) => boolean {
  const layers = linearLayers(source);
  const tests = skip.map(patternTest);
  for (const [i, test] of tests.entries())
    if (!layers.some((layer) => test.test(layer)))
      throw new UsageError(
        `--skip '${skip[i]}' names no layer. Layers are called ${layers[0]} and the like.`,
      );
  const accepts = (layer: string) => !tests.some((test) => test.test(layer));
  if (!layers.some(accepts)) throw new UsageError('--skip leaves no layer to compress.');
  return accepts;
}

const patternTest = (pattern: string) =>
  new RegExp(`^${pattern.replace(/[\\^$.|?+()[\]{}]/g, '\\$&').replaceAll('*', '.*')}$`);

/** @throws UsageError when `m` does not divide the inputs of a layer that is to be pruned n:m */
export function requireGroups(
  source: Checkpoint,
  accepts: (layer: string) => boolean,
  { n, m }: { readonly n: number; readonly m: number },
): void {
  const inputs = (layer: string) => source.tensors.info(`${layer}.weight`).shape[1]!;
  const all = linearLayers(source).filter(accepts);
  const odd = all.filter((layer) => inputs(layer) % m !== 0);
  if (odd.length === 0) return;
  const kinds = [...new Set(odd.map((layer) => layer.slice(layer.lastIndexOf('.') + 1)))];
  const skip = kinds.map((kind) => `--skip '*.${kind}'`).join(' ');
  const others = odd.length > 1 ? `, and ${odd.length - 1} more do not fit` : '';
  const remedy =
    odd.length === all.length
      ? 'Take another pattern.'
      : `Take another pattern, or leave them out with ${skip}.`;
  throw new UsageError(
    `--pattern ${n}:${m} needs numbers of inputs that ${m} divides; ${odd[0]} has ${inputs(odd[0]!)}${others}. ${remedy}`,
  );
}
