import type { ScoreAxis } from '@espalier/core';
import type { TrialRecord } from '../results/results-file.js';
import { worstScore } from './score.js';
import { median } from './statistics.js';

/** A score that holds from `timeMs` until the next point. */
export interface CurveStep {
  readonly timeMs: number;
  readonly score: number;
}

/** A point of the median over repetitions, with the smallest and largest score at that time. */
export interface MedianStep extends CurveStep {
  readonly low: number;
  readonly high: number;
}

/** The shortest time that is told apart, in milliseconds: instants before it count as this one. */
export const SHORTEST_MS = 0.01;

/** What one trial reached when: its curve in order of time, closed by the final score where it finished. */
export function trialCurve({ curve, status, score, algorithmMs }: TrialRecord): CurveStep[] {
  const steps = curve
    .map((point) => ({ timeMs: Math.max(point.timeMs, SHORTEST_MS), score: point.score }))
    .sort((a, b) => a.timeMs - b.timeMs);
  const last = steps.at(-1);
  if (status === 'ok' && score !== undefined && algorithmMs !== undefined) {
    steps.push({ timeMs: Math.max(algorithmMs, last?.timeMs ?? SHORTEST_MS), score });
  }
  return steps;
}

/**
 * The median over several curves at every instant at which one of them moves. A curve counts as worse than any score
 * before its first point and holds its last score afterwards, so the median begins once most curves have begun.
 */
export function medianCurve(axis: ScoreAxis, curves: readonly (readonly CurveStep[])[]): MedianStep[] {
  const moves = curves
    .flatMap((curve, index) => curve.map(({ timeMs, score }) => ({ timeMs, score, index })))
    .sort((a, b) => a.timeMs - b.timeMs);
  const current = new Float64Array(curves.length).fill(worstScore(axis));
  const steps: MedianStep[] = [];
  for (let i = 0; i < moves.length; i++) {
    const { timeMs, score, index } = moves[i]!;
    current[index] = score;
    if (moves[i + 1]?.timeMs === timeMs) continue;
    const middle = median(current);
    if (!Number.isFinite(middle)) continue;
    const begun = current.filter(Number.isFinite);
    steps.push({ timeMs, score: middle, low: Math.min(...begun), high: Math.max(...begun) });
  }
  return steps;
}

/** The steps from `startMs` on; what holds at that instant stands for all that came before. */
export function startCurve(steps: readonly MedianStep[], startMs: number): MedianStep[] {
  const next = steps.findIndex(({ timeMs }) => timeMs > startMs);
  const before = steps[(next < 0 ? steps.length : next) - 1];
  const after = next < 0 ? [] : steps.slice(next);
  return before ? [{ ...before, timeMs: startMs }, ...after] : after;
}

/**
 * At most about `buckets` steps: one for each equal share of the logarithm of time, the last in it. The first and the
 * last step stay, and so does every jump that is wider than a share; steps at which nothing moves go.
 */
export function thinCurve(steps: readonly MedianStep[], buckets: number): MedianStep[] {
  if (steps.length <= 2) return [...steps];
  const from = Math.log(steps[0]!.timeMs);
  const width = (Math.log(steps.at(-1)!.timeMs) - from) / buckets;
  const bucketOf = ({ timeMs }: MedianStep) => Math.floor((Math.log(timeMs) - from) / (width || 1));
  const thinned: MedianStep[] = [];
  steps.forEach((step, i) => {
    const end = i === 0 || i === steps.length - 1;
    const before = thinned.at(-1);
    const moved =
      !before || before.score !== step.score || before.low !== step.low || before.high !== step.high;
    if (end || (moved && bucketOf(step) !== bucketOf(steps[i + 1]!))) thinned.push(step);
  });
  return thinned;
}
