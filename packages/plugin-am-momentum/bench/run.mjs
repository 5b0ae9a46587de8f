// node bench/run.mjs [--data DIR] [--python /usr/bin/python3] [--seeds 20] [--text-seeds 3] [--steps 300] [--write]
// Trains the same tasks from the same seeds with this package's optimizers and with fixed momentum, in one run; PyTorch's optimizers train the
// digits too, from their own random numbers. Also times one update of a million parameters. --write puts the tables into bench/results.md
// and the README. Build first (npm run -s build). Without --data only the quadratic and the update are measured.
import { execFile } from 'node:child_process';
import { access, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { defaultServices } from '@espalier/core';
import { adamW, momentumSgd } from '@espalier/models/baselines';
import { cpuRuntime } from '@espalier/runtime-cpu';
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
const path = (name) => join(options.data, name);
const data = {
  has: (name) =>
    access(path(name)).then(
      () => options.data !== '',
      () => false,
    ),
  read: (name) => readFile(path(name)),
  list: async () => [],
};
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
  try {
    const { stdout } = await promisify(execFile)(options.python, [
      script,
      path('digits/digits.csv'),
      String(seeds),
    ]);
    return JSON.parse(stdout);
  } catch (error) {
    const reason = String(error.stderr ?? error.message)
      .trim()
      .split('\n')
      .at(-1);
    console.error(`${options.python}: no peers (${reason})`);
    return { versions: {}, measured: {} };
  }
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
const machine = { cpu: cpus()[0].model.trim(), node: process.version, versions: found.versions };
const text = page(results, updates, machine);
console.log(text);
if (options.write) {
  await writeFile(new URL('results.md', import.meta.url), text);
  const readme = new URL('../README.md', import.meta.url);
  const before = await readFile(readme, 'utf8');
  const after = before.replace(
    /<!-- measured -->[\s\S]*?<!-- end -->/,
    () => `<!-- measured -->\n\n${summary(results, updates, machine)}\n<!-- end -->`,
  );
  await writeFile(readme, after);
}
