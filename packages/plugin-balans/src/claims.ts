import {
  type ClaimContext,
  defineClaim,
  type Measurements,
  UnsupportedError,
  type Verdict,
} from '@espalier/core';
import { balans } from './balans.js';
import {
  type GENERATED,
  generateInstance,
  loadRealInstance,
  MIP_DATA,
  realInstance,
} from './benchmark-instances.js';
import { type Contest, type Contestant, instancesOf, meanOf, measureAll, show } from './claim-runs.js';
import { highs } from './highs-solver.js';
import { DEFAULT_OPERATORS } from './operators/pool.js';
import { parBalans } from './par-balans.js';
import { lbRelax, randomNeighbourhood, singleNeighbourhood } from './single-neighbourhood.js';

const PAPER_SETTING =
  'SCIP, one thread, one hour, one minute an iteration; 50 instances of D-MIPLIB and 44 hard ones of MIPLIB 2017';

/** Balans as the comparisons run it: the default pool, Thompson sampling, hill climbing. */
const settings = { acceptance: { criterion: 'hill-climbing' } } as const;
const balansRun: Contestant = { name: 'balans', solver: balans.create(settings) };
const highsRun: Contestant = { name: 'highs', solver: highs.create({}) };
const effortRun: Contestant = { name: 'highs-effort', solver: highs.create({ heuristicEffort: 0.5 }) };

const generatedContest = (family: keyof typeof GENERATED, seed: number): Contest => ({
  name: `${family}-${seed}`,
  arrays: generateInstance({ family, seed }),
});

async function realContests(names: readonly string[], { data }: ClaimContext): Promise<Contest[]> {
  const contests: Contest[] = [];
  for (const name of names) {
    const instance = realInstance(name);
    if (!(await data.has(instance.file))) {
      throw new UnsupportedError(`The instance ${instance.file} is not in the data folder.`, {
        remedy: `Name a folder with ${MIP_DATA.path}: --data DIR.`,
      });
    }
    contests.push({ name, arrays: await loadRealInstance(instance, data), best: instance.best });
  }
  return contests;
}

/** Objectives of two solvers, instance by instance. */
function objectivePairs(measured: Measurements, a: string, b: string): string {
  const of = (solver: string, name: string) => show(measured[`${solver}@${name}.objective`]!);
  return instancesOf(measured, a)
    .map((name) => `${name}: ${of(a, name)} against ${of(b, name)}`)
    .join('; ');
}

/** Whether the gap of `a` is smaller on an instance, beyond rounding. */
const wins = (measured: Measurements, a: string, b: string, name: string) =>
  measured[`${a}@${name}.gap`]! < measured[`${b}@${name}.gap`]! - 1e-9;

const GRAPHS = ['vertex-cover', 'independent-set'] as const;

const generatedGraphs = defineClaim({
  name: 'generated-graphs',
  tier: 'quick',
  statement:
    'On a generated minimum vertex cover and a maximum independent set Balans is strictly better than the engine alone in the same 5 s.',
  paper: {
    figure:
      'lower primal gap on all five families of D-MIPLIB; mvc_8: 2373 against 2377, mis_2: 3757 against 3602',
    setting: PAPER_SETTING,
  },
  measure: (context) =>
    measureAll(
      GRAPHS.map((family) => generatedContest(family, 1)),
      [highsRun, balansRun],
      5_000,
      context,
    ),
  figure: (measured) => objectivePairs(measured, 'balans', 'highs'),
  judge: (measured) => judgeEveryInstance(measured, 'balans', 'highs'),
});

/** Holds when `a` wins on every instance, partly when on some. */
function judgeEveryInstance(measured: Measurements, a: string, b: string): Verdict {
  const names = instancesOf(measured, a);
  const won = names.filter((name) => wins(measured, a, b, name));
  const gaps = names.map(
    (name) => `${name} ${show(measured[`${a}@${name}.gap`]!)} against ${show(measured[`${b}@${name}.gap`]!)}`,
  );
  return {
    verdict: won.length === names.length ? 'holds' : won.length > 0 ? 'partly' : 'does not hold',
    reason: `Better on ${won.length} of ${names.length}; primal gaps: ${gaps.join(', ')}.`,
  };
}

