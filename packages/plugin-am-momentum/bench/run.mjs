// node bench/run.mjs [--data DIR] [--python /usr/bin/python3] [--seeds 20] [--text-seeds 3] [--steps 300] [--write]
// Trains the same tasks from the same seeds with this package's optimizers and with fixed momentum, in one run; PyTorch's optimizers train the
// digits too, from their own random numbers. Also times one update of a million parameters. --write puts the tables into bench/results.md
// and the README. Build first (npm run -s build). Without --data only the quadratic and the update are measured.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { defaultServices } from '@espalier/core';
import { adamW, momentumSgd } from '@espalier/models/baselines';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { dataFolder } from '../../../tools/bench/data-folder.mjs';
import { measuredOn, writeMeasured } from '../../../tools/bench/measured.mjs';
import { runPeer } from '../../../tools/bench/peers.mjs';
import { adamContestants, am, averaged, measureGrid, sgd, unaveraged } from '../dist/claim-runs.js';
import { amAdamw, amMsgd } from '../dist/index.js';
import { classification } from '../dist/tasks/classification.js';
import { readDigits } from '../dist/tasks/digits.js';
import { languageModel, readText } from '../dist/tasks/language-model.js';
import { QUADRATIC, quadratic } from '../dist/tasks/quadratic.js';
import { page, summary } from './page.mjs';
import { timeUpdates } from './update-times.mjs';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.ESPALIER_DATA ?? '' },
    python: { type: 'string', default: '/usr/bin/python3' },
    seeds: { type: 'string', default: '20' },
    'text-seeds': { type: 'string', default: '3' },
    steps: { type: 'string', default: '300' },
    write: { type: 'boolean', default: false },
  },
});
const [seeds, textSeeds, steps] = [options.seeds, options['text-seeds'], options.steps].map(Number);
const data = dataFolder(options.data);
const context = {
  seed: 0,
  data,
  services: defaultServices,
  onProgress: (message) => console.error(message),
};

const quadraticSides = [
  am,
  ...[0.5, 0.9, 0.95, 0.99].map(averaged),
  unaveraged('heavy-ball'),
  unaveraged('nesterov'),
  sgd,
];
const digitsSides = [am, averaged(0.9), unaveraged('nesterov'), sgd];

process.env.ESPALIER_THREADS ??= '1'; // one thread, so that processor time is comparable
await cpuRuntime.activate();
const tables = [
  {
    short: 'quadratic',
    title: 'Quadratic, condition number 100, 200 steps: final loss',
    sides: quadraticSides,
    rates: [0.25, 0.5, 1, 2, 4, 8, 16, 32, 64],
    measure: (sides, rates) => measureGrid(quadratic(QUADRATIC), sides, rates, context),
  },
];
if (await data.has('digits/digits.csv')) {
  const digits = await readDigits(data);
  const task = classification({ name: 'digits', data: digits, hidden: [32], epochs: 20 });
  const title = `Handwritten digits, perceptron 64-32-10, 20 epochs, ${seeds} seeds: mean / median training loss / mean test accuracy`;
  const measure = (sides, rates) => measureGrid(task, sides, rates, context, { seeds });
  tables.push(
    { short: 'digits', title, sides: digitsSides, rates: [0.5, 1, 2, 4], measure, peer: 'sgd' },
    {
      short: 'digits, AdamW',
      title,
      sides: adamContestants(0.999, 44),
      rates: [0.01, 0.03, 0.1, 0.3],
      measure,
      peer: 'adamw',
    },
  );
}
if (await data.has('text/tinyshakespeare_input.txt')) {
  const task = languageModel(await readText(data), steps);
  tables.push({
    short: 'language model',
    title: `Byte-level Llama, 0.13 million parameters, ${steps} steps of 1,024 bytes, beta2 0.95, mean of ${textSeeds} seeds: validation loss in nats a byte`,
    sides: adamContestants(0.95, steps / 10),
    rates: [0.001, 0.003, 0.01, 0.03],
    measure: (sides, rates) => measureGrid(task, sides, rates, context, { seeds: textSeeds }),
  });
}

/** PyTorch's optimizers on the digits, or nothing where this Python lacks it. */
async function peers() {
  const script = fileURLToPath(new URL('peers.py', import.meta.url));
  const text = await runPeer(options.python, [script, join(options.data, 'digits/digits.csv'), seeds]);
  return text ? JSON.parse(text) : { versions: {}, measured: {} };
}

const found = tables.some(({ peer }) => peer) ? await peers() : { versions: {}, measured: {} };
const results = [];
for (const { measure, ...table } of tables) {
  const measured = await measure(table.sides, table.rates);
  const peer = found.measured[table.peer] ?? {};
  const extra = Object.keys(peer).length > 0 ? [{ name: `torch-${table.peer}` }] : [];
  results.push({ ...table, sides: [...table.sides, ...extra], measured: { ...measured, ...peer } });
}
const updates = await timeUpdates({
  'am-msgd': () => amMsgd.create(),
  'momentum-sgd, averaged': () => momentumSgd.create({ form: 'average' }),
  'am-adamw': () => amAdamw.create(),
  adamw: () => adamW.create(),
});
const on = `${measuredOn(found.versions)}. Runtime cpu, float32.`;
const text = page(results, updates, on);
console.log(text);
if (options.write) {
  await writeFile(new URL('results.md', import.meta.url), text);
  await writeMeasured(new URL('../README.md', import.meta.url), summary(results, updates, on));
}
