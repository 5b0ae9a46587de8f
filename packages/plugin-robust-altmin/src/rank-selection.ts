import type { RandomSource } from '@espalier/core';
import { type Entries, splitEntries } from './entries.js';
import type { MatrixCompletionProblem, RankTrial, Triplets } from './matrix-completion.js';
import type { Monitor } from './monitor.js';
import { type Fitted, rmse } from './solution.js';

/** Ranks that are tried, one after the other. */
const LADDER = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256];
/** So many ranks in a row that are no better than the best end the search. */
const PATIENCE = 2;
/** A larger rank must be better by this factor: it costs more, and the held-out error is itself an estimate. */
const WORTH = 0.99;
/** Share of the observations that are held out where the problem has no validation entries. */
const HELD_OUT = 0.1;

/** A rank and the errors that speak for it. */
export interface ChosenRank {
  readonly rank: number;
  readonly trials: readonly RankTrial[];
}

/**
 * The smallest rank whose held-out error no larger rank improves by a hundredth. Held out are the problem's validation entries, else a
 * tenth of the observations, drawn at random.
 * @param fit fits the factors of one rank to training entries
 */
export async function chooseRank(
  problem: MatrixCompletionProblem,
  entries: Entries,
  maxRank: number,
  random: RandomSource,
  monitor: Monitor,
  fit: (training: Entries, rank: number, part: Monitor) => Promise<Fitted>,
): Promise<ChosenRank> {
  const { training, held } = problem.validation
    ? { training: entries, held: problem.validation }
    : holdOut(entries, random);
  const most = Math.min(maxRank, entries.rows, entries.columns);
  const trials: RankTrial[] = [];
  let best: RankTrial | undefined;
  let idle = 0;
  for (const rank of LADDER.filter((candidate) => candidate <= most)) {
    const { u, v, baseline, scale } = await fit(
      training,
      rank,
      monitor.part(`held-out error of rank ${rank}`),
    );
    const scaled = { ...u, data: u.data.map((value) => scale * value) };
    const trial = { rank, rmse: rmse({ u: scaled, v, baseline }, held) };
    trials.push(trial);
    if (!best || trial.rmse < WORTH * best.rmse) {
      best = trial;
      idle = 0;
    } else idle++;
    if (idle >= PATIENCE || monitor.expired()) break;
  }
  return { rank: best!.rank, trials };
}

/** Splits off a share of the entries, at least one and not all. */
function holdOut(entries: Entries, random: RandomSource): { training: Entries; held: Triplets } {
  const count = entries.values.length;
  if (count < 2) return { training: entries, held: tripletsOfEntries(entries) };
  const out = new Set(random.sample(count, Math.max(1, Math.round(HELD_OUT * count))));
  const [training, rest] = splitEntries(entries, 2, (e) => (out.has(e) ? 1 : 0));
  return { training, held: tripletsOfEntries(rest) };
}

function tripletsOfEntries({ rows, pointers, indices, values }: Entries): Triplets {
  const rowIndices = new Int32Array(values.length);
  for (let i = 0; i < rows; i++) rowIndices.fill(i, pointers[i], pointers[i + 1]);
  return { rowIndices, columnIndices: indices, values };
}
