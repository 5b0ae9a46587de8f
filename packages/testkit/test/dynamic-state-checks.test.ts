import type { Json } from '@espalier/core';
import { describe, expect, it } from 'vitest';
import { dynamicChecks } from '../src/index.js';
import { failing, names } from './failing.js';
import { storedTotal, storedTotalFixture } from './good/running-total.js';

const GOES_ON = 'goes on from a snapshot as if it had not stopped';
const REFUSES = 'refuses a snapshot of another algorithm and stays as it was';
const STATISTICS = 'gives statistics that can be written as JSON, and changes nothing by it';
const DISPOSE = 'can be disposed of, before its first event and after its last, once and again';
const STATE = [GOES_ON, REFUSES, STATISTICS, DISPOSE];

const broken: readonly (readonly [
  what: string,
  change: Parameters<typeof storedTotal>[0],
  fails: string[],
])[] = [
  ['forgets when it is restored', () => ({ restore: () => undefined }), [GOES_ON, REFUSES]],
  [
    'adds what it is restored to',
    ({ process, restore }) => {
      let seen = 0;
      return {
        process(event: number) {
          seen += event;
          return process(event);
        },
        restore(stored: Json) {
          restore(stored);
          process(seen);
        },
      };
    },
    [GOES_ON],
  ],
  [
    'hands out its live state',
    ({ process, reset }) => {
      const state = { sum: 0 };
      return {
        process(event: number) {
          const answer = process(event);
          state.sum = answer;
          return answer;
        },
        reset() {
          reset();
          state.sum = 0;
        },
        snapshot: () => state,
      };
    },
    [GOES_ON],
  ],
  ['stores what JSON cannot hold', () => ({ snapshot: () => ({ total: Number.NaN }) }), [GOES_ON]],
  ['cannot be restored', () => ({ restore: undefined as never }), [GOES_ON, REFUSES]],
  ['cannot be stored', () => ({ snapshot: undefined as never }), [GOES_ON]],
  [
    'refuses with an error of the language',
    ({ restore }) => ({
      restore(stored: Json) {
        if (stored === null) throw new TypeError('null');
        restore(stored);
      },
    }),
    [REFUSES],
  ],
  [
    'is reset by what it refuses',
    ({ restore, reset }) => ({
      restore(stored: Json) {
        try {
          restore(stored);
        } catch (error) {
          reset();
          throw error;
        }
      },
    }),
    [REFUSES],
  ],
  ['counts in what JSON cannot hold', () => ({ statistics: () => ({ events: Number.NaN }) }), [STATISTICS]],
  [
    'counts its statistics as events',
    ({ process }) => ({ statistics: () => ({ total: process(1) }) }),
    [STATISTICS],
  ],
  [
    'can be disposed of once',
    () => {
      let disposed = false;
      return {
        dispose() {
          if (disposed) throw new Error('gone');
          disposed = true;
        },
      };
    },
    [DISPOSE],
  ],
];

describe('dynamicChecks, of what an algorithm may have', () => {
  it('pass for a good one, and are left out where there is nothing to check', async () => {
    expect(await failing(dynamicChecks(storedTotal(), storedTotalFixture))).toEqual([]);
    const bare = storedTotal(() => ({
      snapshot: undefined as never,
      restore: undefined as never,
      statistics: undefined as never,
      dispose: undefined as never,
    }));
    const checks = names(dynamicChecks(bare, storedTotalFixture));
    expect(checks.filter((name) => STATE.includes(name))).toEqual([]);
    expect(
      names(dynamicChecks(storedTotal(), storedTotalFixture)).filter((name) => !checks.includes(name)),
    ).toEqual(STATE);
  });

  it.each(broken)('catch one that %s', async (_what, change, fails) => {
    expect(await failing(dynamicChecks(storedTotal(change), storedTotalFixture))).toEqual(fails);
  });
});
