// node bench/run.mjs [--python /usr/bin/python3] [--compiler g++] [--count 100] [--write]
// Processor time an update: this package's lifts, its baselines, and recomputation with igraph and the Boost Graph Library on the same
// updates in one run; all answers are compared. Then work against T and against the error of the predictions, with fitted exponents.
// Slow programs answer only the last `count` updates. --write puts the tables into bench/results.md and the README. Build first.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measuredOn, writeMeasured } from '../../../tools/bench/measured.mjs';
import { runPeer } from '../../../tools/bench/peers.mjs';
import { processorClock } from '../../../tools/bench/processor-clock.mjs';
import { hdtConnectivity, predictedUpdates, streamOf } from '../dist/index.js';
import { microsecondsOfRecomputing } from '../dist/timing-claims.js';
import { cases } from './cases.mjs';
import { page, summary } from './page.mjs';
import { scaling } from './scaling.mjs';

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: '/usr/bin/python3' },
    compiler: { type: 'string', default: 'g++' },
    count: { type: 'string', default: '100' },
    write: { type: 'boolean', default: false },
  },
});
const count = Number(options.count);

const textOf = ({ value, watched }) => String(watched ? Number(watched[0]) : value);

/** Microseconds an update from `from` on, and the answers to the last `count`. */
function measure(algorithm, { workload, from }) {
  const [start, ...updates] = streamOf(workload);
  algorithm.process(start);
  for (const event of updates.slice(0, from)) algorithm.process(event);
  const answers = [];
  const began = processorClock.now();
  for (const event of updates.slice(from)) answers.push(textOf(algorithm.process(event)));
  return {
    microseconds: (1_000 * (processorClock.now() - began)) / answers.length,
    answers: answers.slice(-count),
  };
}

/** What a peer needs, or undefined where it is not on this machine. */
async function peer(command, args, file, { peer: name }) {
  const stdout = await runPeer(command, [...args, file, name, count]);
  if (stdout === undefined) return undefined;
  const [microseconds, answers, version] = stdout.trim().split('\n');
  return { microseconds: Number(microseconds), answers: answers.split(','), version };
}

/** The updates as peers read them. */
function updatesText({ vertices, elements, updates }) {
  const place = new Map();
  let insertions = 0;
  const lines = updates.map(([op, id]) => {
    if (op === 'del') return `- ${place.get(id)}`;
    place.set(id, insertions++);
    const { u, v, weight } = elements[id];
    return `+ ${u} ${v} ${weight}`;
  });
  return `${vertices}\n${lines.join('\n')}\n`;
}

const folder = await mkdtemp(join(tmpdir(), 'espalier-predicted-updates-'));
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const rows = [];
const versions = {};
try {
  const boost = join(folder, 'boost');
  await runPeer(options.compiler, ['-O3', '-std=c++17', here('boost.cpp'), '-o', boost]);
  for (const given of cases()) {
    console.error(given.name);
    const file = join(folder, 'updates.txt');
    await writeFile(file, updatesText(given.workload));
    const hdt = given.backstop === 'hdt';
    const results = [
      ['offline lift', measure(predictedUpdates.create({ lift: 'offline', backstop: 'none' }), given)],
      [`offline lift with backstop`, measure(predictedUpdates.create({ lift: 'offline' }), given)],
      ...(hdt ? [['hdt-connectivity (no predictions)', measure(hdtConnectivity.create(), given)]] : []),
      [
        'recompute-graph',
        { microseconds: microsecondsOfRecomputing(given.workload, given.from, count, processorClock) },
      ],
      ['recomputation with igraph', await peer(options.python, [here('peers.py')], file, given)],
      ['recomputation with Boost (C++)', await peer(boost, [], file, given)],
    ];
    const [[, { answers: expected }]] = results;
    for (const [name, result] of results) {
      if (!result) continue;
      if (result.answers && result.answers.join() !== expected.join())
        throw new Error(`${name} answers otherwise than the lift does: ${given.name}.`);
      if (result.version) {
        const [library, number] = result.version.split(' ');
        versions[library] = number;
      }
      rows.push({ case: given.name, solver: name, microseconds: result.microseconds });
    }
  }
} finally {
  await rm(folder, { recursive: true });
}
const machine = { on: measuredOn(versions), count };
const fits = scaling();
console.log(page(rows, fits, machine));
if (options.write) {
  await writeFile(new URL('results.md', import.meta.url), page(rows, fits, machine));
  await writeMeasured(new URL('../README.md', import.meta.url), summary(rows, fits, machine));
}