/** The ten instances that the engine alone does not close in 40 s. */
const HARD = [
  'mvc_8',
  'mis_2',
  'mk_5',
  'gisp_102',
  '50v-10',
  'b1c1s1',
  'gmu-35-40',
  'glass4',
  'mc11',
  'beasleyC3',
] as const;

const hardInstances = defineClaim({
  name: 'hard-instances',
  tier: 'full',
  statement:
    'Over ten real instances, 40 s each, the mean primal gap of Balans is at most 60 % of that of the engine alone, and so is its primal integral.',
  paper: {
    figure: 'mean primal gap reduced by at least half against default SCIP (exact figures not checked)',
    setting: PAPER_SETTING,
  },
  data: [MIP_DATA],
  measure: async (context) =>
    measureAll(await realContests(HARD, context), [highsRun, effortRun, balansRun], 40_000, context),
  figure: (measured) =>
    `mean gap ${means(measured, 'gap')}, mean integral ${means(measured, 'integral')} (Balans, engine alone, engine with ten times the ` +
    `heuristic effort); ${objectivePairs(measured, 'balans', 'highs')}`,
  judge(measured) {
    const names = instancesOf(measured, 'balans');
    const ratio = (what: 'gap' | 'integral') =>
      meanOf(measured, 'balans', names, what) / meanOf(measured, 'highs', names, what);
    const won = names.filter((name) => wins(measured, 'balans', 'highs', name)).length;
    const [gap, integral] = [ratio('gap'), ratio('integral')];
    return {
      verdict: gap <= 0.6 && integral <= 0.6 ? 'holds' : gap < 1 ? 'partly' : 'does not hold',
      reason: `Mean gap ${show(gap)} and mean integral ${show(integral)} of the engine's; better on ${won} of ${names.length}.`,
    };
  },
});

function means(measured: Measurements, what: 'gap' | 'integral'): string {
  const names = instancesOf(measured, 'balans');
  return ['balans', 'highs', 'highs-effort']
    .map((solver) => show(meanOf(measured, solver, names, what)))
    .join(', ');
}

const SINGLES: readonly Contestant[] = DEFAULT_OPERATORS.map((operator) => ({
  name: operator,
  solver: singleNeighbourhood.create({ ...settings, operator }),
}));
const lbRelaxRun: Contestant = { name: 'lb-relax', solver: lbRelax.create(settings) };
const randomRun: Contestant = { name: 'random', solver: randomNeighbourhood.create(settings) };

const singleNeighbourhoods = defineClaim({
  name: 'single-neighbourhoods',
  tier: 'full',
  statement:
    'Over three real instances, 15 s each, the mean gap of Balans is below the median of the sixteen single neighbourhoods and below LB-RELAX.',
  paper: {
    figure: 'better mean gap than the best single neighbourhood, and than LB-RELAX',
    setting: PAPER_SETTING,
  },
  data: [MIP_DATA],
  measure: async (context) =>
    measureAll(
      await realContests(['50v-10', 'glass4', 'b1c1s1'], context),
      [balansRun, randomRun, lbRelaxRun, ...SINGLES],
      15_000,
      context,
    ),
  figure(measured) {
    const names = instancesOf(measured, 'balans');
    return ['balans', 'random', 'lb-relax', ...DEFAULT_OPERATORS]
      .map((solver) => `${solver} ${show(meanOf(measured, solver, names, 'gap'))}`)
      .join(', ');
  },
  judge(measured) {
    const names = instancesOf(measured, 'balans');
    const gapOf = (solver: string) => meanOf(measured, solver, names, 'gap');
    const singles = DEFAULT_OPERATORS.map(gapOf).sort((a, b) => a - b);
    const median = (singles[7]! + singles[8]!) / 2;
    const [own, relax] = [gapOf('balans'), gapOf('lb-relax')];
    const below = singles.filter((gap) => gap > own).length;
    return {
      verdict:
        own <= median && own <= relax ? 'holds' : own <= median || own <= relax ? 'partly' : 'does not hold',
      reason:
        `Mean gap ${show(own)}; single neighbourhoods: best ${show(singles[0]!)}, median ${show(median)}, Balans better than ${below} of 16; ` +
        `LB-RELAX ${show(relax)}; uniform choice ${show(gapOf('random'))}.`,
    };
  },
});

