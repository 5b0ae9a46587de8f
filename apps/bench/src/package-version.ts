import { createHash } from 'node:crypto';
import { readdir, readFile, realpath } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';

/**
 * The installed version of a package. A package that is linked rather than installed (a workspace, `npm link`) changes without
 * a new version, so its version gets a hash of its built files and of those of the linked packages below it.
 * @param folders where the package is looked for, nearest first
 */
export async function packageVersion(name: string, folders: readonly string[]): Promise<string> {
  for (const folder of folders) {
    const path = await findPackage(name, folder);
    if (!path) continue;
    const { version } = await readManifest(path);
    const hash = isLinked(path) ? `+${(await linkedHash(path)).slice(0, 12)}` : '';
    return `${version}${hash}`;
  }
  return 'unknown';
}

/** What the hash of a linked package covers: all that runs. */
const RUNS = /\.(js|mjs|cjs|json|wasm|ptx|cu|wgsl)$/;

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

/** Whether a real folder lies outside every `node_modules`: what a package manager installed lies inside one. */
function isLinked(folder: string): boolean {
  return !folder.includes(`${sep}node_modules${sep}`);
}

/** Hashes of linked packages with all linked packages that they reach, by folder: files do not change during a run. */
const hashes = new Map<string, Promise<string>>();

function linkedHash(folder: string): Promise<string> {
  let hash = hashes.get(folder);
  if (!hash) {
    hash = reachable(folder).then(async (folders) => {
      const digest = createHash('sha256');
      for (const each of folders) digest.update(await builtFilesHash(each));
      return digest.digest('hex');
    });
    hashes.set(folder, hash);
  }
  return hash;
}

/** `folder` and every linked package that it depends on, directly or not, sorted. */
async function reachable(folder: string): Promise<readonly string[]> {
  const seen = new Set([folder]);
  for (const at of seen) {
    const { dependencies, peerDependencies } = await readManifest(at);
    for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
      const path = await findPackage(name, at);
      if (path && isLinked(path)) seen.add(path);
    }
  }
  return [...seen].sort();
}

const fileHashes = new Map<string, Promise<Buffer>>();

/** Of `dist` where there is one, else of all files of the package but those of its dependencies. */
function builtFilesHash(folder: string): Promise<Buffer> {
  let hash = fileHashes.get(folder);
  if (!hash) {
    hash = hashFiles(folder);
    fileHashes.set(folder, hash);
  }
  return hash;
}

async function hashFiles(folder: string): Promise<Buffer> {
  const dist = join(folder, 'dist');
  const built = await readdir(dist, { recursive: true }).catch(() => undefined);
  const root = built ? dist : folder;
  const names = built ?? (await readdir(folder, { recursive: true }));
  const digest = createHash('sha256').update((await readManifest(folder)).version);
  for (const name of names.sort()) {
    if (!RUNS.test(name) || name.split(sep).includes('node_modules')) continue;
    digest.update(name).update(await readFile(join(root, name)));
  }
  return digest.digest();
}
