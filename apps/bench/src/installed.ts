import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type AnyAlgorithm,
  type Claim,
  createRegistry,
  messageOf,
  type Plugin,
  type Registry,
  type Scenario,
} from '@espalier/core';
import { UsageError } from './exit-status.js';

/** Everything that was found, loaded. */
export interface Installed {
  readonly registry: Registry;
  /** The folders that were searched; another process finds the same with them. */
  readonly folders: readonly string[];
}

/** A scenario with the plugin that brings it. */
export interface InstalledScenario {
  readonly scenario: Scenario<unknown>;
  readonly plugin: Plugin;
}

/** Where plugins are looked for: the working folder first, then the place where this app is installed. */
export function pluginFolders(): string[] {
  return [...new Set([process.cwd(), dirname(fileURLToPath(import.meta.url))])];
}

/** Finds and loads all plugins, or those of the packages `only`; one that fails is in `registry.failures()`. */
export async function loadInstalled(
  folders: readonly string[] = pluginFolders(),
  only?: readonly string[],
): Promise<Installed> {
  const registry = createRegistry();
  for (const folder of folders) await registry.discover(folder);
  await registry.load(only);
  return { registry, folders };
}

/** A part of a plugin that could not be used: the rest goes on without it. */
export interface Failure {
  readonly plugin: string;
  readonly reason: string;
}

/** The scenarios of all plugins, by name. A module that throws, or a name that is taken, costs that plugin's scenario alone. */
export async function loadScenarios(
  registry: Registry,
): Promise<{ readonly scenarios: readonly InstalledScenario[]; readonly failures: readonly Failure[] }> {
  const scenarios: InstalledScenario[] = [];
  const failures: Failure[] = [];
  for (const plugin of registry.plugins()) {
    try {
      for (const scenario of (await plugin.scenarios?.())?.default ?? []) {
        const other = scenarios.find(({ scenario: { name } }) => name === scenario.name);
        if (!other) scenarios.push({ scenario, plugin });
        else {
          const reason = `${other.plugin.name} brings a scenario called '${scenario.name}' already.`;
          failures.push({ plugin: plugin.name, reason });
        }
      }
    } catch (thrown) {
      failures.push({ plugin: plugin.name, reason: `Its scenarios failed to load: ${messageOf(thrown)}` });
    }
  }
  scenarios.sort((a, b) => a.scenario.name.localeCompare(b.scenario.name));
  return { scenarios, failures };
}

/** The claims of one plugin; none, and the reason, when their module throws. */
export async function loadClaims(
  plugin: Plugin,
): Promise<{ readonly claims: readonly Claim[]; readonly failures: readonly Failure[] }> {
  try {
    return { claims: (await plugin.claims?.())?.default ?? [], failures: [] };
  } catch (thrown) {
    const reason = `Its claims failed to load: ${messageOf(thrown)}`;
    return { claims: [], failures: [{ plugin: plugin.name, reason }] };
  }
}

/** The plugins that could not be loaded. */
export function loadFailures(registry: Registry): Failure[] {
  return registry.failures().map(({ plugin, error }) => ({ plugin, reason: error.message }));
}

/**
 * A plugin by its package name, or by the part after `plugin-`.
 * @throws UsageError when there is none or more than one; the plugin's own error when it failed to load
 */
export function findPlugin(registry: Registry, name: string): Plugin {
  const isMeant = (candidate: string) => candidate === name || candidate.endsWith(`plugin-${name}`);
  const plugins = registry.plugins();
  const exact = plugins.find((plugin) => plugin.name === name);
  const [found, ...others] = exact ? [exact] : plugins.filter((plugin) => isMeant(plugin.name));
  if (found && others.length === 0) return found;
  if (found) {
    const names = [found, ...others].map((plugin) => plugin.name);
    throw new UsageError(`'${name}' may be ${names.join(' or ')}: give the whole name.`);
  }
  const failure = registry.failures().find(({ plugin }) => isMeant(plugin));
  if (failure) throw failure.error;
  const installed = plugins.map((plugin) => plugin.name).join(', ') || 'none';
  throw new UsageError(`There is no plugin '${name}'. Installed: ${installed}.`);
}

/** Whether an algorithm speaks tensors, and so needs a runtime. */
export function usesTensors({ kind }: AnyAlgorithm): boolean {
  return kind !== 'solver' && kind !== 'dynamic-algorithm';
}
