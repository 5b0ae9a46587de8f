// ARMOR against the pruners that it is compared with, on the two small checkpoints at 2:4, with the testbed protocol: calibration on the first 64
// windows of 256 tokens, perplexity over all windows of 256 of the evaluation tokens.
//   node bench/run.mjs --data DIR [--write]
import { readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  calibrationWindows,
  openTestbedModel,
  perplexity,
  storedShare,
  tokenBatches,
} from '@espalier/models';
import { magnitude, sparseGpt, wanda } from '@espalier/models/baselines';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { armor, nowagP } from '../dist/index.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.ESPALIER_DATA },
    write: { type: 'boolean', default: false }, // the table into the README
  },
});
if (!values.data) throw new Error('Name the data folder: --data DIR.');
await cpuRuntime.activate();
const data = {
  has: (path) =>
    readFile(join(values.data, path)).then(
      () => true,
      () => false,
    ),
  read: (path) => readFile(join(values.data, path)),
  list: async () => [],
};
const pattern = { n: 2, m: 4 };
const small = (upTo, iterations) =>
  armor.create({ blockSize: { upTo }, iterations, learningRate: 1e-3, patience: 100_000 });
const cases = [
  ['magnitude', magnitude.create()],
  ['wanda', wanda.create()],
  ['nowag-p', nowagP.create()],
  ['sparsegpt', sparseGpt.create()],
  ...[4, 8, 16, 32].map((upTo) => [`armor, blocks up to ${upTo}, 500 rounds`, small(upTo, 500)]),
].map(([name, pruner]) => [name, (model, request) => pruner.prune(model, { ...request, pattern })]);
const rows = new Map(cases.map(([name]) => [name, []]));
const dense = [];
for (const name of ['stories260k', 'tinystories-656k']) {
  const { model, calibration, evaluation } = await openTestbedModel(name, { data });
  dense.push(`${name} (dense ${(await perplexity(model, evaluation)).perplexity.toFixed(3)})`);
  const batches = tokenBatches(calibrationWindows(calibration));
  for (const [label, compress] of cases) {
    const start = performance.now();
    const { model: compressed } = await compress(model, { calibration: batches });
    const seconds = (performance.now() - start) / 1000;
    const { perplexity: after } = await perplexity(compressed, evaluation);
    rows
      .get(label)
      .push(after.toFixed(2), `${(100 * storedShare(compressed, model)).toFixed(1)} %`, seconds.toFixed(1));
    console.log(name, label, ...rows.get(label).slice(-3));
    compressed.dispose();
  }
  batches.dispose();
  model.dispose();
}
const table = [
  `Perplexity at 2:4, windows of 256 tokens; stored bytes of the linear layers over those in float32; seconds. ${cpus()[0].model}, Node ${process.version}.`,
  '',
  `| method | ${dense.join(' | bytes | s | ')} | bytes | s |`,
  '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
  ...[...rows].map(([label, cells]) => `| ${label} | ${cells.join(' | ')} |`),
].join('\n');
console.log(table);
if (values.write) {
  const path = new URL('../README.md', import.meta.url);
  const readme = await readFile(path, 'utf8');
  await writeFile(
    path,
    readme.replace(/<!-- measured -->[\s\S]*<!-- end -->/, `<!-- measured -->\n\n${table}\n\n<!-- end -->`),
  );
}
