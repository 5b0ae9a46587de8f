// Every method of the paper's comparison, with round-to-nearest and GPTQ, on the small checkpoints, with the testbed protocol: calibration and
// tuning on the first 64 windows of 256 tokens, perplexity over all windows of 256 of the evaluation tokens.
//   node bench/run.mjs --data DIR [--steps 30] [--models stories260k,tinystories-656k] [--write]
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
import { gptq, roundToNearest } from '@espalier/models/baselines';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { aqlm, METHODS, pvTuning } from '../dist/index.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.ESPALIER_DATA },
    steps: { type: 'string', default: '30' },
    models: { type: 'string', default: 'stories260k,tinystories-656k' },
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
const steps = Number(values.steps);
const tuning = { steps, lr: 3e-3, codeLr: 3e-2, beamSize: 2 };
const cases = [
  ['rtn, 2 bits and scales', roundToNearest.create(), 2],
  ['gptq, 2 bits and scales', gptq.create(), 2],
  ['aqlm', aqlm.create(), 3],
  ...Object.keys(METHODS).map((method) => [method, pvTuning.create({ method, ...tuning }), 3]),
];
const rows = new Map(cases.map(([name]) => [name, []]));
const dense = [];
for (const name of values.models.split(',')) {
  const { model, calibration, evaluation } = await openTestbedModel(name, { data });
  dense.push(`${name} (dense ${(await perplexity(model, evaluation)).perplexity.toFixed(3)})`);
  const batches = tokenBatches(calibrationWindows(calibration), 4);
  for (const [label, quantizer, bits] of cases) {
    const start = performance.now();
    const { model: quantized } = await quantizer.quantize(model, { bits, calibration: batches });
    const seconds = (performance.now() - start) / 1000;
    const { perplexity: after } = await perplexity(quantized, evaluation);
    const stored = 32 * storedShare(quantized, model);
    rows.get(label).push(after.toFixed(2), stored.toFixed(2), seconds.toFixed(0));
    console.log(name, label, ...rows.get(label).slice(-3));
    quantized.dispose();
  }
  batches.dispose();
  model.dispose();
}
const table = [
  `Perplexity, windows of 256 tokens; stored bits a weight of the linear layers, everything counted; seconds. Tuned methods: ${steps} steps of 4 windows, \`lr\` 3e-3, \`codeLr\` 3e-2, \`beamSize\` 2, all from the start that \`aqlm\` gives. ${cpus()[0].model}, Node ${process.version}.`,
  '',
  `| method | ${dense.join(' | bits | s | ')} | bits | s |`,
  `| --- |${' ---: |'.repeat(3 * dense.length)}`,
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
