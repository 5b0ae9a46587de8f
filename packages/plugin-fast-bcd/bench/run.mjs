// node bench/run.mjs [--python /usr/bin/python3] [--rounds 8] [--limit 3] [--goal 1e-6] [--only NAME[,NAME]] [--write]
// Times this package's solvers and scikit-learn's coordinate descents on the same problems, single-threaded, in one run, each to the same
// distance from the minimum. Times are processor time. Prints the table; --write puts it into bench/results.md and the README; --only runs
// the cases whose names contain one of these words. About three minutes for all of them. Build first.
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { measuredOn, writeMeasured } from '../../../tools/bench/measured.mjs';
import { pythonPeer } from '../../../tools/bench/peers.mjs';
import { processorClock } from '../../../tools/bench/processor-clock.mjs';
import { cyclicCoordinateDescent, fastBcd } from '../dist/index.js';
import { cases } from './cases.mjs';
import { page, summary } from './page.mjs';

const { values: options } = parseArgs({
  options: {
    python: { type: 'string', default: '/usr/bin/python3' },
    rounds: { type: 'string', default: '8' },
    limit: { type: 'string', default: '3' },
    goal: { type: 'string', default: '1e-6' },
    only: { type: 'string', default: '' },
    write: { type: 'boolean', default: false },
  },
});
if (options.write && options.only !== '') {
  console.error('--write puts down whole tables: leave out --only.');
  process.exit(2);
}
const [rounds, limit, goal] = [Number(options.rounds), Number(options.limit), Number(options.goal)];

const SOLVERS = [
  ['fast-bcd', (tolerance) => fastBcd.create({ tolerance }, { clock: processorClock })],
  [
    'cyclic-coordinate-descent',
    (tolerance) => cyclicCoordinateDescent.create({ tolerance }, { clock: processorClock }),
  ],
];

async function once(solver, problem) {
  const start = processorClock.now();
  const solution = await solver.solve(problem, { timeLimitMs: 1_000 * limit });
  return { seconds: (processorClock.now() - start) / 1_000, solution };
}

/** The fastest of some runs at the loosest tolerance that reaches the goal; a solver that needs more than a second runs once. */
async function measure([name, create], problem, minimum) {
  let best;
  let tolerance = 0.1;
  for (; tolerance > 1e-13; tolerance /= 10) {
    best = await once(create(tolerance), problem);
    if (best.solution.value - minimum <= goal * Math.abs(minimum) || best.seconds > limit) break;
  }
  for (let round = 1; round < rounds && best.seconds <= 1; round++) {
    const again = await once(create(tolerance), problem);
    if (again.seconds < best.seconds) best = again;
  }
  const { value, iterations, support } = best.solution;
  return { solver: name, seconds: best.seconds, value, iterations, support: support.length };
}

/** What the peers reach, or undefined where this Python lacks scikit-learn. */
function peers({ objective, regularizer, l2 }, minimum) {
  const { kind, A, y } = objective;
  const sparse = !('data' in A);
  const problem = {
    kind,
    rows: A.rows,
    columns: A.cols,
    sparse,
    weight: regularizer.weight,
    positive: regularizer.kind === 'non-negative',
    l2,
    minimum,
  };
  const matrix = sparse
    ? { 'values.bin': A.values, 'columnIndices.bin': A.columnIndices, 'rowPointers.bin': A.rowPointers }
    : { 'data.bin': A.data };
  const files = { 'problem.json': problem, ...matrix, 'y.bin': y };
  return pythonPeer(options.python, new URL('peers.py', import.meta.url), files, limit, goal, rounds);
}

const tables = [];
let versions = {};
const words = options.only.split(',');
const isWanted = ({ name }) => words.some((word) => name.includes(word.trim()));
for (const { name, short, problem } of cases().filter(isWanted)) {
  console.error(name);
  // The minimum to which all are compared; it also compiles the loops.
  const { value: minimum } = await fastBcd.create({ tolerance: 1e-12 }).solve(problem);
  const rows = [];
  for (const solver of SOLVERS) rows.push(await measure(solver, problem, minimum));
  const found = await peers(problem, minimum);
  versions = found?.versions ?? versions;
  tables.push({ name, short, minimum, rows: [...rows, ...(found?.results ?? [])] });
}
const machine = { on: measuredOn(versions), goal, limit, rounds };
const text = page(tables, machine);
console.log(text);
if (options.write) {
  await writeFile(new URL('results.md', import.meta.url), text);
  await writeMeasured(new URL('../README.md', import.meta.url), summary(tables, machine));
}
