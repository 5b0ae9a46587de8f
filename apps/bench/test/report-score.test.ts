import type { ScoreAxis } from '@espalier/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bestScore, isBetter, logFloor, scoreRatio, targetScore } from '../src/report/score.js';

const cost: ScoreAxis = { name: 'cost', direction: 'minimize' };
const accuracy: ScoreAxis = { name: 'accuracy', direction: 'maximize' };
const error: ScoreAxis = { name: 'error', direction: 'minimize', scale: 'log' };

test('the best score follows the direction', () => {
  expect(bestScore(cost, [3, -1, 2])).toBe(-1);
  expect(bestScore(accuracy, [0.3, 0.9])).toBe(0.9);
  expect(bestScore(cost, [])).toBeUndefined();
});

describe('the target', () => {
  test('on a linear axis lies within a share of the best', () => {
    expect(targetScore(cost, 0.01, 200, 1000)).toBe(202);
    expect(targetScore(cost, 0.01, -200, 1000)).toBe(-198);
    expect(targetScore(accuracy, 0.1, 0.9, 0)).toBeCloseTo(0.81, 12);
  });

  test('where the best is zero lies within a share of the way from the start', () => {
    expect(targetScore(cost, 0.01, 0, 50)).toBe(0.5);
  });

  test('on a logarithmic axis lacks a share of the decades', () => {
    // Eight decades from 1 to 1e-8; a quarter lacking leaves six.
    expect(targetScore(error, 0.25, 1e-8, 1)).toBeCloseTo(1e-6, 12);
  });

  test('takes a best of zero on a logarithmic axis as the floor', () => {
    expect(targetScore(error, 0.5, 0, 1, 1e-12)).toBeCloseTo(1e-6, 12);
  });

  test('is the best itself where the start was no worse', () => {
    expect(targetScore(error, 0.5, 1e-3, 1e-3)).toBe(1e-3);
  });

  test('is always reached by the best score', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.constantFrom(cost, accuracy, error), value, value, (axis, best, start) => {
        const target = targetScore(axis, 0.1, best, start, axis === error ? 1e-9 : undefined);
        expect(isBetter(axis, target, best)).toBe(false);
      }),
    );
  });
});

describe('the score ratio', () => {
  test('is a quotient of positive scores', () => {
    expect(scoreRatio(cost, 6, 2, 10)).toBe(3);
    expect(scoreRatio(accuracy, 0.45, 0.9, 1)).toBe(2);
  });

  test('is a gap in units of the best, or of the widest gap, where there is no quotient', () => {
    expect(scoreRatio(cost, -150, -200, 100)).toBe(1.25);
    expect(scoreRatio(cost, 5, 0, 20)).toBe(1.25);
    expect(scoreRatio(cost, 0, 0, 0)).toBe(1);
  });
});

test('zero and below stand a decade under the smallest positive score', () => {
  expect(logFloor(error, [0, -3, 1e-7, 2])).toBeCloseTo(1e-8, 20);
  expect(logFloor(error, [0])).toBe(1);
  expect(logFloor(cost, [0, 1])).toBeUndefined();
});
