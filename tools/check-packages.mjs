#!/usr/bin/env node
// What npm users get: packs every published package as npm would, and checks the tarballs.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const tarballs = mkdtempSync(join(tmpdir(), 'espalier-pack-'));
let failures = 0;

for (const folder of ['packages', 'apps', 'tools'].flatMap((group) => packagesOf(group))) {
  const manifest = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  if (manifest.private) continue;
  const problems = check(folder, manifest);
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${manifest.name}`);
  for (const problem of problems) console.log(problem.replace(/^/gm, '    '));
  failures += problems.length > 0 ? 1 : 0;
}
rmSync(tarballs, { recursive: true });
process.exit(failures === 0 ? 0 : 1);

function packagesOf(group) {
  return readdirSync(join(root, group))
    .map((name) => join(group, name))
    .filter((folder) => existsSync(join(root, folder, 'package.json')));
}

function check(folder, manifest) {
  const packed = run(
    'npx',
    ['-y', 'pnpm@12', 'pack', '--json', '--pack-destination', tarballs],
    join(root, folder),
  );
  if (packed.status !== 0) return [`does not pack: ${packed.output}`];
  const tarball = join(
    tarballs,
    `${manifest.name.replace('@', '').replace('/', '-')}-${manifest.version}.tgz`,
  );
  const files = run('tar', ['-tzf', tarball], root)
    .output.split('\n')
    .map((line) => line.replace(/^package\//, ''));
  const problems = targets(manifest.exports)
    .concat(Object.values(manifest.bin ?? {}), manifest.espalier?.plugin ?? [])
    .filter((target) => !target.includes('*') && !files.includes(target.replace(/^\.\//, '')))
    .map((target) => `package.json names ${target}, which is not in the tarball`);
  for (const name of ['README.md', 'LICENSE'])
    if (!files.includes(name)) problems.push(`there is no ${name}`);
  if (files.some((file) => /^(test|bench)\//.test(file)))
    problems.push('tests or benches are in the tarball');
  if (Object.keys(manifest.scripts ?? {}).some((script) => /^(pre|post)?install$/.test(script))) {
    problems.push('it has an install script');
  }
  const lint = run('publint', [tarball, '--strict'], root);
  if (lint.status !== 0) problems.push(lint.output);
  // Espalier is ESM only: what attw says of require() and of resolution without `exports` is by design.
  const types = run('attw', [tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji'], root);
  if (types.status !== 0 && hasTypes(manifest)) problems.push(types.output);
  return problems;
}

/** Programs without a library entry have no types to check. */
function hasTypes(manifest) {
  return JSON.stringify(manifest.exports ?? {}).includes('.d.ts');
}

/** Every file that a conditions tree names. */
function targets(exports) {
  if (typeof exports === 'string') return [exports];
  return Object.values(exports ?? {}).flatMap(targets);
}

function run(program, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  return { status, output: error ? String(error) : `${stdout}${stderr}` };
}
