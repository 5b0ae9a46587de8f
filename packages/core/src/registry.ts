import type { StandardSchemaV1 } from '@standard-schema/spec';
import { Container, ContainerModule } from 'inversify';
import { discoverPackages } from '#discover';
import type { AnyAlgorithm } from './any-algorithm.js';
import { type AlgorithmDescription, describeAlgorithm } from './describe.js';
import {
  DuplicateNameError,
  isEspalierError,
  messageOf,
  PluginFailedError,
  UnknownAlgorithmError,
} from './errors.js';
import { nearestNames } from './nearest-names.js';
import type { OptionsSchema } from './options.js';
import { assertCompatible, type Plugin, pluginOf } from './plugin.js';
import { type Runtime, type RuntimeChoice, selectRuntime } from './runtime.js';
import { defaultServices, type Services } from './services.js';

/** The algorithms of a plugin by name: what the registry's type is made of. */
export type AlgorithmsOf<P extends Plugin> = { [A in P['algorithms'][number] as A['name']]: A };

/** The options that an algorithm takes, all optional. */
export type OptionsOf<A> = A extends { readonly options: infer S extends OptionsSchema }
  ? StandardSchemaV1.InferInput<S>
  : never;

/** A plugin that could not be loaded. */
export interface PluginFailure {
  readonly plugin: string;
  readonly error: Error;
}

/** One line of {@link Registry.list}. */
export interface AlgorithmEntry {
  readonly algorithm: AnyAlgorithm;
  readonly plugin: Plugin;
}

type Loader<P extends Plugin> = () => Promise<{ readonly default: P }>;
type Created<A> = A extends { create(...args: never[]): infer Instance } ? Instance : never;

/** Plugins and services under one roof. `M` maps the names that are known at compile time to their algorithms. */
export interface Registry<M = Record<never, never>> {
  /**
   * Adds a plugin, or a loader (`() => import('...')`) that is called when {@link load} or {@link resolve} needs it.
   * @throws DuplicateNameError when another plugin claims the plugin's or an algorithm's name
   * @throws IncompatiblePluginError when it was made for other interfaces
   */
  use<P extends Plugin>(plugin: P | Loader<P>): Registry<M & AlgorithmsOf<P>>;
  /**
   * Finds the plugins installed in `folder` (packages with the keyword `espalier-plugin`) without importing them.
   * Node only. What it finds is loaded by {@link load} or {@link resolve}.
   */
  discover(folder: string): Promise<Registry<M>>;
  /**
   * Imports every plugin that is pending, or those of the packages `only`. One that fails is recorded in {@link failures}; the others
   * still load.
   */
  load(only?: readonly string[]): Promise<Registry<M>>;
  /** An instance of a loaded algorithm. @throws UnknownAlgorithmError with the nearest names, InvalidOptionsError */
  create<N extends keyof M & string>(name: N, options?: OptionsOf<M[N]>): Created<M[N]>;
  /** As {@link create}, after loading what is pending. */
  resolve<N extends keyof M & string>(name: N, options?: OptionsOf<M[N]>): Promise<Created<M[N]>>;
  /** A loaded algorithm by a name that is known at run time only. @throws UnknownAlgorithmError */
  find(name: string): AnyAlgorithm;
  /** All loaded algorithms with their plugins, by name. */
  list(): readonly AlgorithmEntry[];
  /** Kind, summary, paper, options with defaults and ranges. @throws UnknownAlgorithmError */
  describe(name: string): AlgorithmDescription;
  /** All loaded plugins in the order in which they were added. */
  plugins(): readonly Plugin[];
  failures(): readonly PluginFailure[];
  /** All runtimes that the loaded plugins bring. */
  runtimes(): readonly Runtime[];
  /** Chooses, activates and provides a runtime. @throws RuntimeUnavailableError */
  activateRuntime(name?: string): Promise<RuntimeChoice>;
  /** Replaces a service for every instance created from now on. */
  provide<K extends keyof Services>(service: K, value: Services[K]): Registry<M>;
  /** The services as they are bound now. */
  services(): Services;
}

const ALGORITHM = Symbol.for('espalier.algorithm');
const serviceIdentifier = (name: string) => Symbol.for(`espalier.service.${name}`);
const SERVICE_NAMES = Object.keys(defaultServices) as readonly (keyof Services)[];

