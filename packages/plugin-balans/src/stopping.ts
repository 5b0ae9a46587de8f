/** When a search ends, beside abort and time limit. Objectives are those of the minimisation. */
export interface StopRule {
  readonly maxIterations: number;
  readonly maxIterationsWithoutImprovement: number;
  /** At this objective or below. */
  readonly target: number;
  /** Relative gap to the proven bound at which the best counts as optimal. */
  readonly gap: number;
}

/** Where a search stands before an iteration. */
export interface Standing {
  /** 1 for the first. */
  readonly iteration: number;
  readonly sinceImprovement: number;
  readonly best: number;
  /** No solution is better; -Infinity while nothing is known. */
  readonly bound: number;
  readonly elapsedMs: number;
  readonly timeLimitMs: number;
}

/** This share of the time stays for undoing the last restriction and for the report. */
export const RESERVE = 0.02;

/** Why the search ends before this iteration; undefined when it goes on. */
export function reasonToStop(rule: StopRule, at: Standing): string | undefined {
  if (at.best - at.bound <= Math.max(1e-9, rule.gap * Math.abs(at.best))) return 'optimal';
  if (at.best <= rule.target) return 'target reached';
  if (at.iteration > rule.maxIterations) return 'iteration limit';
  if (at.sinceImprovement >= rule.maxIterationsWithoutImprovement) return 'no improvement';
  if (at.elapsedMs >= (1 - RESERVE) * at.timeLimitMs) return 'time limit';
  return undefined;
}
