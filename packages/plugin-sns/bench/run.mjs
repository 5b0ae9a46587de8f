// node bench/run.mjs [--data DIR] [--python /usr/bin/python3] [--rounds 3] [--limit 20] [--write]
// Times this package's solvers and Python peers on the same problems, single-threaded, in one run, each to a marginal error of 1e-9 or
// the time limit in seconds. Times are processor time, which other programs on the machine disturb less. Prints the table; --write puts it into bench/results.md and the README. Build first (npm run -s build).
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { measuredOn, writeMeasured } from '../../../tools/bench/measured.mjs';
import { pythonPeer } from '../../../tools/bench/peers.mjs';
import { processorClock } from '../../../tools/bench/processor-clock.mjs';
import { lbfgsDual, newtonDense, sinkhorn, sinkhornNewtonSparse, sinkhornStabilized } from '../dist/index.js';
import { cases } from './cases.mjs';
import { page, summary } from './page.mjs';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.ESPALIER_DATA ?? '' },
    python: { type: 'string', default: '/usr/bin/python3' },
    rounds: { type: 'string', default: '3' },
    limit: { type: 'string', default: '20' },
    write: { type: 'boolean', default: false },
  },
});
const [rounds, limit] = [Number(options.rounds), Number(options.limit)];

const SOLVERS = [
  ['sinkhorn-newton-sparse', sinkhornNewtonSparse.create({}, { clock: processorClock })],
  [
    'sinkhorn-newton-sparse, paper preset',
    sinkhornNewtonSparse.create({ preset: 'paper', tolerance: 1e-9 }, { clock: processorClock }),
  ],
  ['newton-dense', newtonDense.create({}, { clock: processorClock })],
  ['lbfgs-dual', lbfgsDual.create({ maxIterations: 1_000_000 }, { clock: processorClock })],
  ['sinkhorn-stabilized', sinkhornStabilized.create({ maxSweeps: 10_000_000 }, { clock: processorClock })],
  ['sinkhorn (log domain)', sinkhorn.create({ maxSweeps: 10_000_000 }, { clock: processorClock })],
];

/** The fastest of some runs; a solver that needs more than a second runs once. */
async function measure([name, solver], problem) {
  let best;
  for (let round = 0; round < rounds; round++) {
    const start = processorClock.now();
    const solution = await solver.solve({ ...problem, mode: 'potentials' }, { timeLimitMs: 1_000 * limit });
    const seconds = (processorClock.now() - start) / 1_000;
    if (!best || seconds < best.seconds) {
      const { marginalError: error, cost, history, reason } = solution;
      best = { solver: name, iterations: history.length, error, cost, seconds, reason };
    }
    if (seconds > 1) break;
  }
  return best;
}

/** What the peers reach, or undefined where this Python lacks numpy and scipy. */
function peers({ cost, a, b, eta }) {
  const files = {
    'problem.json': { n: cost.rows, m: cost.columns, eta },
    'cost.f64': cost.matrix,
    'a.f64': a,
    'b.f64': b,
  };
  return pythonPeer(options.python, new URL('peers.py', import.meta.url), files, limit);
}

const tables = [];
let versions = {};
for (const { name, short, problem } of await cases(options.data)) {
  console.error(name);
  await measure(SOLVERS[0], problem); // compiles the loops
  const rows = [];
  for (const solver of SOLVERS) rows.push(await measure(solver, problem));
  const found = await peers(problem);
  versions = found?.versions ?? versions;
  tables.push({ name, short, rows: [...rows, ...(found?.results ?? [])] });
}
const machine = { on: measuredOn(versions), rounds, limit };
const text = page(tables, machine);
console.log(text);
if (options.write) {
  await writeFile(new URL('results.md', import.meta.url), text);
  await writeMeasured(new URL('../README.md', import.meta.url), summary(tables, machine));
}
