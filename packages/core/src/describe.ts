import type { Kind, Paper } from './algorithm.js';
import type { AnyAlgorithm } from './any-algorithm.js';
import type { Json } from './json.js';
import { describeAllowed, optionsJsonSchema } from './options.js';

/** One option in words. */
export interface OptionDescription {
  readonly name: string;
  readonly summary: string;
  readonly allowed: string;
  readonly default: Json | undefined;
}

/** An algorithm in words, all JSON. */
export interface AlgorithmDescription {
  readonly name: string;
  readonly plugin: string;
  readonly kind: Kind;
  readonly summary: string;
  readonly paper?: Paper;
  /** The problem family, for the numeric kinds. */
  readonly solves?: string;
  /** Empty where the schema's library offers no JSON Schema. */
  readonly options: readonly OptionDescription[];
  readonly examples: readonly string[];
}

/** See {@link AlgorithmDescription}. */
export function describeAlgorithm(algorithm: AnyAlgorithm, plugin: string): AlgorithmDescription {
  const { name, kind, summary, paper, examples = {} } = algorithm;
  const properties = optionsJsonSchema(algorithm.options)?.properties ?? {};
  return {
    name,
    plugin,
    kind,
    summary,
    ...(paper && { paper }),
    ...('solves' in algorithm && { solves: algorithm.solves.name }),
    options: Object.entries(properties).map(([option, schema]) => ({
      name: option,
      summary: schema.description ?? '',
      allowed: describeAllowed(schema),
      default: schema.default as Json | undefined,
    })),
    examples: Object.keys(examples),
  };
}
