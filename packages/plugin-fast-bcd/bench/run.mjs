// node bench/run.mjs [--python /usr/bin/python3] [--rounds 8] [--limit 3] [--goal 1e-6] [--only NAME[,NAME]] [--write]
// Times this package's solvers and scikit-learn's coordinate descents on the same problems, single-threaded, in one run, each to the same
// distance from the minimum. Times are processor time. Prints the table; --write puts it into bench/results.md and the README; --only runs
// the cases whose names contain one of these words. About three minutes for all of them. Build first.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
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

/** Milliseconds of processor time of this process. */
const clock = {
  now() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

const SOLVERS = [
  ['fast-bcd', (tolerance) => fastBcd.create({ tolerance }, { clock })],
  ['cyclic-coordinate-descent', (tolerance) => cyclicCoordinateDescent.create({ tolerance }, { clock })],
];

async function once(solver, problem) {
  const start = clock.now();
  const solution = await solver.solve(problem, { timeLimitMs: 1_000 * limit });
  return { seconds: (clock.now() - start) / 1_000, solution };
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
async function peers({ objective, regularizer, l2 }, minimum) {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-bcd-'));
  try {
    const { kind, A, y } = objective;
    const sparse = !('data' in A);
    const spec = {
      kind,
      rows: A.rows,
      columns: A.cols,
      sparse,
      weight: regularizer.weight,
      positive: regularizer.kind === 'non-negative',
      l2,
      minimum,
    };
    await writeFile(join(folder, 'problem.json'), JSON.stringify(spec));
    const arrays = sparse
      ? { values: A.values, columnIndices: A.columnIndices, rowPointers: A.rowPointers, y }
      : { data: A.data, y };
    for (const [name, values] of Object.entries(arrays)) {
      await writeFile(
        join(folder, `${name}.bin`),
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      );
    }
    const script = fileURLToPath(new URL('peers.py', import.meta.url));
    const threads = { OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
    const { stdout } = await promisify(execFile)(
      options.python,
      [script, folder, String(limit), String(goal), String(rounds)],
      { env: { ...process.env, ...threads } },
    );
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
const machine = { cpu: cpus()[0].model.trim(), node: process.version, versions, goal, limit, rounds };
const text = page(tables, machine);
console.log(text);
if (options.write) {
  await writeFile(new URL('results.md', import.meta.url), text);
  const readme = new URL('../README.md', import.meta.url);
  const [before, , after] = (await readFile(readme, 'utf8')).split(
    /(?<=<!-- measured -->\n)([\s\S]*?)(?=<!-- end -->)/,
  );
  await writeFile(readme, `${before}\n${summary(tables, machine)}\n${after}`);
}
