import {
  AbortedError,
  type Claim,
  type ClaimContext,
  defaultServices,
  defineClaim,
  noDataFiles,
} from '@espalier/core';
import { describe, expect, it } from 'vitest';
import { claimChecks, measureClaim } from '../src/index.js';
import { failing } from './failing.js';

const context: ClaimContext = { seed: 1, data: noDataFiles, services: defaultServices };
const measured = { ours: 10, baseline: 90 };
const claim = (changes: Partial<Claim> = {}): Claim =>
  defineClaim({
    name: 'faster',
    tier: 'quick',
    statement: 'It needs fewer steps than the baseline.',
    paper: { figure: '20 against 500', setting: 'n = 100' },
    measure: async () => ({ ours: 10, baseline: 90 }),
    figure: ({ ours, baseline }) => `${ours} against ${baseline}`,
    judge: ({ ours, baseline }) =>
      ours! < baseline!
        ? { verdict: 'holds', reason: `${ours} < ${baseline}` }
        : { verdict: 'does not hold', reason: `${ours} >= ${baseline}` },
    ...changes,
  });

describe('measureClaim', () => {
  it('measures and judges', async () => {
    expect(await measureClaim(claim(), context)).toEqual({
      claim: 'faster',
      ourFigure: '10 against 90',
      measurements: { ours: 10, baseline: 90 },
      verdict: 'holds',
      reason: '10 < 90',
    });
  });

  it('hands on a verdict of no', async () => {
    const slow = claim({ measure: async () => ({ ours: 99, baseline: 90 }) });
    expect(await measureClaim(slow, context)).toMatchObject({ verdict: 'does not hold' });
  });

  it.each<[string, Partial<Claim>, Record<string, number>, string]>([
    ['the measurement throws', { measure: () => Promise.reject(new Error('no data')) }, {}, 'no data'],
    ['nothing was measured', { measure: async () => ({}) }, {}, 'Nothing'],
    [
      'a measurement is NaN',
      { measure: async () => ({ ours: Number.NaN, baseline: 1 }) },
      { ours: Number.NaN, baseline: 1 },
      'ours',
    ],
    [
      'a measurement is no number',
      { measure: async () => ({ ours: '1' as never, baseline: 2 }) },
      { ours: '1' as never, baseline: 2 },
      'ours',
    ],
    [
      'a measurement is infinite without a word about it',
      { measure: async () => ({ ours: 1, baseline: Number.POSITIVE_INFINITY }) },
      { ours: 1, baseline: Number.POSITIVE_INFINITY },
      'infinite without explanation: baseline',
    ],
    [
      'the verdict is none',
      { judge: () => ({ verdict: 'maybe' as never, reason: 'so' }) },
      measured,
      "'maybe'",
    ],
    [
      'the rule changes the measurements',
      {
        judge: (given) => {
          Object.assign(given, { ours: 0 });
          return { verdict: 'holds', reason: '0' };
        },
      },
      measured,
      "'ours'",
    ],
    [
      'the rule throws',
      {
        judge: () => {
          throw new Error('no rule');
        },
      },
      { ours: 10, baseline: 90 },
      'no rule',
    ],
  ])('is not measured when %s', async (_what, changes, measurements, reason) => {
    expect(await measureClaim(claim(changes), context)).toEqual({
      claim: 'faster',
      ourFigure: '',
      measurements,
      verdict: 'not measured',
      reason: expect.stringContaining(reason),
    });
  });

  it('lets infinity stand where the verdict explains it', async () => {
    const never = claim({
      measure: async () => ({ ours: 1, baseline: Number.POSITIVE_INFINITY }),
      judge: () => ({ verdict: 'holds', reason: 'baseline never got there' }),
    });
    expect(await measureClaim(never, context)).toMatchObject({ verdict: 'holds' });
  });

  it('keeps what was measured when the judgement fails', async () => {
    const broken = claim({ judge: () => ({}) as never });
    expect(await measureClaim(broken, context)).toMatchObject({
      verdict: 'not measured',
      measurements: { ours: 10, baseline: 90 },
    });
  });

  it('lets an abort through', async () => {
    const aborted = claim({ measure: () => Promise.reject(new AbortedError('stop')) });
    await expect(measureClaim(aborted, context)).rejects.toMatchObject({ code: 'aborted' });
  });
});

const fixtures = { faster: { holds: { ours: 1, baseline: 2 }, fails: { ours: 2, baseline: 1 } } };
const [NAMES, SAYS, CAN] = [
  'claims have names of their own',
  "claim 'faster' says what the paper reports",
  "claim 'faster' can hold and can fail",
];

let turn = 0;
const judgeByTurns = () =>
  ({ verdict: turn++ % 2 === 0 ? 'holds' : 'does not hold', reason: 'the time of day' }) as const;

describe('claimChecks', () => {
  it('passes a good claim', async () => {
    expect(await failing(claimChecks([claim()], fixtures))).toEqual([]);
  });

  it.each<[string, Partial<Claim>, string]>([
    ['always holds', { judge: () => ({ verdict: 'holds', reason: '' }) }, CAN],
    ['never holds', { judge: () => ({ verdict: 'does not hold', reason: '' }) }, CAN],
    [
      'can only fail to be measured',
      {
        judge: ({ ours, baseline }) =>
          ours! < baseline!
            ? { verdict: 'holds', reason: 'less' }
            : { verdict: 'not measured', reason: 'more' },
      },
      CAN,
    ],
    ['judges by the time of day', { judge: () => judgeByTurns() }, CAN],
    [
      'gives no reason',
      { judge: ({ ours }) => ({ verdict: ours === 1 ? 'holds' : 'partly', reason: '' }) },
      CAN,
    ],
    ['has a name with spaces', { name: 'Much faster' }, "claim 'Much faster' says what the paper reports"],
    ['is of no tier', { tier: 'slow' as never }, SAYS],
    ['has no figure', { figure: () => '' }, CAN],
    ['has no statement', { statement: '' }, SAYS],
    ['does not say what the paper found', { paper: { figure: '', setting: 'n = 100' } }, SAYS],
  ])('catches a claim that %s', async (_what, changes, fails) => {
    const tried = { [changes.name ?? 'faster']: fixtures.faster };
    expect(await failing(claimChecks([claim(changes)], tried))).toEqual([fails]);
  });

  it('catches a claim without measurements to try, and a name that occurs twice', async () => {
    expect(await failing(claimChecks([claim()], {}))).toEqual([CAN]);
    expect(await failing(claimChecks([claim(), claim()], fixtures))).toEqual([NAMES]);
  });

  it('catches a claim that defineClaim did not make', async () => {
    expect(await failing(claimChecks([{ ...claim() }], fixtures))).toEqual([SAYS]);
  });

  it('catches no claims at all, measurements without a claim, and two sets of measurements that do not match', async () => {
    expect(await failing(claimChecks([], {}))).toEqual([NAMES]);
    expect(await failing(claimChecks([claim()], { ...fixtures, older: fixtures.faster }))).toEqual([NAMES]);
    const uneven = { faster: { holds: { ours: 1, baseline: 2 }, fails: { ours: 2 } } };
    expect(await failing(claimChecks([claim()], uneven))).toEqual([CAN]);
  });
});
