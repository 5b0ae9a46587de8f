// Balans and its baselines against plain HiGHS and CBC at equal wall-clock, one after the other, in one run.
//   node bench/run.mjs [--data DIR] [--seconds 20] [--seed 1] [--instances a,b] [--write]
// CBC is Debian's package coinor-cbc; without it its column stays empty. Without --data only generated instances are measured.
import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import loadHighs from 'highs';
import { markdownTable } from '../../../tools/bench/markdown-table.mjs';
import { measuredOn, writeMeasured } from '../../../tools/bench/measured.mjs';
import {
  GENERATED,
  generateInstance,
  loadRealInstance,
  REAL_INSTANCES,
} from '../dist/benchmark-instances.js';
import {
  balans,
  gapToBest,
  highs,
  lbRelax,
  objectiveOf,
  parBalans,
  randomNeighbourhood,
  violation,
} from '../dist/index.js';

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    seconds: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    instances: { type: 'string' },
    write: { type: 'boolean', default: false }, // the table into the README too
  },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
const settings = { acceptance: { criterion: 'hill-climbing' } };
const solvers = {
  'HiGHS alone': highs.create(),
  'HiGHS, effort 0.5': highs.create({ heuristicEffort: 0.5 }),
  Balans: balans.create(settings),
  'random choice': randomNeighbourhood.create(settings),
  'LB-RELAX': lbRelax.create(settings),
  'ParBalans, 2 jobs': parBalans.create({ jobs: 2 }),
};

