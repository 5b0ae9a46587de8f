// node bench/run.mjs [--python /usr/bin/python3] [--limit 60] [--most 1e7] [--write]
// Times one iteration of this package's solvers and of numpy and scipy implementations of the same alternation, from one start, in one
// run; then the growth with the number of observations up to --most. Prints the tables; --write puts them into bench/results.md,
// bench/scaling.svg and the README. Rows on two threads are wall-clock, and left out where the machine is busy. Build first.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
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
async function peers({ problem, iterations }) {
  const folder = await mkdtemp(join(tmpdir(), 'espalier-altmin-'));
  try {
    const { rows, columns, rank, observed, initial } = problem;
    await writeFile(join(folder, 'problem.json'), JSON.stringify({ rows, columns, rank }));
    const arrays = {
      'rows.i32': observed.rowIndices,
      'columns.i32': observed.columnIndices,
      'values.f64': observed.values,
      'start.f64': initial.u,
    };
    for (const [name, array] of Object.entries(arrays))
      await writeFile(join(folder, name), new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
    const script = fileURLToPath(new URL('peers.py', import.meta.url));
    const threads = { OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1', MKL_NUM_THREADS: '1' };
    const { stdout } = await promisify(execFile)(
      options.python,
      [script, folder, String(iterations), options.limit],
      {
        env: { ...process.env, ...threads },
      },
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
const machine = { cpu: cpus()[0].model.trim(), node: process.version, versions, busy };
const text = page(tables, scaling, machine);
console.log(text);
if (options.write) {
  await writeFile(new URL('results.md', import.meta.url), text);
  await writeFile(new URL('scaling.svg', import.meta.url), scalingSvg(scaling));
  const readme = new URL('../README.md', import.meta.url);
  const [before, , after] = (await readFile(readme, 'utf8')).split(
    /(?<=<!-- measured -->\n)([\s\S]*?)(?=<!-- end -->)/,
  );
  await writeFile(readme, `${before}\n${summary(tables, scaling, machine)}${after}`);
}
