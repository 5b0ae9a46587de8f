// Every method of the paper's comparison, with round-to-nearest and GPTQ, on the small checkpoints: what the full claims measure, as a table, and
// small integers tuned the same way, and the best method within the bits of 3-bit GPTQ. Calibration and tuning on the first 64 windows of 256 tokens,
// states chosen on the next 8, perplexity over all windows of 256 of the evaluation tokens.
//   node bench/run.mjs --data DIR [--models stories260k,tinystories-656k] [--seed 0] [--write]
import { parseArgs } from 'node:util';
import { defaultServices } from '@espalier/core';
import {
  calibrationWindows,
  openTestbedModel,
  perplexity,
  storedShare,
  tokenBatches,
} from '@espalier/models';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { dataFolder } from '../../../tools/bench/data-folder.mjs';
import { writeMeasured } from '../../../tools/bench/measured.mjs';
import claims from '../dist/claims.js';
import { pvTuning } from '../dist/index.js';
import { TUNED_RATES } from '../dist/tuned-rates.js';
import { tableOf } from './measured-table.mjs';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.ESPALIER_DATA },
    models: { type: 'string', default: 'stories260k,tinystories-656k' },
    seed: { type: 'string', default: '0' },
    write: { type: 'boolean', default: false }, // the table into the README
  },
});
if (!values.data) throw new Error('Name the data folder: --data DIR.');
await cpuRuntime.activate();
const data = dataFolder(values.data);
const seed = Number(values.seed);
const columns = [];
for (const name of values.models.split(',')) {
  const claim = claims.find((each) => each.name === `order-${name}`);
  const before = process.cpuUsage();
  const onProgress = (message) => console.log(message);
  const measured = await claim.measure({ seed, data, services: defaultServices, onProgress });
  console.log(claim.figure(measured), claim.judge(measured));
  const steps = Number(/(\d+) steps/.exec(claim.statement)[1]);
  Object.assign(
    measured,
    await moreRows(name, [
      ...['calibration-only', 'continuous-only', 'straight-through', 'subspace-pv+ste'].map((method) => ({
        label: `2-bit integers, ${method}`,
        bits: 2.5,
        options: { representation: 'scalar', scalarInit: 'gptq', method, steps },
      })),
      {
        label: 'subspace-pv+ste, within the bits of 3-bit gptq',
        bits: 32 * measured['gptq, 3-bit codes.share'],
        options: { method: 'subspace-pv+ste', steps },
      },
    ]),
  );
  const { user, system } = process.cpuUsage(before);
  columns.push({ name, statement: claim.statement, measured, seconds: (user + system) / 1e6 });
}
const table = tableOf(columns);
console.log(table);
if (values.write) await writeMeasured(new URL('../README.md', import.meta.url), table);

/** The same data and steps with other options and bits. */
async function moreRows(name, rows) {
  const { model, calibration, evaluation } = await openTestbedModel(name, { data });
  const windows = calibrationWindows(calibration, { count: 72 });
  const [batches, validation] = [tokenBatches(windows.slice(0, 64), 4), tokenBatches(windows.slice(64), 8)];
  const training = { batchesPerEpoch: batches.length, epoch: () => batches, validation };
  const measured = {};
  for (const { label, bits, options } of rows) {
    const { model: quantized } = await pvTuning
      .create({ ...options, lr: 3e-3, beamSize: 2, ...TUNED_RATES[options.method] })
      .quantize(model, { bits, calibration: batches, data: training }, { seed });
    measured[label] = (await perplexity(quantized, evaluation)).perplexity;
    measured[`${label}.share`] = storedShare(quantized, model);
    console.log(name, label, measured[label]);
    quantized.dispose();
  }
  batches.dispose();
  validation.dispose();
  model.dispose();
  return measured;
}
