// ARMOR against the pruners that it is compared with, on the two small checkpoints at 2:4.
//   node bench/run.mjs --data DIR [--write]
import { parseArgs } from 'node:util';
import { magnitude, sparseGpt, wanda } from '@espalier/models/baselines';
import { compressionTable, machine, writeMeasured } from '../../models/bench/compression-table.mjs';
import { armor, nowagP } from '../dist/index.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.ESPALIER_DATA },
    write: { type: 'boolean', default: false }, // the table into the README
  },
});
const small = (upTo, iterations) =>
  armor.create({ blockSize: { upTo }, iterations, learningRate: 1e-3, patience: 100_000 });
const cases = [
  ['magnitude', magnitude.create()],
  ['wanda', wanda.create()],
  ['nowag-p', nowagP.create()],
  ['sparsegpt', sparseGpt.create()],
  ...[4, 8, 16, 32].map((upTo) => [`armor, blocks up to ${upTo}, 500 rounds`, small(upTo, 500)]),
].map(([label, pruner]) => [
  label,
  async (model, calibration) => (await pruner.prune(model, { calibration, pattern: { n: 2, m: 4 } })).model,
]);
const text = [
  `Perplexity at 2:4, windows of 256 tokens; stored bytes of the linear layers over those in float32; seconds. ${machine()}`,
  '',
  await compressionTable(values.data, cases),
].join('\n');
console.log(text);
if (values.write) await writeMeasured(new URL('../README.md', import.meta.url), text);
