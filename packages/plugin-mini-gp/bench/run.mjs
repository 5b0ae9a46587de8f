// node bench/run.mjs [--data DIR] [--python /usr/bin/python3] [--limit 60] [--seed 1] [--write]
// Runs this package's solvers and scikit-learn's Gaussian process on the same problems with the same noise, single-threaded, in one
// run. Times are processor time, which other programs on the machine disturb less. Prints the tables; --write puts them into
// bench/results.md and the README. Build first (npm run -s build).
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { measuredOn, writeMeasured } from '../../../tools/bench/measured.mjs';
import { pythonPeer } from '../../../tools/bench/peers.mjs';
import { processorClock } from '../../../tools/bench/processor-clock.mjs';
import { fittedExponent } from '../dist/claim-runs.js';
import {
  bbkb,
  epsilonGreedy,
  generatedProblem,
  gpBucb,
  gpEi,
  gpUcb,
  miniGpEi,
  miniGpUcb,
  randomSearch,
  relativeRegret,
} from '../dist/index.js';
import { noiseStream } from '../dist/noise-stream.js';
import { cases } from './cases.mjs';
import { page, summary } from './page.mjs';

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: process.env.ESPALIER_DATA ?? '' },
    python: { type: 'string', default: '/usr/bin/python3' },
    limit: { type: 'string', default: '60' },
    seed: { type: 'string', default: '1' },
    write: { type: 'boolean', default: false },
  },
});
const [limit, seed] = [Number(options.limit), Number(options.seed)];

// The solvers' time limits count processor time too.
const create = (algorithm, settings) => algorithm.create(settings, { clock: processorClock });

const SOLVERS = [
  ['mini-gp-ucb, C = 1.1', create(miniGpUcb, { ratio: 1.1 })],
  ['mini-gp-ucb, C = 1.5', create(miniGpUcb, { ratio: 1.5 })],
  ['mini-gp-ucb, C = 2', create(miniGpUcb, { ratio: 2 })],
  ['mini-gp-ucb, C = 1.1, beta = 2', create(miniGpUcb, { ratio: 1.1, beta: 2 })],
  ['mini-gp-ei, C = 1.1', create(miniGpEi, { ratio: 1.1 })],
  ['mini-gp-ei, C = 2', create(miniGpEi, { ratio: 2 })],
  ['gp-ucb', create(gpUcb, {})],
  ['gp-ucb, dense', create(gpUcb, { posterior: 'dense' })],
  ['gp-ei', create(gpEi, {})],
  ['gp-bucb, C = 1.1', create(gpBucb, { ratio: 1.1 })],
  ['bbkb', create(bbkb, {})],
  ['bbkb, dictionary factor 5', create(bbkb, { dictionaryFactor: 5 })],
  ['epsilon-greedy', create(epsilonGreedy, {})],
  ['random', create(randomSearch, {})],
];

async function measure([name, solver], problem) {
  const start = processorClock.now();
  const solution = await solver.solve(problem, { seed, timeLimitMs: 1_000 * limit });
  return {
    solver: name,
    seconds: (processorClock.now() - start) / 1_000,
    evaluations: solution.evaluations,
    regret: relativeRegret(problem.truth, solution.regret.cumulative, solution.evaluations),
    simple: solution.regret.simple,
    unique: solution.unique,
    updates: solution.posteriorUpdates,
  };
}

/** What the peers reach, or undefined where this Python lacks numpy or scikit-learn. */
function peers({ problem, lengthScale }) {
  const { candidates, truth, budget, noiseVariance } = problem;
  const noise = noiseStream(seed);
  const files = {
    'problem.json': { dimension: candidates.dimension, budget, noiseVariance, lengthScale },
    'points.f64': candidates.points,
    'truth.f64': truth,
    'noise.f64': Float64Array.from({ length: budget }, (_, t) => Math.sqrt(noiseVariance) * noise(t)),
  };
  return pythonPeer(options.python, new URL('peers.py', import.meta.url), files, limit);
}

const HORIZONS = [1_000, 2_000, 4_000, 8_000];
/** Only what grows slowly goes on to here. */
const FAR = 100_000;
const GROWING = [
  { solver: 'mini-gp-ei, C = 2', theory: 'at most 1', instance: create(miniGpEi, { ratio: 2 }), far: true },
  { solver: 'mini-gp-ucb, C = 2', theory: 'at most 1', instance: create(miniGpUcb, { ratio: 2 }), far: true },
  { solver: 'gp-ucb', theory: '1, logs', instance: create(gpUcb, {}), far: false },
  { solver: 'gp-ucb, dense', theory: '2', instance: create(gpUcb, { posterior: 'dense' }), far: false },
];

/** The fastest of some runs; what needs more than a second runs once. */
async function fastest(solver, instance, budget) {
  const problem = generatedProblem({ candidates: 1_000, budget, seed });
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 7; round++) {
    const { seconds } = await measure([solver, instance], problem);
    best = Math.min(best, seconds);
    if (seconds > 1) break;
  }
  return best;
}

async function growth() {
  const rows = [];
  for (const { solver, theory, instance, far } of GROWING) {
    console.error(`growth: ${solver}`);
    const times = [];
    for (const budget of HORIZONS) times.push(await fastest(solver, instance, budget));
    rows.push({
      solver,
      theory,
      times,
      exponent: fittedExponent(HORIZONS.map((t, k) => [t, times[k]])),
      far: far ? await fastest(solver, instance, FAR) : undefined,
    });
  }
  return { horizons: HORIZONS, far: FAR, rows };
}

const tables = [];
let versions = {};
for (const entry of await cases(options.data, seed)) {
  console.error(entry.name);
  await measure(SOLVERS[1], entry.problem); // compiles the loops
  const rows = [];
  for (const solver of SOLVERS) rows.push(await measure(solver, entry.problem));
  const found = await peers(entry);
  versions = found?.versions ?? versions;
  tables.push({ ...entry, budget: entry.problem.budget, rows: [...rows, ...(found?.results ?? [])] });
}
const grown = await growth();
const machine = { on: measuredOn(versions), limit, seed };
const text = page(tables, grown, machine);
console.log(text);
if (options.write) {
  await writeFile(new URL('results.md', import.meta.url), text);
  await writeMeasured(new URL('../README.md', import.meta.url), summary(tables, grown, machine));
}
