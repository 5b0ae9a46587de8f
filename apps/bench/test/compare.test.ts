import { describe, expect, test } from 'vitest';
import type { Change } from '../src/compare/change.js';
import { compareResults, countRegressions, formatComparison } from '../src/compare/compare.js';
import type { ResultsFile, TrialRecord } from '../src/results/results-file.js';
import { sampleResults } from './fixtures/sample-results.js';

const base = { ...sampleResults({ instances: 3 }), complete: true };

/** The results with the trials of `algorithm` changed. */
function withTrials(
  algorithm: string,
  change: (trial: TrialRecord) => TrialRecord,
  from: ResultsFile = base,
): ResultsFile {
  return {
    ...from,
    trials: from.trials.map((record) => (record.trial.algorithm === algorithm ? change(record) : record)),
  };
}

/** One algorithm on one instance with the given scores, times of 100 ms. */
function scores(values: readonly number[], direction: 'minimize' | 'maximize' = 'minimize'): ResultsFile {
  const [model] = base.trials.filter(({ status }) => status === 'ok');
  return {
    ...base,
    scenarios: [{ ...base.scenarios[0]!, score: { name: 'cost', direction } }],
    claims: [],
    trials: values.map((score, repetition) => ({
      ...model!,
      trial: { ...model!.trial, repetition, seed: repetition },
      score,
      algorithmMs: 100,
      peakMemoryBytes: 1e6,
    })),
  };
}

function scoreChange(before: ResultsFile, after: ResultsFile): Change {
  return compareResults(before, after).changes.find(({ measure }) => measure === 'score')!;
}

describe('equal results', () => {
  test('have no change of any sort', () => {
    const { changes, statusChanges, claimChanges, warnings, onlyBefore, onlyAfter } = compareResults(
      base,
      base,
    );
    expect(changes.length).toBeGreaterThan(50);
    // Three repetitions differ among themselves: a ratio of 1 within noise.
    expect(new Set(changes.map(({ verdict }) => verdict))).toEqual(new Set(['noise']));
    expect(changes.every(({ value, effect }) => value === (effect === 'ratio' ? 1 : 0))).toBe(true);
    expect([statusChanges, claimChanges, warnings, onlyBefore, onlyAfter]).toEqual([[], [], [], [], []]);
  });
});

describe('a change of score', () => {
  test('is a regression where the interval leaves 1 on the bad side', () => {
    const change = scoreChange(scores([10, 10.1, 9.9]), scores([20, 20.2, 19.8]));
    expect(change).toMatchObject({ verdict: 'regression', effect: 'ratio', value: 2, before: 10, after: 20 });
    // The extremes of the ratio of medians: 19.8 / 10.1 and 20.2 / 9.9, each in 7/27 · 7/27 = 6.7 % of draws.
    expect(change.interval!.low).toBeCloseTo(19.8 / 10.1, 12);
    expect(change.interval!.high).toBeCloseTo(20.2 / 9.9, 12);
  });

  test('is an improvement the other way round, and for the other direction', () => {
    expect(scoreChange(scores([20, 20.2, 19.8]), scores([10, 10.1, 9.9])).verdict).toBe('improvement');
    const up = scoreChange(scores([0.8, 0.81, 0.79], 'maximize'), scores([0.9, 0.91, 0.89], 'maximize'));
    expect(up.verdict).toBe('improvement');
  });

  test('is noise where the samples overlap', () => {
    expect(scoreChange(scores([10, 14, 12]), scores([13, 11, 15])).verdict).toBe('noise');
  });

  test('is noise below the threshold, however sure', () => {
    const [before, after] = [scores([100, 100.1, 100.2]), scores([103, 103.1, 103.2])];
    expect(scoreChange(before, after).verdict).toBe('noise');
    const strict = compareResults(before, after, { threshold: 0.01 });
    expect(strict.changes[0]!.verdict).toBe('regression');
  });

  test('is a difference where a score is zero or below', () => {
    expect(scoreChange(scores([-200, -201, -199]), scores([-150, -151, -149]))).toMatchObject({
      effect: 'difference',
      value: 50,
      verdict: 'regression',
    });
    expect(scoreChange(scores([0, 0]), scores([1, 1]))).toMatchObject({ value: 1, verdict: 'regression' });
  });

  test('of a single sample is shown without a verdict on noise', () => {
    const change = scoreChange(scores([10]), scores([20]));
    expect(change).toMatchObject({ verdict: 'single sample', value: 2 });
    expect(change.interval).toBeUndefined();
    expect(scoreChange(scores([10]), scores([10])).verdict).toBe('unchanged');
  });

  test('has the same interval for equal seeds, whatever else the files hold', () => {
    const [before, after] = [scores([1, 2, 3, 4, 5]), scores([2, 3, 4, 5, 9])];
    const alone = scoreChange(before, after);
    const extra = base.trials.filter(({ trial }) => trial.scenario === 'optimal-transport').slice(9);
    const among = compareResults(
      { ...before, trials: [...extra, ...before.trials] },
      { ...after, trials: [...after.trials, ...extra] },
    ).changes.find(({ measure, samples }) => measure === 'score' && samples.before === 5);
    expect(among).toEqual(alone);
  });
});

