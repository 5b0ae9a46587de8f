import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, expect, it } from 'vitest';
import webpack from 'webpack';
import { root } from './workspace.mjs';

/** An app that solves a small transport problem; its bundle must need nothing but itself. */
const APP = `
  import { createRegistry } from '@espalier/core';
  import sns from '@espalier/plugin-sns';
  const solver = createRegistry().use(sns).create('sinkhorn-newton-sparse');
  const cost = { matrix: Float64Array.of(0, 1, 1, 0), rows: 2, columns: 2 };
  globalThis.answer = solver.solve({ cost, eta: 50 }).then((solution) => solution.cost);`;

let folder;
let entry;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'espalier-bundlers-'));
  entry = join(folder, 'app.mjs');
  writeFileSync(entry, APP);
});
afterAll(() => rmSync(folder, { recursive: true }));

const alias = {
  '@espalier/core': join(root, 'packages', 'core', 'dist', 'index.js'),
  '@espalier/plugin-sns': join(root, 'packages', 'plugin-sns', 'dist', 'index.js'),
};

/** Runs the bundle; transport between equal two-point distributions costs next to nothing. */
async function answerOf(out) {
  const file = readdirSync(out, { recursive: true }).find((name) => /(app|main)[^/]*\.m?js$/.test(name));
  await import(join(out, file));
  return globalThis.answer;
}

it('Vite bundles an app', async () => {
  const out = join(folder, 'vite');
  await build({
    root: folder,
    logLevel: 'silent',
    resolve: { alias },
    build: { outDir: out, lib: { entry, formats: ['es'], fileName: 'app' } },
  });
  expect(await answerOf(out)).toBeLessThan(1e-10);
}, 120_000);

it('webpack bundles an app', async () => {
  const out = join(folder, 'webpack');
  const stats = await new Promise((resolve, reject) => {
    const config = {
      mode: 'production',
      context: folder,
      entry,
      resolve: { alias },
      experiments: { outputModule: true },
      output: { path: out, filename: 'main.mjs', module: true, chunkFormat: 'module', publicPath: 'auto' },
    };
    webpack(config, (error, result) => (error ? reject(error) : resolve(result)));
  });
  expect(stats.toJson({ errors: true }).errors).toEqual([]);
  expect(await answerOf(out)).toBeLessThan(1e-10);
}, 120_000);
