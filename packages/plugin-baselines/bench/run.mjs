// Pruners and quantizers on the two small checkpoints.
//   node bench/run.mjs --data DIR [--write]
import { parseArgs } from 'node:util';
import { measuredOn, writeMeasured } from '../../../tools/bench/measured.mjs';
import { compressionTable } from '../../models/bench/compression-table.mjs';
import { gptq, magnitude, roundToNearest, sparseGpt, wanda } from '../dist/index.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.ESPALIER_DATA },
    write: { type: 'boolean', default: false }, // the table into the README
  },
});
const prune = (pruner, request) => async (model, calibration) =>
  (await pruner.prune(model, { calibration, ...request })).model;
const quantize = (quantizer, bits) => async (model, calibration) =>
  (await quantizer.quantize(model, { calibration, bits })).model;
const pruners = [
  ['magnitude', magnitude],
  ['wanda', wanda],
  ['sparsegpt', sparseGpt],
];
const cases = [
  ...pruners.map(([name, { create }]) => [`${name}, 2:4`, prune(create(), { pattern: { n: 2, m: 4 } })]),
  ...pruners.map(([name, { create }]) => [
    `${name}, 50 %`,
    prune(create(), { pattern: 'unstructured', sparsity: 0.5 }),
  ]),
  ...[2, 3, 4].flatMap((bits) => [
    [`rtn, ${bits} bits`, quantize(roundToNearest.create(), bits)],
    [`gptq, ${bits} bits`, quantize(gptq.create(), bits)],
    [`gptq, ${bits} bits, activation order`, quantize(gptq.create({ actOrder: true }), bits)],
  ]),
];
const table = await compressionTable(values.data, cases);
const text = [
  `Perplexity, windows of 256 tokens; stored bytes of the linear layers over those in float32; seconds. ${measuredOn()}.`,
  '',
  table,
].join('\n');
console.log(text);
if (values.write) await writeMeasured(new URL('../README.md', import.meta.url), text);
