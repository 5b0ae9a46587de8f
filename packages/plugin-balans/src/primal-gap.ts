/**
 * The primal gap of an objective to the best known one: 0 when both are 0, 1 without an incumbent (NaN) or when the signs
 * differ, else |f - f*| / max(|f|, |f*|). In [0, 1].
 */
export function primalGap(objective: number, bestKnown: number): number {
  if (!Number.isFinite(objective)) return 1;
  if (objective === 0 && bestKnown === 0) return 0;
  if (objective * bestKnown < 0) return 1;
  return Math.abs(objective - bestKnown) / Math.max(Math.abs(objective), Math.abs(bestKnown));
}

/** As {@link primalGap}, but an objective that is better than the best known one has the gap 0. */
export function gapToBest(objective: number, bestKnown: number, sense: 'minimize' | 'maximize'): number {
  const better = sense === 'minimize' ? objective < bestKnown : objective > bestKnown;
  return better && Number.isFinite(objective) ? 0 : primalGap(objective, bestKnown);
}

/** An incumbent's objective from a time on. */
export interface IncumbentPoint {
  readonly timeMs: number;
  readonly objective: number;
}

/** The integral of the primal gap over [0, horizonMs], divided by the horizon: the mean gap over the run. */
export function primalIntegral(
  points: readonly IncumbentPoint[],
  bestKnown: number,
  horizonMs: number,
): number {
  let [area, time, gap] = [0, 0, 1];
  for (const { timeMs, objective } of points) {
    const until = Math.min(timeMs, horizonMs);
    area += gap * (until - time);
    time = until;
    gap = primalGap(objective, bestKnown);
  }
  return (area + gap * (horizonMs - time)) / horizonMs;
}
