// Compares this runtime with plain tfjs and with PyTorch on this machine and writes docs/performance/runtime-cpu.md:
// node bench/run.mjs [--rounds n] [--quick] [--dry-run]. Each variant runs in a process of its own, one after the other, in
// rounds; of each figure the best round counts, which is the one that other programs disturbed least.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine } from '../../../tools/bench/measured.mjs';
import { products } from './products.mjs';
import { report } from './report.mjs';
import * as models from './weights.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    quick: { type: 'boolean', default: false },
    'dry-run': { type: 'boolean', default: false },
  },
});
const seconds = options.quick ? 1 : 4;
const threads = availableParallelism();
const variant = fileURLToPath(new URL('variant.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'espalier-bench-'));
writeWeights();

const node = (name, env) => ({
  command: process.execPath,
  args: [variant, name, ...(options.quick ? ['--quick'] : [])],
  env,
});
const variants = {
  'tfjs wasm': node('plain', {}),
  'espalier, no BLAS': node('espalier', { ESPALIER_BLAS: 'off' }),
  'espalier, BLAS': node('espalier', {}),
  ...(python() && {
    PyTorch: {
      command: python(),
      args: [fileURLToPath(new URL('torch_step.py', import.meta.url)), folder, `${seconds}`, `${threads}`],
      env: {},
    },
  }),
};

const results = {};
const load = [loadavg()[0]];
for (let round = 1; round <= Number(options.rounds); round++) {
  for (const [name, { command, args, env }] of Object.entries(variants)) {
    process.stderr.write(`round ${round}: ${name}\n`);
    // A core type that is set for other programs would slow OpenBLAS down, here and in PyTorch alike.
    const { OPENBLAS_CORETYPE: _, ESPALIER_BLAS: __, ESPALIER_THREADS: ___, ...inherited } = process.env;
    const { status, stdout, stderr } = spawnSync(command, args, {
      env: { ...inherited, ...env },
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    });
    if (status !== 0) throw new Error(`${name} ended with status ${status}:\n${stderr}`);
    const start = stdout.indexOf('{"facts"');
    results[name] = best(results[name], JSON.parse(stdout.slice(Math.max(start, 0))));
  }
  load.push(loadavg()[0]);
}
rmSync(folder, { recursive: true });

const text = report({
  results,
  machine: { on: machine(), cores: threads, load },
  rounds: Number(options.rounds),
  quick: options.quick,
});
process.stdout.write(text);
if (!options['dry-run']) {
  writeFileSync(new URL('../../../docs/performance/runtime-cpu.md', import.meta.url), text);
}

/** The better of two rounds, figure by figure. */
function best(before, now) {
  if (before === undefined) return now;
  const faster = (model) => ({
    milliseconds: Math.min(before[model].milliseconds, now[model].milliseconds),
    best: Math.min(before[model].best, now[model].best),
    loss: now[model].loss,
  });
  const rates = Object.entries(now.products).map(([name, rate]) => [
    name,
    Math.max(rate, before.products[name]),
  ]);
  return {
    facts: now.facts,
    products: Object.fromEntries(rates),
    transformer: faster('transformer'),
    convNet: faster('convNet'),
  };
}

/** Debian's Python with PyTorch, if it is there. */
function python() {
  const candidates = ['/usr/bin/python3', 'python3'].filter(
    (name) => !name.startsWith('/') || existsSync(name),
  );
  return candidates.find((name) => spawnSync(name, ['-c', 'import torch, numpy']).status === 0);
}

/** What PyTorch reads: the same parameters and data, and what they are. */
function writeWeights() {
  const write = (name, arrays) =>
    writeFileSync(
      join(folder, `${name}.bin`),
      Buffer.concat(arrays.map((array) => Buffer.from(array.buffer))),
    );
  write('transformer', models.initialValues(models.transformerShapes(), 1));
  write('convNet', models.initialValues(models.convNetShapes(), 3));
  write('tokens', [models.tokenBatch(2)]);
  const { images, labels } = models.imageBatch(4);
  write('images', [images]);
  write('labels', [labels]);
  const manifest = {
    transformer: models.transformerShapes(),
    convNet: models.convNetShapes(),
    transformerSettings: models.transformer,
    convNetSettings: models.convNet,
    products,
  };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest));
}
