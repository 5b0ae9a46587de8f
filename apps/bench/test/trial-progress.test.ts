import { expect, it } from 'vitest';
import { followTrials } from '../src/progress/trial-progress.js';
import type { TrialRecord, TrialSpec } from '../src/results/results-file.js';

const trial = (algorithm: string): TrialSpec => ({
  scenario: 'doubling',
  instance: { name: 'three', source: 'generated', parameters: {}, timeLimitMs: 1_000 },
  algorithm,
  plugin: { name: 'plugin', version: '1.0.0' },
  options: {},
  seed: 1,
  repetition: 0,
  runtime: 'none',
  suite: 'quick',
});
const record = (spec: TrialSpec, status: TrialRecord['status']): TrialRecord => ({
  key: 'key',
  trial: spec,
  status,
  metrics: {},
  curve: [],
  wallMs: 1,
  startedAt: '2026-01-01T00:00:00.000Z',
});

it('shows how far the run is, what runs, its score, and what went wrong', () => {
  let shown = '';
  const status = {
    visible: false,
    show(text: string) {
      shown = text;
    },
    clear() {
      shown = '';
    },
  };
  const progress = followTrials(3, status);
  const [first, second, third] = [trial('first'), trial('second'), trial('third')];
  progress.start(first);
  expect(shown).toMatch(/^\[1\/3\] doubling \/ three {2}first {2}/);
  progress.finish({ record: record(first, 'crashed'), stored: false });
  progress.start(second);
  progress.point(second, { timeMs: 1, iteration: 1, score: 0.25 });
  progress.start(third);
  expect(shown).toMatch(/^\[2\/3\] doubling \/ three {2}second {2}.* {2}0\.25 {2}and 1 more {2}1 crashed$/);
  progress.stop();
  expect(shown).toBe('');
});
