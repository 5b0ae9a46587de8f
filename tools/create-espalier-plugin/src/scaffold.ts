import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The kinds of algorithm that a plugin can be started with. */
export const KINDS = [
  'solver',
  'dynamic-algorithm',
  'pruner',
  'quantizer',
  'kv-compressor',
  'optimizer',
] as const;

/** See {@link KINDS}. */
export type Kind = (typeof KINDS)[number];

/** What to write, and where. */
export interface ScaffoldRequest {
  /** Name of the npm package. */
  readonly name: string;
  readonly kind: Kind;
  /** A folder that does not exist yet, or is empty. */
  readonly directory: string;
}

const packageRoot = join(dirname(fileURLToPath(import.meta.url)), '..');
const NUMERIC: readonly Kind[] = ['solver', 'dynamic-algorithm'];

/**
 * Writes the package: first into a folder beside the target, then renamed, so that nothing is half-written.
 * @throws Error when the name is no npm name or the target folder holds something
 */
export async function scaffold({ name, kind, directory }: ScaffoldRequest): Promise<void> {
  assertPackageName(name);
  const target = resolve(directory);
  if ((await readdir(target).catch(() => [])).length > 0) {
    throw new Error(`The folder ${directory} is not empty: choose another with --directory.`);
  }
  const method = methodName(name);
  const replacements: Readonly<Record<string, string>> = {
    PACKAGE: name,
    METHOD: method,
    METHOD_CAMEL: camelCase(method),
    MANIFEST: JSON.stringify(await manifest(name, kind), null, 2),
  };
  const temporary = join(dirname(target), `.${basename(target)}.partial-${process.pid}`);
  for (const template of ['every-kind', kind]) {
    const from = join(packageRoot, 'templates', template);
    for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const source = join(entry.parentPath, entry.name);
      const text = fill(await readFile(source, 'utf8'), replacements);
      const path = join(
        temporary,
        fill(source.slice(from.length + 1), replacements).replace(/\.template$/, ''),
      );
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
    }
  }
  await mkdir(dirname(target), { recursive: true });
  await rename(temporary, target);
}

/** @throws Error with the rule that `name` breaks */
function assertPackageName(name: string): void {
  if (!/^(@[a-z0-9-][a-z0-9._-]*\/)?[a-z][a-z0-9._-]*$/.test(name) || name.length > 214) {
    throw new Error(
      `'${name}' is no npm package name: lower-case letters, digits, dots and hyphens, optionally after a @scope/.`,
    );
  }
}

/** `@me/espalier-plugin-my-method` is about the method `my-method`. */
function methodName(name: string): string {
  const bare = name.replace(/^@[^/]+\//, '').replace(/[._]/g, '-');
  return bare.replace(/^(espalier-)?(plugin-)?/, '') || bare;
}

function camelCase(method: string): string {
  return method.replace(/-+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function fill(text: string, replacements: Readonly<Record<string, string>>): string {
  return text.replace(/__([A-Z_]+?)__/g, (whole, key: string) => replacements[key] ?? whole);
}

/** The new package's package.json. Versions are those that this release was tested with. */
async function manifest(name: string, kind: Kind): Promise<object> {
  const own = JSON.parse(await readFile(join(packageRoot, 'package.json'), 'utf8')) as {
    devDependencies: Readonly<Record<string, string>>;
  };
  const versions = (...names: string[]) => Object.fromEntries(names.map((n) => [n, own.devDependencies[n]]));
  const tensors = NUMERIC.includes(kind) ? [] : ['@tensorflow/tfjs-core'];
  return {
    name,
    version: '0.1.0',
    description: `An Espalier plugin: ${methodName(name)}.`,
    license: 'Apache-2.0',
    type: 'module',
    keywords: ['espalier-plugin'],
    espalier: { plugin: './dist/index.js', apiVersion: 1 },
    engines: { node: '>=22' },
    exports: {
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './package.json': './package.json',
    },
    files: ['dist', 'src'],
    scripts: { build: 'tsc', test: 'tsc && vitest run', prepublishOnly: 'npm test' },
    dependencies: versions('zod'),
    peerDependencies: versions('@espalier/core', ...tensors),
    devDependencies: versions(
      '@espalier/core',
      '@espalier/testkit',
      ...tensors,
      ...(tensors.length > 0 ? ['@tensorflow/tfjs-backend-cpu'] : []),
      'fast-check',
      'typescript',
      'vitest',
    ),
  };
}
