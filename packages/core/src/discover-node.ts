import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UnsupportedError } from './errors.js';

/** An installed plugin package, not imported yet. */
export interface FoundPackage {
  readonly name: string;
  /** From the field `espalier.apiVersion` of package.json; undefined where it says nothing. */
  readonly apiVersion: number | undefined;
  load(): Promise<unknown>;
}

interface PackageManifest {
  readonly name?: string;
  readonly keywords?: readonly string[];
  readonly espalier?: { readonly plugin?: string; readonly apiVersion?: number };
}

/**
 * The plugin packages in the `node_modules` of `folder` and of the folders above it, nearest first.
 * A package is one by the keyword `espalier-plugin` and the field `"espalier": { "plugin": "./dist/index.js" }`.
 * @throws UnsupportedError when `folder` cannot be read
 */
export async function discoverPackages(folder: string): Promise<FoundPackage[]> {
  await readdir(folder).catch((cause) => {
    throw new UnsupportedError(`The folder ${folder} cannot be read.`, {
      cause,
      remedy: 'Name a folder that exists.',
    });
  });
  const found = new Map<string, FoundPackage>();
  for (let at = resolve(folder); ; at = dirname(at)) {
    for (const path of await packageFolders(join(at, 'node_modules'))) {
      const manifest = await readManifest(path);
      const entry = manifest?.espalier?.plugin;
      if (!manifest?.name || !entry || !manifest.keywords?.includes('espalier-plugin')) continue;
      if (found.has(manifest.name)) continue;
      found.set(manifest.name, {
        name: manifest.name,
        apiVersion: manifest.espalier?.apiVersion,
        load: () => import(pathToFileURL(join(path, entry)).href),
      });
    }
    if (dirname(at) === at) return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
  }
}

async function packageFolders(modules: string): Promise<string[]> {
  const folders: string[] = [];
  for (const name of await readdir(modules).catch(() => [])) {
    if (name.startsWith('.')) continue;
    const path = join(modules, name);
    if (name.startsWith('@'))
      for (const inner of await readdir(path).catch(() => [])) folders.push(join(path, inner));
    else folders.push(path);
  }
  return folders;
}

/** undefined for what is no package, or a broken one: discovery must not fail for the others. */
async function readManifest(path: string): Promise<PackageManifest | undefined> {
  try {
    return JSON.parse(await readFile(join(path, 'package.json'), 'utf8')) as PackageManifest;
  } catch {
    return undefined;
  }
}
