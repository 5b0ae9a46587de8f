// ARMOR against the pruners that it is compared with, on the two small checkpoints: at 2:4, and SparseGPT without a pattern at as many bytes.
//   node bench/run.mjs --data DIR [--write]
import { parseArgs } from 'node:util';
import { magnitude, sparseGpt, wanda } from '@espalier/models/baselines';
import { measuredOn, writeMeasured } from '../../../tools/bench/measured.mjs';
import { compressionTable } from '../../models/bench/compression-table.mjs';
import { armor, blockSizes, nowagP } from '../dist/index.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.ESPALIER_DATA },
    write: { type: 'boolean', default: false }, // the table into the README
  },
});
const small = (upTo, iterations) =>
  armor.create({ blockSize: { upTo }, iterations, learningRate: 1e-3, patience: 100_000 });
const BLOCKS = [4, 8, 16, 32];
const pruning = (pruner, requestOf) => async (model, calibration) =>
  (await pruner.prune(model, { calibration, ...requestOf(model) })).model;
const twoOfFour = (pruner) => pruning(pruner, () => ({ pattern: { n: 2, m: 4 } }));

/** The sparsity at which values and a bit mask take as many bytes as ARMOR's factors with these blocks. */
function sparsityOf(model, upTo) {
  let [weights, spared] = [0, 0];
  for (const { name, shape } of model.layers()) {
    const [outputs, inputs] = shape;
    const { blockOut, blockIn } = blockSizes({ upTo }, name, outputs, inputs, 4);
    weights += outputs * inputs;
    spared += outputs * inputs * 0.5 - outputs * blockOut - inputs * blockIn;
  }
  return Math.max(0, spared / weights);
}

const cases = [
  ['magnitude', twoOfFour(magnitude.create())],
  ['wanda', twoOfFour(wanda.create())],
  ['nowag-p', twoOfFour(nowagP.create())],
  ['sparsegpt', twoOfFour(sparseGpt.create())],
  ...BLOCKS.flatMap((upTo) => [
    [`armor, blocks up to ${upTo}, 500 rounds`, twoOfFour(small(upTo, 500))],
    [
      `sparsegpt, not 2:4, as many bytes as ${upTo}`,
      pruning(sparseGpt.create(), (model) => ({
        pattern: 'unstructured',
        sparsity: sparsityOf(model, upTo),
      })),
    ],
  ]),
];
const table = await compressionTable(values.data, cases);
const text = [
  `Perplexity at 2:4 unless said otherwise, windows of 256 tokens; stored bytes of the linear layers over those in float32; seconds. ${measuredOn()}.`,
  '',
  table,
].join('\n');
console.log(text);
if (values.write) await writeMeasured(new URL('../README.md', import.meta.url), text);
