import { parseHTML } from 'linkedom';
import { describe, expect, test } from 'vitest';
import { writeReport } from '../src/report/report.js';
import type { ResultsFile } from '../src/results/results-file.js';
import { emptyResults, sampleResults } from './fixtures/sample-results.js';

const results = sampleResults();
const report = writeReport(results);
const page = parseHTML(report).document;

const textOf = (selector: string): string[] =>
  [...page.querySelectorAll(selector)].map(({ textContent }) => (textContent ?? '').trim());

describe('a report', () => {
  test('has a section for summary, claims, every scenario, algorithms and failed plugins', () => {
    expect([...page.querySelectorAll('section')].map(({ id }) => id)).toEqual([
      'summary',
      'claims',
      'scenario-optimal-transport',
      'scenario-mixed-integer-programs',
      'scenario-pruning-vision',
      'algorithms',
      'failed-plugins',
    ]);
  });

  test('says when, where and with what it was measured', () => {
    const header = textOf('header')[0];
    for (const fact of [
      '2026-03-14 09:26 UTC',
      'Example CPU',
      '32 GiB',
      'Node 24.1.0',
      'no driver',
      '1.0.4',
    ]) {
      expect(header).toContain(fact);
    }
  });

  test('counts every status and says that the run was interrupted', () => {
    const summary = textOf('#summary')[0];
    for (const status of new Set(results.trials.map((trial) => trial.status))) {
      const count = results.trials.filter((trial) => trial.status === status).length;
      expect(summary).toContain(`${count} ${status}`);
    }
    expect(summary).toContain('Incomplete.');
  });

  test('shows each claim with both figures, verdict and reason', () => {
    const rows = [...page.querySelectorAll('#claims tbody tr')];
    expect(rows).toHaveLength(results.claims.length);
    results.claims.forEach((claim, i) => {
      const text = rows[i]!.textContent!;
      for (const part of [
        claim.statement,
        claim.paper.figure,
        claim.paper.setting,
        claim.ourFigure,
        claim.verdict,
        claim.reason,
      ]) {
        expect(text).toContain(part);
      }
    });
  });

  test('shows a claim that does not hold with the same weight as one that holds', () => {
    const badge = (verdict: string) =>
      [...page.querySelectorAll('#claims .badge')].find(({ textContent }) => textContent?.includes(verdict));
    expect(badge('does not hold')!.className).toBe('badge large bad');
    expect(badge('holds')!.className).toBe('badge large good');
  });

  test('marks the best median of an instance', () => {
    const best = textOf('#scenario-pruning-vision .matrix .best');
    expect(best).toHaveLength(2);
    const scores = results.trials
      .filter(({ trial }) => trial.algorithm === 'block-wise' && trial.instance.name === 'digits-32')
      .map(({ score }) => score!)
      .sort((a, b) => a - b);
    expect(best[0]).toContain(scores[1]!.toPrecision(5));
  });

  test('does not mark an algorithm of which a trial crashed', () => {
    const marked = [...page.querySelectorAll('.matrix .best')];
    expect(marked.some((cell) => cell.querySelector('.badge'))).toBe(false);
  });

  test('gives the reason of every trial without a score', () => {
    for (const { reason } of results.trials) if (reason) expect(page.body.textContent).toContain(reason);
  });

  test('draws convergence, accuracy against time and three profiles, each with words', () => {
    const plots = [...page.querySelectorAll('figure svg[role=img]')];
    // 8 + 4 + 0 instances with curves, 8 + 4 + 2 with scores, 3 profiles a scenario, sweeps of 8 and of 4.
    expect(plots.length).toBe(12 + 14 + 9 + 2);
    for (const plot of plots) {
      expect(plot.getAttribute('aria-label')!.length).toBeGreaterThan(40);
      expect(plot.getAttribute('viewBox')).toBe('0 0 380 250');
      expect(plot.outerHTML).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  test('keeps the two option sets of one algorithm apart', () => {
    const names = textOf('#scenario-optimal-transport .legend')[0];
    expect(names).toContain('sinkhorn-newton-sparse (regularization 0.001)');
    expect(names).toContain('sinkhorn-newton-sparse (regularization 0.01)');
  });

  test('links papers', () => {
    const links = [...page.querySelectorAll('.paper a')].map((link) => link.getAttribute('href'));
    expect(links).toContain('https://arxiv.org/abs/2401.12253');
  });

  test('asks for nothing: no source, no sheet, no import', () => {
    expect([...page.querySelectorAll('[src], object, iframe')]).toHaveLength(0);
    expect([...page.querySelectorAll('link')].map((link) => link.getAttribute('href'))).toEqual(['data:,']);
    expect(report).not.toMatch(/@import|url\(/);
  });

  test('has unique ids, and every inner link has a place to go', () => {
    const ids = [...page.querySelectorAll('[id]')].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const link of page.querySelectorAll('a[href^="#"]')) {
      expect(ids).toContain(link.getAttribute('href')!.slice(1));
    }
  });

  test('is the same for equal results', () => {
    expect(writeReport(sampleResults())).toBe(report);
  });
});

describe('scores of zero', () => {
  test('stand at the edge of a logarithmic axis, with a note', () => {
    const trials = results.trials.map((record) =>
      record.trial.algorithm === 'exact-simplex' && record.status === 'ok' ? { ...record, score: 0 } : record,
    );
    const zeros = writeReport({ ...results, trials });
    expect(zeros).toContain('Scores of zero and below stand at the lower end');
    expect(report).not.toContain('Scores of zero and below stand at the lower end');
    expect(zeros).not.toMatch(/="[^"]*(?:NaN|Infinity)/);
  });
});

describe('results with little in them', () => {
  test('without trials and claims say what to run', () => {
    const text = parseHTML(writeReport(emptyResults())).document.body.textContent!;
    expect(text).toContain('No trial was run. espalier run runs them.');
    expect(text).toContain('No claim was measured. espalier claims measures them.');
    expect(text).toContain('No algorithm is described');
  });

  test('of a scenario without trials say so', () => {
    const page = writeReport({ ...sampleResults(), trials: [] });
    expect(page.match(/No trial of this scenario was run/g)).toHaveLength(3);
  });

  test('of one algorithm on one instance give no profile but the reason', () => {
    const [first] = results.trials.filter(({ status }) => status === 'ok');
    const page = writeReport({ ...results, trials: [first!] });
    expect(page).toContain('need at least two instances and two algorithms; here 1 and 1');
  });

  test('in which every trial failed have no plots but the reasons', () => {
    const trials = results.trials.map(({ score: _, algorithmMs: __, ...record }) => ({
      ...record,
      status: 'failed' as const,
      reason: 'It always fails.',
      curve: [],
    }));
    const page = writeReport({ ...results, trials });
    expect(page).toContain('It always fails.');
    expect(page).toContain('No trial recorded a curve.');
    expect(page).toContain('No trial finished.');
  });
});

describe('what comes from outside', () => {
  const attack = `"><script>alert(1)</script><img src=x onerror='alert(1)'>`;

  /** Every string of the results but those that stand for one of a few words. */
  function poison<T>(value: T, key = ''): T {
    const words = [
      'format',
      'status',
      'verdict',
      'direction',
      'scale',
      'suite',
      'source',
      'kind',
      'tier',
      'createdAt',
    ];
    if (typeof value === 'string') return (words.includes(key) ? value : `${value}${attack}`) as T;
    if (Array.isArray(value)) return value.map((item) => poison(item, key)) as T;
    if (value === null || typeof value !== 'object') return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, poison(member, name)]),
    ) as T;
  }

  test('stays text wherever it stands', () => {
    const poisoned: ResultsFile = poison(sampleResults({ instances: 3 }));
    const { document } = parseHTML(writeReport(poisoned));
    expect([...document.querySelectorAll('script')]).toHaveLength(1);
    expect([...document.querySelectorAll('img, [onerror]')]).toHaveLength(0);
    expect(document.body.textContent).toContain('<script>alert(1)</script>');
  });

  test('has no trial of an unknown scenario', () => {
    expect(() => writeReport({ ...results, scenarios: [] })).toThrow('which the results do not describe');
  });
});
