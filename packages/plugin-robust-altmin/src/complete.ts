import type { RandomSource, RunOptions, Services } from '@espalier/core';
import { type AlternationSettings, alternate, type StartingFactors } from './alternation.js';
import { type Centring, centred, fitBaseline } from './baseline.js';
import { checkRank, type Entries, prepareEntries, splitEntries } from './entries.js';
import { factorMatrix } from './factor.js';
import type { MatrixCompletionProblem, MatrixCompletionSolution } from './matrix-completion.js';
import { type Monitor, startMonitor } from './monitor.js';
import { chooseRank } from './rank-selection.js';
import { assembleSolution, type Fitted } from './solution.js';
import { OVERSAMPLING } from './spectral-start.js';
import { openWorkbench } from './workbench.js';

/** What a run of alternating minimisation does, all options decided. */
export interface CompletionSettings extends AlternationSettings {
  readonly rank: number | 'auto';
  readonly maxRank: number;
  readonly centring: Centring;
  readonly threads: number;
  /** Groups whose solutions are combined by their entrywise median. */
  readonly median: number;
}

/** Solves a problem by alternating minimisation: check, centre, choose the rank, fit, assemble. */
export async function completeByAlternation(
  problem: MatrixCompletionProblem,
  settings: CompletionSettings,
  run: RunOptions | undefined,
  services: Services,
): Promise<MatrixCompletionSolution> {
  const entries = prepareEntries(problem);
  const monitor = startMonitor(run, services);
  const random = services.random(run?.seed);
  const given = settings.rank === 'auto' ? rankOf(problem) : settings.rank;
  if (given !== undefined) checkRank(given, entries.rows, entries.columns);
  const chosen =
    given === undefined
      ? await chooseRank(
          problem,
          entries,
          settings.maxRank,
          random.fork('hold-out'),
          monitor,
          (training, rank, part) =>
            fitFactors(training, rank, settings, undefined, part, random.fork(`rank-${rank}`)),
        )
      : { rank: given, trials: undefined };
  const start = startingFactors(problem, chosen.rank);
  const fitted = await fitFactors(entries, chosen.rank, settings, start, monitor, random);
  return assembleSolution(problem, entries, { ...fitted, rankTrials: chosen.trials }, monitor);
}

/** Factors of one rank. @param start in the scale of the values */
export async function fitFactors(
  entries: Entries,
  rank: number,
  settings: CompletionSettings,
  start: StartingFactors | undefined,
  monitor: Monitor,
  random: RandomSource,
): Promise<Fitted> {
  const baseline = fitBaseline(entries, settings.centring);
  const { entries: values, scale } = centred(entries, baseline);
  const groups =
    settings.median === 1
      ? [values]
      : splitEntries(values, settings.median, () => random.integer(settings.median));
  const blockSize = Math.min(rank + OVERSAMPLING, entries.rows, entries.columns);
  const bench = openWorkbench(
    values,
    { rank, blockSize, threads: settings.threads, groups },
    monitor,
    random,
  );
  try {
    const reason =
      bench.total > 0 ? await alternate(bench, settings, scaledStart(start, scale)) : 'converged';
    return { u: factorMatrix(bench.u), v: factorMatrix(bench.v), baseline, scale, work: bench.work, reason };
  } finally {
    bench.close();
  }
}

/** The problem's rank, given or by its initial factors. */
export function rankOf({ rank, rows, initial }: MatrixCompletionProblem): number | undefined {
  return rank ?? (initial && initial.u.length / rows);
}

/** The initial factors of a problem, where they have this rank. */
export function startingFactors(
  { rows, columns, initial }: MatrixCompletionProblem,
  rank: number,
): StartingFactors | undefined {
  if (!initial || initial.u.length !== rows * rank) return undefined;
  const { u, v } = initial;
  return {
    u: { rows, cols: rank, data: u.slice() },
    v: v && { rows: columns, cols: rank, data: v.slice() },
  };
}

/** U V^T over scale: the scale is taken out of V. */
export function scaledStart(start: StartingFactors | undefined, scale: number): StartingFactors | undefined {
  if (!start?.v) return start;
  return { u: start.u, v: { ...start.v, data: start.v.data.map((value) => value / scale) } };
}
