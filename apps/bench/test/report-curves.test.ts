import type { ScoreAxis } from '@espalier/core';
import { describe, expect, test } from 'vitest';
import {
  type MedianStep,
  medianCurve,
  SHORTEST_MS,
  startCurve,
  thinCurve,
  trialCurve,
} from '../src/report/median-curve.js';
import { sampleResults } from './fixtures/sample-results.js';

const minimize: ScoreAxis = { name: 'cost', direction: 'minimize' };
const maximize: ScoreAxis = { name: 'accuracy', direction: 'maximize' };
const step = (timeMs: number, score: number) => ({ timeMs, score });

describe('the curve of a trial', () => {
  const trial = sampleResults().trials.find(({ status, curve }) => status === 'ok' && curve.length > 0)!;

  test('ends with the final score', () => {
    expect(trialCurve(trial).at(-1)).toEqual({ timeMs: trial.algorithmMs, score: trial.score });
  });

  test('of a trial that did not finish holds what was reached', () => {
    const { score: _, algorithmMs: __, ...rest } = trial;
    const curve = trialCurve({ ...rest, status: 'crashed', reason: 'gone' });
    expect(curve).toHaveLength(trial.curve.length);
  });

  test('lifts instants before the shortest time that is told apart', () => {
    const curve = [{ timeMs: 0, iteration: 0, score: 3 }];
    expect(trialCurve({ ...trial, curve })[0]).toEqual({ timeMs: SHORTEST_MS, score: 3 });
  });
});

describe('the median curve', () => {
  test('begins once most curves have begun and moves whenever one does', () => {
    const curves = [[step(1, 9), step(4, 3)], [step(2, 5)], [step(3, 7), step(5, 1)]];
    expect(medianCurve(minimize, curves)).toEqual([
      // Time 1: only one of three has begun. Time 2: {9, 5, none}: the median counts "none" as worst.
      { timeMs: 2, score: 9, low: 5, high: 9 },
      { timeMs: 3, score: 7, low: 5, high: 9 },
      { timeMs: 4, score: 5, low: 3, high: 7 },
      { timeMs: 5, score: 3, low: 1, high: 5 },
    ]);
  });

  test('counts a curve that has not begun as worst where more is better, too', () => {
    const curves = [[step(1, 0.5)], [step(2, 0.7)], [step(3, 0.9)]];
    expect(medianCurve(maximize, curves).map(({ score }) => score)).toEqual([0.5, 0.7]);
  });

  test('of one curve is that curve', () => {
    const curve = [step(1, 4), step(2, 2)];
    expect(medianCurve(minimize, [curve]).map(({ timeMs, score }) => step(timeMs, score))).toEqual(curve);
  });

  test('of nothing is empty', () => {
    expect(medianCurve(minimize, [])).toEqual([]);
  });
});

describe('thinning', () => {
  const flat = (timeMs: number, score: number): MedianStep => ({ timeMs, score, low: score, high: score });
  const long = Array.from({ length: 5000 }, (_, i) => flat(1 + i, 5000 - i));

  test('keeps both ends and about as many steps as asked', () => {
    const thin = thinCurve(long, 100);
    expect(thin[0]).toEqual(long[0]);
    expect(thin.at(-1)).toEqual(long.at(-1));
    expect(thin.length).toBeLessThanOrEqual(102);
    expect(thin.length).toBeGreaterThan(60);
  });

  test('keeps only steps of the curve, in order', () => {
    const thin = thinCurve(long, 37);
    expect(thin.every((kept) => long.includes(kept))).toBe(true);
    expect(thin.map(({ timeMs }) => timeMs)).toEqual(thin.map(({ timeMs }) => timeMs).sort((a, b) => a - b));
  });

  test('drops steps at which nothing moves', () => {
    expect(thinCurve([flat(1, 5), flat(10, 5), flat(100, 5), flat(1000, 4)], 50)).toEqual([
      flat(1, 5),
      flat(1000, 4),
    ]);
  });

  test('a later start gathers what came before', () => {
    expect(startCurve([flat(1, 5), flat(2, 4), flat(9, 3)], 4)).toEqual([flat(4, 4), flat(9, 3)]);
    expect(startCurve([flat(6, 5)], 4)).toEqual([flat(6, 5)]);
    expect(startCurve([flat(1, 5)], 4)).toEqual([flat(4, 5)]);
  });
});