/** Up to eight configurations, each on a core of its own: more of them than cores would share the time that one has. */
const configurations = () =>
  [1, 2, 4, 8].filter((jobs) => jobs <= (globalThis.navigator?.hardwareConcurrency ?? 1));

/** Mean gap by number of configurations. */
function gapsOfConfigurations(measured: Measurements): [jobs: number, gap: number][] {
  return [1, 2, 4, 8]
    .filter((jobs) => instancesOf(measured, `jobs-${jobs}`).length > 0)
    .map((jobs) => {
      const solver = `jobs-${jobs}`;
      return [jobs, meanOf(measured, solver, instancesOf(measured, solver), 'gap')];
    });
}

const parallelConfigurations = defineClaim({
  name: 'parallel-configurations',
  tier: 'full',
  statement:
    'Over three real instances, 30 s each, the mean gap falls as random configurations are added: 1, 2, 4 and 8 as far as there are cores.',
  paper: {
    figure: 'the gap falls steadily from 1 to 128 configurations',
    setting: 'arXiv 2508.06736: hard instances, one configuration a core',
  },
  data: [MIP_DATA],
  async measure(context) {
    const solvers = configurations().map((jobs) => ({
      name: `jobs-${jobs}`,
      solver: parBalans.create({ jobs }),
    }));
    if (solvers.length < 2)
      throw new UnsupportedError('More than one configuration needs more than one core.', {
        remedy: 'Measure on a machine with at least two.',
      });
    return measureAll(await realContests(['50v-10', 'glass4', 'b1c1s1'], context), solvers, 30_000, context);
  },
  figure: (measured) =>
    gapsOfConfigurations(measured)
      .map(([jobs, gap]) => `${jobs}: ${show(gap)}`)
      .join(', '),
  judge(measured) {
    const gaps = gapsOfConfigurations(measured);
    const steps = gaps.slice(1).map(([, gap], i) => gap - gaps[i]![1]);
    const falls = steps.every((step) => step <= 0);
    return {
      verdict: falls ? 'holds' : gaps.at(-1)![1] < gaps[0]![1] ? 'partly' : 'does not hold',
      reason: `Mean gap by configurations: ${gaps.map(([jobs, gap]) => `${jobs}: ${show(gap)}`).join(', ')}.`,
    };
  },
});

const BANDIT_SEEDS = [1, 2, 3, 4, 5] as const;

/** Whether learning pays at all, where there is something to learn from: many short iterations. */
const banditAgainstChance = defineClaim({
  name: 'bandit-against-chance',
  tier: 'full',
  statement:
    'With 150 small neighbourhoods a run, Thompson sampling ends with a lower mean gap than uniform choice over five seeds and two instances.',
  paper: {
    figure:
      'Balans needs no tuning of its neighbourhoods: it is better than committing to any one, and than choosing blindly',
    setting: PAPER_SETTING,
  },
  async measure(context) {
    const limits = { ...settings, maxIterations: 150, iterationTimeLimitMs: 250, initialTimeLimitMs: 500 };
    const contests = GRAPHS.flatMap((family) => BANDIT_SEEDS.map((seed) => generatedContest(family, seed)));
    const contestants = [
      { name: 'balans', solver: balans.create(limits) },
      { name: 'random', solver: randomNeighbourhood.create(limits) },
    ];
    return measureAll(contests, contestants, 120_000, context);
  },
  figure: (measured) => objectivePairs(measured, 'balans', 'random'),
  judge(measured) {
    const names = instancesOf(measured, 'balans');
    const won = names.filter((name) => wins(measured, 'balans', 'random', name)).length;
    const lost = names.filter((name) => wins(measured, 'random', 'balans', name)).length;
    const [own, chance] = [
      meanOf(measured, 'balans', names, 'gap'),
      meanOf(measured, 'random', names, 'gap'),
    ];
    return {
      verdict: own < chance && won > lost ? 'holds' : own < chance || won > lost ? 'partly' : 'does not hold',
      reason: `Mean gap ${show(own)} against ${show(chance)}; better on ${won}, worse on ${lost} of ${names.length}.`,
    };
  },
});

export default [
  generatedGraphs,
  hardInstances,
  singleNeighbourhoods,
  parallelConfigurations,
  banditAgainstChance,
];
