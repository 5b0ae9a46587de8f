// The grid from which the claims take the rates of each method: lowest validation loss (KL from the dense model, 8 windows that are not tuned on)
// after some steps. Continuous rates first, then code rates at the best of them.
//   node bench/tune-rates.mjs --data DIR [--model stories260k] [--steps 40] [--bits 3] [--seed 0]
import { parseArgs } from 'node:util';
import { calibrationWindows, openTestbedModel, tokenBatches } from '@espalier/models';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { dataFolder } from '../../../tools/bench/data-folder.mjs';
import { METHODS, pvTuning } from '../dist/index.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.ESPALIER_DATA },
    model: { type: 'string', default: 'stories260k' },
    steps: { type: 'string', default: '40' },
    bits: { type: 'string', default: '3' },
    seed: { type: 'string', default: '0' },
  },
});
if (!values.data) throw new Error('Name the data folder: --data DIR.');
await cpuRuntime.activate();
const { model, calibration } = await openTestbedModel(values.model, { data: dataFolder(values.data) });
const windows = calibrationWindows(calibration, { count: 72 });
const [batches, validation] = [tokenBatches(windows.slice(0, 64), 4), tokenBatches(windows.slice(64), 8)];
const training = { batchesPerEpoch: batches.length, epoch: () => batches, validation };

async function lossOf(options) {
  const quantizer = pvTuning.create({
    beamSize: 2,
    steps: Number(values.steps),
    evaluateEvery: 20,
    ...options,
  });
  const request = { bits: Number(values.bits), data: training };
  const { model: tuned, details } = await quantizer.quantize(model, request, { seed: Number(values.seed) });
  tuned.dispose();
  console.log(JSON.stringify(options), details.after.toFixed(4), `codes changed ${details.codesChanged}`);
  return details.after;
}

async function best(candidates) {
  const losses = [];
  for (const options of candidates) losses.push([await lossOf(options), options]);
  return losses.sort(([a], [b]) => a - b)[0][1];
}

const { lr } = await best([1e-3, 3e-3, 1e-2].map((rate) => ({ method: 'continuous-only', lr: rate })));
for (const method of Object.keys(METHODS).filter((name) => name !== 'continuous-only')) {
  const temperatures = method === 'stochastic-rounding' ? [0.03, 0.1, 0.3] : [undefined];
  const grid = [1e-2, 3e-2, 1e-1, 3e-1].flatMap((codeLr) =>
    temperatures.map((stochasticRounding) => ({ method, lr, codeLr, stochasticRounding })),
  );
  console.log('best', JSON.stringify(await best(grid)));
}
batches.dispose();
validation.dispose();
model.dispose();
