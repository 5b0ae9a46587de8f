import { createRandom, InvalidProblemError, type RandomSource } from '@espalier/core';
import type { DynamicFixture } from '@espalier/testkit';
import { type AskTellAnswer, type AskTellEvent, candidatesFrom } from '../src/index.js';
import { type MetaSetting, naivePosterior, naiveStep, rbf } from './brute-force.js';

const HORIZON = 40;
const NOISE = 0.05;
const LENGTH = 0.4;

export type StartEvent = Extract<AskTellEvent, { type: 'start' }>;

/** A session by the definitions: all values each time, every evaluation under way a row of the system. */
export class NaiveSession {
  private readonly setting: MetaSetting;
  private readonly sign: number;
  private readonly history: { index: number; value: number }[] = [];
  private pending: number[] = [];

  constructor(
    { candidates: { points, dimension }, goal }: StartEvent,
    options: { ratio: number; acquisition: 'ucb' | 'ei' } = { ratio: 1.1, acquisition: 'ei' },
  ) {
    const rows = Array.from({ length: points.length / dimension }, (_, i) => [
      ...points.subarray(i * dimension, (i + 1) * dimension),
    ]);
    this.setting = {
      points: rows,
      kernel: rbf(LENGTH),
      noise: () => NOISE,
      delta: 1 / HORIZON,
      ...options,
    };
    this.sign = goal === 'min' ? -1 : 1;
  }

  ask(most = Math.max(1, HORIZON - this.history.length - this.pending.length)) {
    const step = naiveStep(this.setting, this.history, most, this.pending);
    for (let i = 0; i < step.repetitions; i++) this.pending.push(step.index);
    const { index, repetitions, acquisition, mean, sigma: standardDeviation } = step;
    return { index, repetitions, mean: this.sign * mean, standardDeviation, acquisition };
  }

  tell(index: number, values: ArrayLike<number>): void {
    for (const value of Array.from(values)) {
      this.history.push({ index, value: this.sign * value });
      const at = this.pending.indexOf(index);
      if (at >= 0) this.pending.splice(at, 1);
    }
  }

  fail(index: number): void {
    this.pending = this.pending.filter((other) => other !== index);
  }

  underWay(): readonly number[] {
    return this.pending;
  }

  estimate(index: number) {
    const { mean, variance } = naivePosterior(this.setting, this.history);
    return { index, mean: this.sign * mean[index], standardDeviation: Math.sqrt(variance[index]) };
  }

  best() {
    const { mean } = naivePosterior(this.setting, this.history);
    const seen = [...new Set(this.history.map(({ index }) => index))];
    const top = Math.max(...seen.map((index) => mean[index]));
    return this.estimate(seen.find((index) => mean[index] >= top - 1e-10)!);
  }

  counts() {
    return { unique: new Set(this.history.map(({ index }) => index)).size, pending: this.pending.length };
  }

  answer(event: AskTellEvent): AskTellAnswer {
    switch (event.type) {
      case 'start':
        return { type: 'started', ...this.counts() };
      case 'ask':
        return { type: 'asked', ...this.ask(event.most) };
      case 'tell':
        this.tell(event.index, event.values);
        return { type: 'told', ...this.counts() };
      case 'fail':
        this.fail(event.index);
        return { type: 'failed', ...this.counts() };
      case 'best':
        return { type: 'best', ...this.best() };
      case 'predict':
        return { type: 'predicted', estimates: event.indices.map((index) => this.estimate(index)) };
    }
  }
}

/** A problem and what happens with it: asks before tells, tells out of order or unasked, failures. */
export function randomSession(random: RandomSource): AskTellEvent[] {
  const size = 4 + random.integer(5);
  const start: StartEvent = {
    type: 'start',
    candidates: candidatesFrom(Array.from({ length: size }, () => [random.uniform(), random.uniform()])),
    kernel: { kind: 'rbf', lengthScale: LENGTH },
    noiseVariance: NOISE,
    horizon: HORIZON,
    goal: random.uniform() < 0.5 ? 'min' : 'max',
  };
  const events: AskTellEvent[] = [start];
  const naive = new NaiveSession(start);
  const add = (event: AskTellEvent): void => {
    events.push(event);
    naive.answer(event);
  };
  for (let i = 0; i < 12; i++) {
    const chance = random.uniform();
    const waiting = naive.underWay();
    const values = Array.from({ length: 1 + random.integer(2) }, () => random.normal());
    if (chance < 0.4) add({ type: 'ask', most: 1 + random.integer(4) });
    else if (chance < 0.6 && waiting.length > 0)
      add({ type: 'tell', index: waiting[random.integer(waiting.length)], values });
    else if (chance < 0.8) add({ type: 'tell', index: random.integer(size), values });
    else if (chance < 0.9 && waiting.length > 0) add({ type: 'fail', index: waiting[0] });
    else add({ type: 'predict', indices: [0, size - 1] });
    if (naive.counts().unique > 0 && random.uniform() < 0.2) add({ type: 'best' });
  }
  return events;
}

const start = randomSession(createRandom(5))[0] as StartEvent;
const changed = (change: Partial<StartEvent>): AskTellEvent => ({ ...start, ...change });

export const askTellFixture: DynamicFixture<AskTellEvent, AskTellAnswer> = {
  events: randomSession,
  bruteForce(events) {
    let naive: NaiveSession | undefined;
    return events.map((event) => {
      if (event.type === 'start') naive = new NaiveSession(event);
      if (!naive) throw new InvalidProblemError('no start');
      return naive.answer(event);
    });
  },
  invalid: {
    'an ask before the start': [{ type: 'ask' }],
    'no event at all': [start, undefined as never],
    'an unknown event': [start, { type: 'question' } as never],
    'a start without candidates': [start, { type: 'ask' }, changed({ candidates: undefined as never })],
    'a start with a kernel that is none': [changed({ kernel: { kind: 'rbf', lengthScale: -1 } })],
    'a start without noise': [changed({ noiseVariance: undefined as never })],
    'a horizon of zero': [changed({ horizon: 0 })],
    'an ask for nothing': [start, { type: 'ask', most: 0 }],
    'a value that is NaN': [start, { type: 'tell', index: 0, values: [1, Number.NaN] }],
    'no values': [start, { type: 'tell', index: 0, values: [] }],
    'values of no candidate': [start, { type: 'tell', index: -1, values: [1] }],
    'a failure of what is not under way': [start, { type: 'ask', most: 1 }, { type: 'fail', index: 3 }],
    'a question for the best before any value': [start, { type: 'best' }],
    'a prediction for no candidate': [start, { type: 'predict', indices: [99] }],
    'a prediction for nothing': [start, { type: 'predict' } as never],
  },
  same: (a, b) => close(a, b),
  streams: 30,
};

/** Equal in structure, numbers to 1e-7. */
function close(a: unknown, b: unknown): boolean {
  if (typeof a === 'number' && typeof b === 'number')
    return Math.abs(a - b) <= 1e-7 * Math.max(1, Math.abs(a));
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) =>
    close((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  );
}