/** A registry without plugins. */
export function createRegistry(services: Partial<Services> = {}): Registry {
  const container = new Container();
  const plugins: Plugin[] = [];
  const pending: { readonly plugin: string; load(): Promise<Plugin> }[] = [];
  const failures: PluginFailure[] = [];
  const owners = new Map<string, Plugin>();

  const provide = <K extends keyof Services>(name: K, value: Services[K]): void => {
    const identifier = serviceIdentifier(name);
    if (container.isBound(identifier)) container.unbind(identifier);
    // A function is wrapped: inversify returns constants as they are, but undefined must stay bound too.
    container.bind<{ value: unknown }>(identifier).toConstantValue({ value });
  };
  for (const name of SERVICE_NAMES) provide(name, { ...defaultServices, ...services }[name]);
  const currentServices = () =>
    Object.fromEntries(
      SERVICE_NAMES.map((name) => [name, container.get<{ value: unknown }>(serviceIdentifier(name)).value]),
    ) as unknown as Services;

  const add = (plugin: Plugin): void => {
    if (plugins.includes(plugin)) return;
    assertCompatible(plugin.name, plugin.apiVersion);
    assertNamesAreFree(plugin, plugins, owners);
    container.load(
      new ContainerModule(({ bind }) => {
        for (const algorithm of plugin.algorithms) {
          bind<AnyAlgorithm>(ALGORITHM).toConstantValue(algorithm).whenNamed(algorithm.name);
        }
      }),
    );
    for (const { name } of plugin.algorithms) owners.set(name, plugin);
    plugins.push(plugin);
  };

  const find = (name: string): AnyAlgorithm => {
    if (owners.has(name)) return container.get<AnyAlgorithm>(ALGORITHM, { name });
    throw unknownAlgorithm(
      name,
      [...owners.keys()],
      pending.map(({ plugin }) => plugin),
      failures,
    );
  };
  const create = (name: string, options: unknown): unknown =>
    find(name).create(options as Record<string, never>, currentServices());

  const registry: Registry<Record<string, AnyAlgorithm>> = {
    use(plugin) {
      if (typeof plugin === 'function') {
        pending.push({
          plugin: 'a lazily loaded plugin',
          load: async () => pluginOf(await plugin(), 'given to use()'),
        });
      } else add(plugin);
      return registry as never;
    },
    async discover(folder) {
      for (const { name, apiVersion, load } of await discoverPackages(folder)) {
        const known =
          plugins.some((plugin) => plugin.name === name) || pending.some(({ plugin }) => plugin === name);
        if (known) continue;
        pending.push({
          plugin: name,
          async load() {
            if (apiVersion !== undefined) assertCompatible(name, apiVersion);
            return pluginOf(await load(), name);
          },
        });
      }
      return registry;
    },
    async load(only) {
      const wanted = pending.filter(({ plugin }) => only?.includes(plugin) ?? true);
      for (const each of wanted) {
        const { plugin, load } = each;
        pending.splice(pending.indexOf(each), 1);
        try {
          add(await load());
        } catch (thrown) {
          failures.push({ plugin, error: asPluginFailure(plugin, thrown) });
        }
      }
      return registry;
    },
    create: (name, options) => create(name, options) as never,
    async resolve(name, options) {
      await registry.load();
      return create(name, options) as never;
    },
    find,
    list: () =>
      [...owners]
        .map(([name, plugin]) => ({ algorithm: find(name), plugin }))
        .sort((a, b) => a.algorithm.name.localeCompare(b.algorithm.name)),
    describe: (name) => describeAlgorithm(find(name), owners.get(name)!.name),
    plugins: () => [...plugins],
    failures: () => [...failures],
    runtimes: () => plugins.flatMap((plugin) => plugin.runtimes ?? []),
    async activateRuntime(name = 'auto') {
      const choice = await selectRuntime(name, registry.runtimes());
      await choice.runtime.activate();
      provide('runtime', choice.runtime);
      return choice;
    },
    provide(name, value) {
      provide(name, value);
      return registry;
    },
    services: currentServices,
  };
  return registry as unknown as Registry;
}

function assertNamesAreFree(
  plugin: Plugin,
  plugins: readonly Plugin[],
  owners: ReadonlyMap<string, Plugin>,
): void {
  if (plugins.some(({ name }) => name === plugin.name)) {
    throw new DuplicateNameError(`Two different plugins are called ${plugin.name}.`, {
      remedy: 'Two versions of it are installed, or two packages share the name: keep one.',
    });
  }
  const runtimeNames = plugins.flatMap(({ runtimes = [] }) => runtimes.map(({ name }) => name));
  const clash =
    plugin.algorithms.find(
      ({ name }, i) => owners.has(name) || plugin.algorithms.findIndex((a) => a.name === name) < i,
    ) ?? plugin.runtimes?.find(({ name }) => runtimeNames.includes(name));
  if (!clash) return;
  const owner =
    owners.get(clash.name)?.name ??
    plugins.find(({ runtimes }) => runtimes?.some(({ name }) => name === clash.name))?.name ??
    plugin.name;
  throw new DuplicateNameError(`${plugin.name} brings '${clash.name}', a name that ${owner} already has.`, {
    remedy: 'Use one of the two, or ask an author to rename.',
  });
}

function unknownAlgorithm(
  name: string,
  known: readonly string[],
  pending: readonly string[],
  failures: readonly PluginFailure[],
): UnknownAlgorithmError {
  const near = nearestNames(name, known);
  const hints = [
    near.length > 0 && `Did you mean ${near.map((n) => `'${n}'`).join(' or ')}?`,
    near.length === 0 && known.length > 0 && `Known: ${[...known].sort().join(', ')}.`,
    known.length === 0 && 'No plugin is loaded: install one and pass it to use().',
    pending.length > 0 && `Not loaded yet: ${pending.join(', ')}; await registry.load() first.`,
    ...failures.map(({ plugin, error }) => `${plugin} could not be loaded: ${error.message}`),
  ].filter((hint) => hint !== false);
  return new UnknownAlgorithmError(`There is no algorithm '${name}'.`, { remedy: hints.join(' ') });
}

function asPluginFailure(plugin: string, thrown: unknown): Error {
  if (isEspalierError(thrown)) return thrown;
  return new PluginFailedError(`${plugin} threw while it was loading: ${messageOf(thrown)}`, {
    cause: thrown,
  });
}
