import { InvalidProblemError, type RunOptions, type Services, UnsupportedError } from '@espalier/core';
import { rankOf } from './complete.js';
import { checkRank, prepareEntries } from './entries.js';
import type { MatrixCompletionProblem, MatrixCompletionSolution } from './matrix-completion.js';
import { startMonitor } from './monitor.js';
import { fitPartitioned, type PartitionedSettings } from './partitioned.js';
import { chooseRank } from './rank-selection.js';
import { assembleSolution } from './solution.js';

/** Solves a problem by the partitioned algorithm: check, choose the rank, fit, assemble. */
export async function completePartitioned(
  problem: MatrixCompletionProblem,
  settings: PartitionedSettings & { readonly rank: number | 'auto'; readonly maxRank: number },
  run: RunOptions | undefined,
  services: Services,
): Promise<MatrixCompletionSolution> {
  const entries = prepareEntries(problem);
  if (problem.initial)
    throw new UnsupportedError(
      'With fresh samples the start is that of part 0, not factors that are given.',
      {
        remedy: 'Take robust-altmin.',
      },
    );
  const parts = (2 * settings.outer + 1) * settings.median;
  if (entries.values.length < parts) {
    throw new InvalidProblemError(
      `${entries.values.length} observations cannot be split into ${parts} parts.`,
      {
        remedy:
          'Lower the number of iterations, or take robust-altmin, which uses all observations in every half-step.',
      },
    );
  }
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
            fitPartitioned(training, rank, settings, part, random.fork(`rank-${rank}`)),
        )
      : { rank: given, trials: undefined };
  const fitted = await fitPartitioned(entries, chosen.rank, settings, monitor, random);
  return assembleSolution(problem, entries, { ...fitted, rankTrials: chosen.trials }, monitor);
}
