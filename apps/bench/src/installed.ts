import { createHash } from 'node:crypto';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Claim,
  createRegistry,
  type Plugin,
  type Registry,
  type Scenario,
  UnsupportedError,
} from '@espalier/core';

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

/** Finds and loads all plugins; one that fails is in `registry.failures()`. */
export async function loadInstalled(folders: readonly string[] = pluginFolders()): Promise<Installed> {
  const registry = createRegistry();
  for (const folder of folders) await registry.discover(folder);
  await registry.load();
  return { registry, folders };
}

/** The scenarios of all plugins, by name. @throws UnsupportedError when two share a name */
export async function loadScenarios(registry: Registry): Promise<InstalledScenario[]> {
  const found: InstalledScenario[] = [];
  for (const plugin of registry.plugins()) {
    for (const scenario of (await plugin.scenarios?.())?.default ?? []) {
      const other = found.find(({ scenario: { name } }) => name === scenario.name);
      if (other) {
        throw new UnsupportedError(
          `${plugin.name} and ${other.plugin.name} both bring a scenario called '${scenario.name}'.`,
          { remedy: 'Remove one of the plugins, or ask an author to rename.' },
        );
      }
      found.push({ scenario, plugin });
    }
  }
  return found.sort((a, b) => a.scenario.name.localeCompare(b.scenario.name));
}

/** The claims of one plugin. */
export async function loadClaims(plugin: Plugin): Promise<readonly Claim[]> {
  return (await plugin.claims?.())?.default ?? [];
}

/**
 * The installed version of a package. A package that is linked rather than installed (a workspace, `npm link`) changes without
 * a new version, so its version gets a hash of its built files and of those of the linked packages below it.
 */
export async function packageVersion(name: string, folders: readonly string[]): Promise<string> {
  for (const folder of folders) {
    const path = await findPackage(name, folder);
    if (!path) continue;
    const { version } = await readManifest(path);
    const hash = createHash('sha256');
    return (await hashLinked(path, hash, new Set()))
      ? `${version}+${hash.digest('hex').slice(0, 12)}`
      : version;
  }
  return 'unknown';
}

interface Manifest {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

async function readManifest(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest;
}

/** The real folder of an installed package, as Node's resolution from `folder` finds it. */
async function findPackage(name: string, folder: string): Promise<string | undefined> {
  for (let at = folder; ; at = dirname(at)) {
    const path = await realpath(join(at, 'node_modules', name)).catch(() => undefined);
    if (path) return path;
    if (dirname(at) === at) return undefined;
  }
}

/** Feeds the built files of linked packages into `hash`; whether there were any. */
async function hashLinked(
  folder: string,
  hash: ReturnType<typeof createHash>,
  seen: Set<string>,
): Promise<boolean> {
  if (folder.includes(`${sep}node_modules${sep}`) || seen.has(folder)) return false;
  seen.add(folder);
  const dist = join(folder, 'dist');
  const names = await readdir(dist, { recursive: true }).catch(() => []);
  for (const name of names.filter((file) => /\.(js|mjs|wasm)$/.test(file)).sort()) {
    hash.update(name).update(await readFile(join(dist, name)));
  }
  const { dependencies, peerDependencies } = await readManifest(folder);
  for (const name of Object.keys({ ...dependencies, ...peerDependencies }).sort()) {
    const path = await findPackage(name, folder);
    if (path) await hashLinked(path, hash, seen);
  }
  return true;
}
