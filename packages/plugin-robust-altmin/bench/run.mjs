// node bench/run.mjs [--python /usr/bin/python3] [--limit 60] [--most 1e7] [--write]
// Times one iteration of this package's solvers and of numpy and scipy implementations of the same alternation, from one start, in one
// run; then the growth with the number of observations up to --most. Prints the tables; --write puts them into bench/results.md,
// bench/scaling.svg and the README. Rows on two threads are wall-clock, and left out where the machine is busy. Build first.
import { writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { measuredOn, writeMeasured } from '../../../tools/bench/measured.mjs';
import { pythonPeer } from '../../../tools/bench/peers.mjs';
import { robustAltmin } from '../dist/index.js';
import { cases } from './cases.mjs';
import { page, summary } from './page.mjs';
import { measureScaling, scalingSvg, secondsOfIteration } from './scaling.mjs';

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: '/usr/bin/python3' },
    limit: { type: 'string', default: '60' },
    most: { type: 'string', default: '1e7' },
    write: { type: 'boolean', default: false },
  },
});

const SOLVERS = [
  ['robust-altmin', {}],
  ['robust-altmin, two threads', { threads: 2 }],
  ['altmin-exact', { solver: 'exact-cholesky' }],
  ['altmin-exact, two threads', { solver: 'exact-cholesky', threads: 2 }],
];

/** Milliseconds of an iteration, and the residual after as many as the peers do. */
async function measure([name, solver], { problem, iterations }) {
  const fixed = { tolerance: 0, residualTolerance: 0, restart: 'never', maxIterations: iterations };
  const { residual } = await robustAltmin.create({ ...fixed, ...solver }).solve(problem);
  return {
    solver: name,
    seconds: await secondsOfIteration(problem, solver, iterations),
    residual,
    iterations,
  };
}

/** What the peers need, or undefined where this Python lacks numpy and scipy. */
function peers({ problem, iterations }) {
  const { rows, columns, rank, observed, initial } = problem;
  const files = {
    'problem.json': { rows, columns, rank },
    'rows.i32': observed.rowIndices,
    'columns.i32': observed.columnIndices,
    'values.f64': observed.values,
    'start.f64': initial.u,
  };
  return pythonPeer(options.python, new URL('peers.py', import.meta.url), files, iterations, options.limit);
}

const busy = loadavg()[0] > 0.7;
if (busy) console.error('The machine is busy: rows on two threads are left out.');
const solvers = SOLVERS.filter(([, { threads = 1 }]) => threads === 1 || !busy);
const tables = [];
let versions = {};
for (const entry of cases()) {
  console.error(entry.name);
  const rows = [];
  for (const solver of solvers) rows.push(await measure(solver, entry));
  const found = await peers(entry);
  versions = found?.versions ?? versions;
  tables.push({ name: entry.name, short: entry.short, rows: [...rows, ...(found?.results ?? [])] });
}
const scaling = await measureScaling(Number(options.most), busy ? 1 : 2);
const machine = { on: measuredOn(versions), busy };
const text = page(tables, scaling, machine);
console.log(text);
if (options.write) {
  await writeFile(new URL('results.md', import.meta.url), text);
  await writeFile(new URL('scaling.svg', import.meta.url), scalingSvg(scaling));
  await writeMeasured(new URL('../README.md', import.meta.url), summary(tables, scaling, machine));
}