const instances = await listInstances();
const cbc = await findCbc();
const folder = await mkdtemp(join(tmpdir(), 'balans-bench-'));
const rows = [];
/** Processor time over wall-clock of single-threaded runs: 1 on a free machine. */
const shares = [];
try {
  for (const { name, best, load } of instances) {
    const arrays = await load();
    const objectives = {};
    for (const [solver, instance] of Object.entries(solvers)) {
      const cpu = process.cpuUsage();
      const solution = await instance.solve({ source: { arrays } }, { seed, timeLimitMs: 1_000 * seconds });
      const broken = solution.x.length > 0 ? violation(arrays, solution.x) : undefined;
      if (broken) throw new Error(`${solver} on ${name}: not feasible: ${broken}`);
      objectives[solver] = {
        value: solution.x.length > 0 ? objectiveOf(arrays, solution.x) : Number.NaN,
        proved: solution.status === 'optimal',
        seconds: solution.milliseconds / 1_000,
      };
      if (solver === 'HiGHS alone') {
        const { user, system } = process.cpuUsage(cpu);
        shares.push((user + system) / 1e3 / solution.milliseconds);
      }
      console.error(
        `${name}  ${solver}  ${objectives[solver].value}  ${objectives[solver].seconds.toFixed(1)} s`,
      );
    }
    if (cbc) {
      objectives.CBC = await runCbc(arrays, join(folder, 'instance.mps'));
      console.error(`${name}  CBC  ${objectives.CBC.value}`);
    }
    // Generated instances have no known optimum: the best of this run stands for it.
    const sign = arrays.sense === 'maximize' ? -1 : 1;
    const found = Object.values(objectives)
      .map(({ value }) => sign * value)
      .filter(Number.isFinite);
    rows.push({
      name,
      sense: arrays.sense,
      best: best ?? sign * Math.min(...found),
      known: best !== undefined,
      objectives,
    });
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
const results = report();
await writeFile(new URL('./results.md', import.meta.url), results);
if (values.write) await writeIntoReadme(results);

async function writeIntoReadme(text) {
  const body = text
    .replace(/^# .*/, `Objectives after ${seconds} s of wall-clock.`)
    .replace('## Primal gap\n', 'Primal gaps:\n');
  await writeMeasured(new URL('../README.md', import.meta.url), body);
}

async function listInstances() {
  const list = [];
  const wanted = values.instances?.split(',');
  if (values.data) {
    const data = { read: (path) => readFile(join(values.data, path)) };
    const present = await readdir(join(values.data, 'mip')).catch(() => []);
    for (const instance of REAL_INSTANCES) {
      if (!present.includes(instance.file.slice('mip/'.length))) continue;
      list.push({ name: instance.name, best: instance.best, load: () => loadRealInstance(instance, data) });
    }
  }
  for (const family of Object.keys(GENERATED)) {
    list.push({ name: family, load: async () => generateInstance({ family, seed }) });
  }
  return wanted ? list.filter(({ name }) => wanted.includes(name)) : list;
}

async function findCbc() {
  for (const path of (process.env.PATH ?? '').split(':').map((part) => join(part, 'cbc'))) {
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}

/** CBC on the same program as MPS, its own process, the same wall-clock. */
async function runCbc(arrays, file) {
  const engine = await loadHighs({ print() {}, printErr() {} });
  const sense = arrays.sense === 'maximize' ? -1 : 1;
  const [numCols, numRows] = [arrays.c.length, arrays.rowLower.length];
  const mps = engine.withModel(
    {
      numCols,
      numRows,
      colCost: arrays.c.map((value) => sense * value), // always a minimisation: CBC and HiGHS write OBJSENSE differently
      colLower: arrays.lower,
      colUpper: arrays.upper,
      rowLower: arrays.rowLower,
      rowUpper: arrays.rowUpper,
      matrix: { format: 'csr', numRows, numCols, ...arrays.rows },
      integrality: Int32Array.from(arrays.integer),
    },
    (model) => {
      model.options.set({ output_flag: false });
      return model.exportModel('mps');
    },
  );
  await writeFile(file, mps);
  const start = performance.now();
  const { stdout } = await promisify(execFile)(
    cbc,
    [file, '-timeMode', 'elapsed', '-seconds', String(seconds), '-solve', '-quit'],
    { maxBuffer: 1 << 28, timeout: 1_000 * (seconds + 30) },
  ).catch((error) => ({ stdout: error.stdout ?? '' }));
  const text = /Objective value:\s+(\S+)/.exec(stdout)?.[1];
  const value = text === undefined ? Number.NaN : sense * Number(text) + (arrays.offset ?? 0);
  const feasible = !/No feasible solution found|infeasible/i.test(stdout);
  return {
    value: feasible ? value : Number.NaN,
    proved: /Optimal solution found/.test(stdout),
    seconds: (performance.now() - start) / 1_000,
  };
}

function report() {
  const names = [...Object.keys(solvers), ...(cbc ? ['CBC'] : [])];
  const cell = ({ value, proved }) =>
    Number.isFinite(value) ? `${Number(value.toPrecision(8))}${proved ? ' (proved)' : ''}` : 'none';
  const gaps = (name) => rows.map((row) => gapToBest(row.objectives[name].value, row.best, row.sense));
  const mean = (list) => (list.reduce((a, b) => a + b, 0) / list.length).toFixed(4);
  const share = (shares.reduce((a, b) => a + b, 0) / shares.length).toFixed(2);
  const longest = Math.max(...rows.flatMap((row) => names.map((name) => row.objectives[name].seconds)));
  return [
    `# Objectives after ${seconds} s`,
    '',
    `Seed ${seed}, ${measuredOn()}; one solver at a time (ParBalans: two workers). ` +
      `Longest run ${longest.toFixed(1)} s. HiGHS alone got ${share} of a core (1 on a free machine). A best value marked * is the best of this run.`,
    '',
    markdownTable(
      ['instance', 'sense', ...names, 'best known'],
      rows.map(({ name, sense, objectives, best, known }) => [
        name,
        sense === 'maximize' ? 'max' : 'min',
        ...names.map((solver) => cell(objectives[solver])),
        `${best}${known ? '' : ' *'}`,
      ]),
    ),
    '',
    '## Primal gap',
    '',
    markdownTable(
      ['', ...names],
      [
        ['mean over all instances', ...names.map((name) => mean(gaps(name)))],
        ['instances with the smallest gap', ...names.map((name) => String(winsOf(name)))],
      ],
    ),
    '',
  ].join('\n');

  function winsOf(name) {
    return rows.filter((row) => {
      const gap = (solver) => gapToBest(row.objectives[solver].value, row.best, row.sense);
      return gap(name) <= Math.min(...names.map(gap)) + 1e-9;
    }).length;
  }
}
