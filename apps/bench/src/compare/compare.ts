import { assertScenariosDescribed } from '../report/series.js';
import type { ClaimRecord, Machine, ResultsFile, TrialRecord, TrialStatus } from '../results/results-file.js';
import { type Change, type ChangeOptions, changesOf, type TrialGroup } from './change.js';
import { type TrialIdentity, trialGroups } from './trial-groups.js';

export { formatComparison } from './format-comparison.js';

/** How results are compared. */
export interface CompareOptions {
  /** Relative change below which nothing is called a regression or an improvement. Default 0.05. */
  readonly threshold?: number;
  /** Confidence of the intervals. Default 0.95. */
  readonly level?: number;
  /** Of the bootstrap. Default 0. Equal seeds give equal intervals. */
  readonly seed?: number;
}

/** A claim whose verdict is not what it was. */
export interface ClaimChange {
  readonly plugin: string;
  readonly claim: string;
  readonly before: ClaimRecord['verdict'];
  readonly after: ClaimRecord['verdict'];
  /** The reason of the later verdict. */
  readonly reason: string;
}

/** Trials whose shares of statuses moved: an algorithm that crashes now, or no longer. */
export interface StatusChange {
  readonly trial: TrialIdentity;
  readonly before: Readonly<Partial<Record<TrialStatus, number>>>;
  readonly after: Readonly<Partial<Record<TrialStatus, number>>>;
  /** By the share of trials that finished. */
  readonly verdict: 'regression' | 'improvement' | 'changed';
  /** Of the first trial that did not finish, the later file before the earlier one. */
  readonly reason?: string;
}

/** Two results files set against each other, all JSON. */
export interface Comparison {
  readonly before: Side;
  readonly after: Side;
  readonly threshold: number;
  readonly level: number;
  /** What limits the comparison, such as different machines. */
  readonly warnings: readonly string[];
  readonly changes: readonly Change[];
  readonly statusChanges: readonly StatusChange[];
  readonly claimChanges: readonly ClaimChange[];
  readonly onlyBefore: readonly TrialIdentity[];
  readonly onlyAfter: readonly TrialIdentity[];
}

/** Which file a side came from. */
export interface Side {
  readonly createdAt: string;
  readonly runtime: string;
  readonly machine: Machine;
}

/**
 * Compares two results files. Trials belong together when scenario, instance, algorithm, options and runtime are equal;
 * repetitions, whatever their seeds, are samples of one distribution. For each group: the ratio of the medians of score,
 * time and peak memory with a bootstrap interval, and a verdict. See {@link Change}.
 *
 * @throws InvalidDataError when a trial belongs to a scenario that its file does not describe
 * @throws RangeError for a threshold below 0 or a level outside (0, 1)
 */
export function compareResults(
  before: ResultsFile,
  after: ResultsFile,
  { threshold = 0.05, level = 0.95, seed = 0 }: CompareOptions = {},
): Comparison {
  if (!(threshold >= 0)) throw new RangeError(`The threshold is 0 or more; given ${threshold}.`);
  if (!(level > 0 && level < 1)) throw new RangeError(`The level lies between 0 and 1; given ${level}.`);
  assertScenariosDescribed(before);
  assertScenariosDescribed(after);
  const old = trialGroups(before);
  const current = trialGroups(after);
  const axes = new Map(after.scenarios.map(({ name, score }) => [name, score]));
  const otherMachine = !sameHardware(before.machine, after.machine);
  const otherScores = new Set(scenariosWithOtherScore(before, after));
  const optionsFor = (scenario: string): ChangeOptions => ({
    threshold,
    level,
    seed,
    incomparable: new Set([
      ...(otherMachine ? (['time'] as const) : []),
      ...(otherScores.has(scenario) ? (['score'] as const) : []),
    ]),
  });
  const pairs = [...old].flatMap(([key, group]) => {
    const now = current.get(key);
    return now ? [{ before: group, after: now }] : [];
  });
  return {
    before: sideOf(before),
    after: sideOf(after),
    threshold,
    level,
    warnings: warningsOf(before, after),
    changes: pairs.flatMap((pair) =>
      changesOf(
        pair.before,
        pair.after,
        axes.get(pair.after.identity.scenario)!,
        optionsFor(pair.after.identity.scenario),
      ),
    ),
    statusChanges: pairs.flatMap((pair) => statusChange(pair.before, pair.after) ?? []),
    claimChanges: claimChanges(before.claims, after.claims),
    onlyBefore: [...old].flatMap(([key, { identity }]) => (current.has(key) ? [] : [identity])),
    onlyAfter: [...current].flatMap(([key, { identity }]) => (old.has(key) ? [] : [identity])),
  };
}

