// node bench/run.mjs [--data DIR] [--python /usr/bin/python3] [--rounds 3] [--limit 20] [--write]
// Times this package's solvers and Python peers on the same problems, single-threaded, in one run, each to a marginal error of 1e-9 or
// the time limit in seconds. Times are processor time, which other programs on the machine disturb less. Prints the table; --write puts it into bench/results.md and the README. Build first (npm run -s build).
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
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

/** Milliseconds of processor time of this process. */
const clock = {
  now() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

const SOLVERS = [
  ['sinkhorn-newton-sparse', sinkhornNewtonSparse.create({}, { clock })],
  [
    'sinkhorn-newton-sparse, paper preset',
    sinkhornNewtonSparse.create({ preset: 'paper', tolerance: 1e-9 }, { clock }),
  ],
  ['newton-dense', newtonDense.create({}, { clock })],
  ['lbfgs-dual', lbfgsDual.create({ maxIterations: 1_000_000 }, { clock })],
  ['sinkhorn-stabilized', sinkhornStabilized.create({ maxSweeps: 10_000_000 }, { clock })],
  ['sinkhorn (log domain)', sinkhorn.create({ maxSweeps: 10_000_000 }, { clock })],
];

/** The fastest of some runs; a solver that needs more than a second runs once. */
async function measure([name, solver], problem) {
  let best;
  for (let round = 0; round < rounds; round++) {
    const start = clock.now();
    const solution = await solver.solve({ ...problem, mode: 'potentials' }, { timeLimitMs: 1_000 * limit });
    const seconds = (clock.now() - start) / 1_000;
    if (!best || seconds < best.seconds) {
      const { marginalError: error, cost, history, reason } = solution;
      best = { solver: name, iterations: history.length, error, cost, seconds, reason };
    }
    if (seconds > 1) break;
  }
  return best;
}

/** What the peers reach, or undefined where this Python lacks numpy and scipy. */
async function peers(problem) {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-sns-'));
  try {
    const { cost, a, b, eta } = problem;
    await writeFile(join(folder, 'problem.json'), JSON.stringify({ n: cost.rows, m: cost.columns, eta }));
    for (const [name, values] of Object.entries({ cost: cost.matrix, a, b })) {
      await writeFile(
        join(folder, `${name}.f64`),
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      );
    }
    const script = fileURLToPath(new URL('peers.py', import.meta.url));
    const threads = { OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
    const { stdout } = await promisify(execFile)(options.python, [script, folder, String(limit)], {
      env: { ...process.env, ...threads },
    });
    return JSON.parse(stdout);
  } catch (error) {
    console.error(
      `${options.python}: no peers (${String(error.stderr ?? error.message)
        .trim()
        .split('\n')
        .at(-1)})`,
    );
    return undefined;
  } finally {
    await rm(folder, { recursive: true });
  }
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
const machine = { cpu: cpus()[0].model.trim(), node: process.version, versions, rounds, limit };
const text = page(tables, machine);
console.log(text);
if (options.write) {
  await writeFile(new URL('results.md', import.meta.url), text);
  const readme = new URL('../README.md', import.meta.url);
  const [before, , after] = (await readFile(readme, 'utf8')).split(
    /(?<=<!-- measured -->\n)([\s\S]*?)(?=<!-- end -->)/,
  );
  await writeFile(readme, `${before}\n${summary(tables, machine)}${after}`);
}
