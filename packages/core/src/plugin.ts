import type { AnyAlgorithm } from './any-algorithm.js';
import type { Claim } from './claim.js';
import { IncompatiblePluginError, PluginFailedError } from './errors.js';
import type { GoldenRunners } from './golden.js';
import type { WeightCodec } from './kinds/weight-codec.js';
import { isMarked, mark } from './mark.js';
import type { Runtime } from './runtime.js';
import type { Scenario } from './scenario.js';

/** The version of core's interfaces; a change that breaks plugins raises it. */
export const API_VERSION = 1;

/** What a plugin brings, each part in a module of its own that is imported when it is asked for. */
export interface PluginSpec<A extends readonly AnyAlgorithm[]> {
  /** The package's name. */
  readonly name: string;
  readonly algorithms: A;
  readonly runtimes?: readonly Runtime[];
  readonly scenarios?: () => Promise<{ readonly default: readonly Scenario<unknown>[] }>;
  readonly claims?: () => Promise<{ readonly default: readonly Claim[] }>;
  /** How the weights that its algorithms make stand in checkpoint files. */
  readonly weightCodecs?: () => Promise<{ readonly default: readonly WeightCodec[] }>;
  readonly golden?: () => Promise<{ readonly default: GoldenRunners }>;
}

/** A plugin: a list of algorithms, and lazily the scenarios, claims and golden runners that belong to them. */
export interface Plugin<A extends readonly AnyAlgorithm[] = readonly AnyAlgorithm[]> extends PluginSpec<A> {
  /** The interfaces it was made for. */
  readonly apiVersion: number;
}

/** Marks a plugin and stamps it with the interfaces of the core that it was made with. */
export function definePlugin<const A extends readonly AnyAlgorithm[]>(spec: PluginSpec<A>): Plugin<A> {
  return mark('plugin', { apiVersion: API_VERSION, ...spec });
}

/**
 * The plugin that a module exports by default.
 * @throws PluginFailedError when it exports none
 */
export function pluginOf(module: unknown, packageName: string): Plugin {
  const candidate = (module as { default?: unknown } | null | undefined)?.default;
  if (isMarked('plugin', candidate)) return candidate as Plugin;
  throw new PluginFailedError(`The package ${packageName} exports no plugin by default.`, {
    remedy: 'Write `export default definePlugin({ ... })` in its main module.',
  });
}

/** @throws IncompatiblePluginError with what to install, when `apiVersion` is not this core's */
export function assertCompatible(name: string, apiVersion: number): void {
  if (apiVersion === API_VERSION) return;
  const newer = apiVersion > API_VERSION;
  throw new IncompatiblePluginError(
    `${name} was made for interface version ${apiVersion} of @espalier/core; the one at hand has version ${API_VERSION}.`,
    {
      remedy: newer
        ? `Update core: npm install @espalier/core@latest.`
        : `Update the plugin: npm install ${name}@latest, or use an older @espalier/core.`,
    },
  );
}