/** How many things got worse: numbers, statuses and verdicts of claims. */
export function countRegressions({ changes, statusChanges, claimChanges }: Comparison): number {
  const worse = ({ verdict }: { readonly verdict: string }) => verdict === 'regression';
  const lost = claimChanges.filter(({ before, after }) => RANK[after] < RANK[before]);
  return changes.filter(worse).length + statusChanges.filter(worse).length + lost.length;
}

/** A claim that is no longer measured has lost what it showed before; one that failed before has nothing to lose. */
const RANK: Readonly<Record<ClaimRecord['verdict'], number>> = {
  'does not hold': 0,
  'not measured': 0,
  partly: 1,
  holds: 2,
};

function sideOf({ createdAt, runtime, machine }: ResultsFile): Side {
  return { createdAt, runtime: runtime.name, machine };
}

function warningsOf(before: ResultsFile, after: ResultsFile): string[] {
  const warnings: string[] = [];
  if (!sameHardware(before.machine, after.machine)) {
    warnings.push(
      `Different machines (${before.machine.cpu}, ${before.machine.cores} cores; ${after.machine.cpu}, ${after.machine.cores} cores): times are not comparable.`,
    );
  }
  if (before.machine.node !== after.machine.node) {
    warnings.push(`Different versions of Node: ${before.machine.node}, then ${after.machine.node}.`);
  }
  if (before.suite !== after.suite) {
    warnings.push(`Different suites: ${before.suite}, then ${after.suite}. Only what both ran is compared.`);
  }
  for (const [side, { complete }] of Object.entries({ earlier: before, later: after })) {
    if (!complete) warnings.push(`The ${side} run was interrupted: some of its trials are missing.`);
  }
  for (const name of scenariosWithOtherScore(before, after)) {
    warnings.push(`The score of ${name} has changed its meaning: its values are not comparable.`);
  }
  return warnings;
}

function sameHardware(a: Machine, b: Machine): boolean {
  return (
    a.cpu === b.cpu && a.cores === b.cores && a.memoryBytes === b.memoryBytes && a.platform === b.platform
  );
}

function scenariosWithOtherScore(before: ResultsFile, after: ResultsFile): string[] {
  const axes = new Map(before.scenarios.map(({ name, score }) => [name, score]));
  return after.scenarios.flatMap(({ name, score }) => {
    const old = axes.get(name);
    const same =
      !old || (old.name === score.name && old.direction === score.direction && old.unit === score.unit);
    return same ? [] : [name];
  });
}

function statusChange(before: TrialGroup, after: TrialGroup): StatusChange | undefined {
  const old = countStatuses(before.trials);
  const current = countStatuses(after.trials);
  const statuses = [...new Set([...Object.keys(old), ...Object.keys(current)])] as TrialStatus[];
  const share = (counts: StatusChange['before'], { trials }: TrialGroup, status: TrialStatus) =>
    (counts[status] ?? 0) / trials.length;
  if (statuses.every((status) => share(old, before, status) === share(current, after, status))) {
    return undefined;
  }
  const gain = share(current, after, 'ok') - share(old, before, 'ok');
  const reason = [...after.trials, ...before.trials].find(({ status }) => status !== 'ok')?.reason;
  return {
    trial: after.identity,
    before: old,
    after: current,
    verdict: gain < 0 ? 'regression' : gain > 0 ? 'improvement' : 'changed',
    ...(reason !== undefined && { reason }),
  };
}

function countStatuses(trials: readonly TrialRecord[]): Partial<Record<TrialStatus, number>> {
  const counts: Partial<Record<TrialStatus, number>> = {};
  for (const { status } of trials) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

function claimChanges(before: readonly ClaimRecord[], after: readonly ClaimRecord[]): ClaimChange[] {
  const keyOf = ({ plugin, claim }: ClaimRecord) => `${plugin}\u0000${claim}`;
  const verdicts = new Map(before.map((record) => [keyOf(record), record.verdict]));
  return after.flatMap((record) => {
    const old = verdicts.get(keyOf(record));
    if (old === undefined || old === record.verdict) return [];
    const { plugin, claim, verdict, reason } = record;
    return [{ plugin, claim, before: old, after: verdict, reason }];
  });
}
