import type { AnyAlgorithm, JsonObject, KVCompressorAlgorithm, OptionsSchema } from '@espalier/core';

/** What suits windows of a few hundred tokens and small heads, for methods whose defaults are for longer ones. */
const OWN_OPTIONS: Readonly<Record<string, JsonObject>> = {
  // By default it prunes whole blocks of 256 tokens beside a window of 32, and pads what is left to multiples of eight.
  mustafar: { schedule: 'token', window: 8, format: 'compact' },
};

/** Options of a key-value cache in the scenarios, before its budget is set. */
export const cacheOptions = ({ name, examples }: AnyAlgorithm): JsonObject =>
  OWN_OPTIONS[name] ?? (Object.values(examples ?? {})[0] as JsonObject | undefined) ?? {};

/** The algorithm as what it is. */
export function cacheOf(algorithm: AnyAlgorithm): KVCompressorAlgorithm<string, OptionsSchema> {
  if (algorithm.kind !== 'kv-compressor') throw new TypeError(`${algorithm.name} is no key-value cache.`);
  return algorithm;
}
