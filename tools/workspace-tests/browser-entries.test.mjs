import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { libraries, root } from './workspace.mjs';

/** Dependencies that ask for a Node module only after they have found out that they run there; they work in browsers. */
const GUARDED = ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm', 'seedrandom', 'highs'];

/** Entries whose names say that they need Node. */
const NODE_ONLY = new Set(['./node', './package.json']);

const entries = libraries.flatMap(({ folder, manifest }) =>
  Object.keys(manifest.exports)
    .filter((entry) => !NODE_ONLY.has(entry) && !entry.includes('*'))
    .map((entry) => ({ folder, name: join(manifest.name, entry) })),
);

/** Bundles `specifier` for the browser as an app would; every import of a Node module is reported. */
async function bundle(specifier, folder) {
  const nodeImports = [];
  const result = await build({
    stdin: { contents: `export * from '${specifier}';`, resolveDir: resolve(root, folder) },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['browser', 'import'],
    loader: { '.wasm': 'file' },
    outdir: 'out',
    logLevel: 'silent',
    plugins: [
      {
        name: 'report-node-modules',
        setup({ onResolve }) {
          onResolve({ filter: /.*/ }, ({ path, importer }) => {
            if (!path.startsWith('node:') && !builtinModules.includes(path)) return undefined;
            nodeImports.push(`${path} from ${importer.slice(root.length + 1)}`);
            return { path, external: true };
          });
        },
      },
    ],
  });
  return { nodeImports, bytes: gzipSync(result.outputFiles[0].contents).length };
}

describe('the browser entry', () => {
  // A package resolves itself through its own exports, as an app's import would.
  it.each(entries)('$name reaches no Node module', async ({ folder, name }) => {
    const { nodeImports } = await bundle(name, folder);
    const guarded = (line) => GUARDED.some((name) => line.includes(`/node_modules/${name}/`));
    expect(nodeImports.filter((line) => !guarded(line))).toEqual([]);
  });
});

describe('the test itself', () => {
  let folder;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'espalier-entry-'));
    await writeFile(
      join(folder, 'entry.mjs'),
      "import { readFileSync } from 'node:fs'; export const x = readFileSync;",
    );
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('notices a Node module', async () => {
    const { nodeImports } = await bundle('./entry.mjs', folder);
    expect(nodeImports).toHaveLength(1);
  });
});

describe('what an app downloads (gzip)', () => {
  // Budgets a little above what was measured (what is imported on demand is counted too), so that growth is noticed.
  it.each([
    ['@espalier/core', 'packages/core', 40_000],
    ['@espalier/plugin-sns', 'packages/plugin-sns', 200_000],
  ])('%s stays within its budget', async (name, folder, budget) => {
    expect((await bundle(name, folder)).bytes).toBeLessThan(budget);
  });
});
