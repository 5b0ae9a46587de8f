import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareOutputs } from '../src/index.js';

const within =
  (absolute: number, relative = 0) =>
  () => ({ absolute, relative });
const compare = (expected: unknown, actual: unknown, absolute = 0, relative = 0) =>
  compareOutputs(expected, actual, within(absolute, relative));
const oks = (expected: unknown, actual: unknown, absolute = 0, relative = 0) =>
  compare(expected, actual, absolute, relative).map(({ output, ok }) => [output, ok]);

describe('compareOutputs', () => {
  it.each([
    ['inside the absolute tolerance', 1, 1.01, 0.02, 0, true],
    ['at its edge', 1, 1.5, 0.5, 0, true],
    ['outside of it', 1, 1.5, 0.4, 0, false],
    ['inside the relative tolerance', 100, 101, 0, 0.02, true],
    ['outside of it', 100, 103, 0, 0.02, false],
    ['NaN for a number', 1, Number.NaN, 1e9, 0, false],
    ['a number for NaN', Number.NaN, 1, 1e9, 0, false],
    ['NaN for NaN', Number.NaN, Number.NaN, 0, 0, true],
    ['equal infinities', Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0, true],
    ['opposite infinities', Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, 0, false],
    ['a number for infinity', Number.POSITIVE_INFINITY, 1, 1, 0.5, false],
    ['infinity for a number', 1, Number.POSITIVE_INFINITY, 1, 0.5, false],
    ['equal zeros of two signs', 0, -0, 0, 0, true],
    ['an infinite tolerance', 1, 1, Number.POSITIVE_INFINITY, 0, false],
    ['a relative tolerance of all of it', 1, 0, 0, 1, false],
    ['a negative tolerance', 1, 1, -1, 0, false],
    ['no tolerance', 1, 1, Number.NaN, 0, false],
  ])('numbers: %s', (_what, expected, actual, absolute, relative, ok) => {
    expect(oks({ x: expected }, { x: actual }, absolute, relative)).toEqual([['x', ok]]);
  });

  it.each([
    ['a shorter list', [1, 2], [1]],
    ['a longer list', [1, 2], [1, 2, 3]],
    ['a longer typed array', [1], new Float64Array([1, 0])],
    ['text for a number', 1, '1'],
    ['another text', 'optimal', 'feasible'],
    ['a number for a list', [1], 1],
    ['an object for a list', [1], { 0: 1 }],
    ['true for false', false, true],
    ['a number for null', null, 0],
  ])('a mismatch: %s', (_what, expected, actual) => {
    const [row, ...more] = compare({ x: expected }, { x: actual }, 1e9);
    expect(more).toEqual([]);
    expect(row).toMatchObject({ output: 'x', ok: false, problem: expect.stringContaining('x') });
  });

  it('takes a typed array for a list', () => {
    expect(oks({ x: [1, 2] }, { x: new Float64Array([1, 2]) })).toEqual([['x', true]]);
  });

  it('compares only what was returned: a name that is missing, undefined or null is skipped', () => {
    expect(oks({ a: 1, b: 2, c: 3, d: 4 }, { a: 1, b: undefined, c: null })).toEqual([['a', true]]);
    expect(compare({ x: [1, 2, 3] }, { x: [1, null, undefined] })).toMatchObject([{ count: 1, ok: true }]);
  });

  it('counts an empty list that is empty in the file too', () => {
    expect(compare({ x: [] }, { x: [] })).toMatchObject([{ output: 'x', count: 0, ok: true }]);
    expect(oks({ x: [1] }, { x: [] })).toEqual([['x', false]]);
  });

  it('prefers the leaf that misses to the one that is furthest off within its tolerance', () => {
    const rows = compareOutputs({ x: [1, 1] }, { x: [1.9, 1.2] }, ([, i]) => ({
      absolute: i === 0 ? 1 : 0.1,
      relative: 0,
    }));
    expect(rows).toMatchObject([{ at: 'x.1', ok: false, count: 2 }]);
  });

  it('takes a hundred thousand numbers in one output', () => {
    const numbers = Float64Array.from({ length: 100_000 }, (_, i) => i);
    expect(compare({ x: [...numbers] }, { x: numbers })).toMatchObject([{ count: 100_000, ok: true }]);
  });

  it('takes null where the file has null', () => {
    expect(oks({ x: null }, { x: null })).toEqual([['x', true]]);
  });

  it('refuses a name that the file does not have, even an inherited one', () => {
    expect(oks({ x: 1 }, { y: 1 })).toEqual([['y', false]]);
    expect(oks({ x: 1 }, { toString: 1 })).toEqual([['toString', false]]);
  });

  it('names outputs from the root and shows the worst place', () => {
    const [row] = compare({ a: { b: [1, 2, 3] } }, { a: { b: [1, 2.5, 3.1] } }, 0.2);
    expect(row).toEqual({
      output: 'a.b',
      count: 3,
      error: 0.5,
      allowed: 0.2,
      at: 'a.b.1',
      ok: false,
      problem: 'a.b.1: 2.5 instead of 2',
    });
  });

  it('asks for the tolerance of each place', () => {
    const rows = compareOutputs({ a: 1, b: 1 }, { a: 1.1, b: 1.1 }, (path) => ({
      absolute: path[0] === 'a' ? 0.2 : 0.01,
      relative: 0,
    }));
    expect(rows.map(({ ok }) => ok)).toEqual([true, false]);
  });

  it('agrees with the definition of the tolerance', () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(number, number, fc.double({ min: 0, max: 0.99, noNaN: true }), (expected, actual, t) => {
        const ok = expected === actual || Math.abs(actual - expected) <= t + t * Math.abs(expected);
        expect(oks({ x: expected }, { x: actual }, t, t)).toEqual([['x', ok]]);
      }),
    );
  });
});