describe('trials', () => {
  test('belong together whatever the order of options and the seeds', () => {
    const after = withTrials('sinkhorn', (record) => ({
      ...record,
      trial: {
        ...record.trial,
        options: Object.fromEntries(Object.entries(record.trial.options).reverse()),
        seed: record.trial.seed + 1,
      },
    }));
    expect(compareResults(base, after).onlyAfter).toEqual([]);
  });

  test('with other options or another runtime stand alone', () => {
    const after = withTrials('sinkhorn', (record) => ({
      ...record,
      trial: { ...record.trial, runtime: 'cuda' },
    }));
    const { onlyBefore, onlyAfter } = compareResults(base, after);
    expect(onlyBefore).toHaveLength(3);
    expect(onlyAfter.map(({ runtime }) => runtime)).toEqual(['cuda', 'cuda', 'cuda']);
  });

  test('that crash now are a regression with the reason, and an improvement the other way round', () => {
    const after = withTrials('sinkhorn', ({ score: _, algorithmMs: __, ...record }) => ({
      ...record,
      status: 'crashed',
      reason: 'Signal SIGSEGV.',
    }));
    const comparison = compareResults(base, after);
    expect(comparison.statusChanges).toHaveLength(3);
    expect(comparison.statusChanges[0]).toMatchObject({
      before: { ok: 3 },
      after: { crashed: 3 },
      verdict: 'regression',
      reason: 'Signal SIGSEGV.',
    });
    expect(countRegressions(comparison)).toBe(3);
    expect(compareResults(after, base).statusChanges[0]!.verdict).toBe('improvement');
  });

  test('that the user interrupted are left out', () => {
    const after = withTrials('sinkhorn', (record) => ({ ...record, status: 'aborted', reason: 'SIGINT' }));
    expect(compareResults(base, after).onlyBefore).toHaveLength(3);
  });
});

describe('claims', () => {
  const after: ResultsFile = {
    ...base,
    claims: base.claims.map((claim) =>
      claim.claim === 'fewer-iterations'
        ? { ...claim, verdict: 'does not hold', reason: 'It stalls.' }
        : claim,
    ),
  };

  test('whose verdict changed are named, and one that is lost counts as a regression', () => {
    const comparison = compareResults(base, after);
    expect(comparison.claimChanges).toEqual([
      {
        plugin: '@espalier/plugin-sns',
        claim: 'fewer-iterations',
        before: 'holds',
        after: 'does not hold',
        reason: 'It stalls.',
      },
    ]);
    expect(countRegressions(comparison)).toBe(1);
    expect(countRegressions(compareResults(after, base))).toBe(0);
  });
});

describe('different conditions', () => {
  test('of the machine are warned of, and times are not judged', () => {
    const slow = withTrials('sinkhorn', (record) => ({ ...record, algorithmMs: record.algorithmMs! * 10 }));
    const after = { ...slow, machine: { ...base.machine, cpu: 'Another CPU' } };
    const comparison = compareResults(base, after);
    expect(comparison.warnings.join()).toContain('times are not comparable');
    const times = comparison.changes.filter(({ measure }) => measure === 'time');
    expect(new Set(times.map(({ verdict }) => verdict))).toEqual(new Set(['not comparable']));
    expect(countRegressions(compareResults(base, slow))).toBe(3);
    expect(countRegressions(comparison)).toBe(0);
  });

  test('of suite, Node, completeness and score are warned of', () => {
    const { warnings, changes } = compareResults(base, {
      ...base,
      suite: 'quick',
      complete: false,
      machine: { ...base.machine, node: '22.0.0' },
      scenarios: base.scenarios.map((scenario) => ({
        ...scenario,
        score: { ...scenario.score, name: 'something else' },
      })),
    });
    expect(warnings.join('\n')).toMatch(/Node: 24\.1\.0, then 22\.0\.0/);
    expect(warnings.join('\n')).toMatch(/suites: full, then quick/);
    expect(warnings.join('\n')).toMatch(/later run was interrupted/);
    expect(warnings.join('\n')).toMatch(/score of optimal-transport has changed its meaning/);
    const scored = changes.filter(({ measure }) => measure === 'score');
    expect(scored.every(({ verdict }) => verdict === 'not comparable')).toBe(true);
  });
});

describe('the table for the terminal', () => {
  test('names what got worse with ratio, interval and samples', () => {
    const text = formatComparison(compareResults(scores([10, 10.1, 9.9]), scores([20, 20.2, 19.8])));
    expect(text).toContain('Regressions (1)');
    expect(text).toMatch(/score +10 +20 +2× +1\.96× … 2\.04× +3 \+ 3/);
    expect(text).toContain('3 figures compared: 1 regression, 2 unchanged.');
  });

  test('says how often chance alone separates so few repetitions', () => {
    // 2 of the 20 ways to deal six ranks to two sides of three, 2 of 6 for two and two, 2 of 252 for five and five.
    const noise = (count: number) => {
      const values = Array.from({ length: count }, (_, i) => 10 + i);
      return formatComparison(compareResults(scores(values), scores(values)));
    };
    expect(noise(3)).toContain('With 3 + 3 repetitions chance alone');
    expect(noise(3)).toContain('in 10 % of comparisons');
    expect(noise(2)).toContain('in 33.3 % of comparisons');
    expect(noise(5)).not.toContain('chance alone');
    expect(noise(1)).not.toContain('bootstrap');
  });

  test('lets no control character of a file through', () => {
    const evil = withTrials('sinkhorn', (record) => ({
      ...record,
      status: 'crashed',
      reason: '\u001b[2Jgone',
    }));
    expect(formatComparison(compareResults(base, evil))).toContain('[2Jgone');
    expect(formatComparison(compareResults(base, evil))).not.toContain('\u001b');
  });

  test('survives JSON: what is printed is all in the comparison', () => {
    const comparison = compareResults(
      base,
      withTrials('sinkhorn', (record) => ({ ...record, score: record.score! * 9 })),
    );
    expect(formatComparison(JSON.parse(JSON.stringify(comparison)))).toBe(formatComparison(comparison));
  });
});

test('options outside their range are refused', () => {
  expect(() => compareResults(base, base, { threshold: -1 })).toThrow('given -1');
  expect(() => compareResults(base, base, { level: 1 })).toThrow('given 1');
});
