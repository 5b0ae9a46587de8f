import type { Instance } from '@espalier/core';
import { trialCurve } from './median-curve.js';
import { bestScore, isBetter, logFloor, scoreRatio, targetScore, tolerances } from './score.js';
import type { Cell, ScenarioResults } from './series.js';
import { median } from './statistics.js';

/** A score to reach on an instance; undefined where no algorithm finished. */
export interface Target {
  readonly instance: Instance;
  readonly tolerance: number;
  readonly score: number | undefined;
}

/** What profiles are made of: one row a series, `Infinity` where nothing was reached. */
export interface SolvedTable {
  /** One target for each instance and tolerance. */
  readonly targets: readonly Target[];
  /** Milliseconds until each target. */
  readonly times: readonly (readonly number[])[];
  /** Final score over the best final score on each instance, at least 1. */
  readonly ratios: readonly (readonly number[])[];
}

/** Medians over repetitions; a repetition that did not finish counts as never solved. */
export function solvedTable(results: ScenarioResults): SolvedTable {
  const { instances, series, cells } = results;
  const axis = results.scenario.score;
  const floor = logFloor(
    axis,
    cells.flatMap(({ scores }) => scores),
  );
  const columns = instances.map((instance) => {
    const own = results.cellsOf(instance);
    const best = bestScore(
      axis,
      own.flatMap(({ scores }) => scores),
    );
    return { instance, own, best, start: typicalStart(own) ?? best };
  });
  const targets = columns.flatMap(({ instance, best, start }) =>
    tolerances(axis).map((tolerance) => ({
      instance,
      tolerance,
      score: best === undefined ? undefined : targetScore(axis, tolerance, best, start!, floor),
    })),
  );
  const lifted = (score: number) => Math.max(score, floor ?? Number.NEGATIVE_INFINITY);
  return {
    targets,
    times: series.map((line) =>
      targets.map(({ instance, score: target }) =>
        medianOverTrials(results.cell(instance, line), ({ finished }) =>
          finished.flatMap((trial) =>
            target === undefined
              ? []
              : (trialCurve(trial).find(({ score }) => !isBetter(axis, target, score))?.timeMs ?? []),
          ),
        ),
      ),
    ),
    ratios: series.map((line) =>
      columns.map(({ instance, own, best }) =>
        medianOverTrials(results.cell(instance, line), ({ scores }) => {
          const widest = Math.max(...own.flatMap((cell) => cell.scores.map((s) => Math.abs(s - best!))));
          return scores.map((score) => scoreRatio(axis, lifted(score), lifted(best!), widest));
        }),
      ),
    ),
  };
}

/** The median of the first scores of all trials on an instance: one trial with a freak start moves no target. */
function typicalStart(cells: readonly Cell[]): number | undefined {
  const starts = cells.flatMap(({ trials }) => trials.flatMap((trial) => trialCurve(trial)[0]?.score ?? []));
  return starts.length > 0 ? median(starts) : undefined;
}

/** The median of what trials reached, where those that reached nothing count as infinity. */
function medianOverTrials(cell: Cell | undefined, reached: (cell: Cell) => readonly number[]): number {
  if (!cell) return Number.POSITIVE_INFINITY;
  const values = reached(cell);
  const missing = Array<number>(cell.trials.length - values.length).fill(Number.POSITIVE_INFINITY);
  return median([...values, ...missing]);
}
