import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type AnyAlgorithm,
  defineDynamicAlgorithm,
  defineDynamicScenario,
  defineProblemFamily,
  type Environment,
  isDynamicAlgorithmOf,
  isSolverOf,
  noDataFiles,
  type Trial,
  UnsupportedError,
} from '../src/index.js';
import { newton, squareRoot } from './fixtures.js';

/** The first event is the modulus, the answers are running totals. */
const totals = defineProblemFamily<readonly number[], readonly number[]>({
  name: 'totals',
  summary: 'The total so far, modulo the first event.',
  formats: [],
  solutionToJson: (answers) => [...answers],
});

let disposed = 0;
const total = defineDynamicAlgorithm({
  name: 'total',
  summary: 'Adds up.',
  solves: totals,
  options: z.strictObject({ largest: z.number().default(100).describe('The largest modulus.') }),
  create({ largest }) {
    let [modulus, sum] = [0, 0];
    return {
      process(event) {
        if (modulus === 0 && event > largest)
          throw new UnsupportedError(`takes no modulus beyond ${largest}`);
        if (modulus === 0) modulus = event;
        else sum = (sum + event) % modulus;
        return sum;
      },
      reset() {
        modulus = sum = 0;
      },
      statistics: () => ({ sum }),
      dispose() {
        disposed++;
      },
    };
  },
});

const choosy = defineDynamicAlgorithm({
  ...total,
  name: 'choosy',
  accepts: (first, { largest }) => first <= largest / 2 || 'needs half',
});

/** Gives the last answer plus one, `count` times. */
const echo = (count: number) => (): Environment<number, number> => {
  let left = count;
  return { next: (previous) => (left-- > 0 ? (previous ?? 6) + 1 : undefined) };
};

const scenario = defineDynamicScenario({
  name: 'totals',
  summary: 'Totals.',
  family: totals,
  score: { name: 'last total', direction: 'minimize' },
  instances: async () => [
    { name: 'list', source: 'generated', parameters: { list: true }, timeLimitMs: 1_000 },
    { name: 'environment', source: 'generated', parameters: { list: false }, timeLimitMs: 1_000 },
  ],
  load: async ({ parameters }) => ({ events: parameters.list ? [7, 3, 5, 2] : echo(300), secret: 42 }),
  evaluate: ({ secret, instance }, { answers, stopped, statistics, setupMs, eventsMs }) => ({
    score: answers.at(-1)!,
    metrics: { secret, events: answers.length, kept: Number(statistics!.sum), setupMs, eventsMs },
    stopped: `${instance.name}: ${stopped}`,
  }),
  curve: ({ answers }) => answers.at(-1),
});

const context = { suite: 'quick' as const, data: noDataFiles };
const loaded = async (index: number) => scenario.load((await scenario.instances(context))[index]!, context);
const trialWith = (run: Trial['run'], points: number[] = []): Trial => ({
  run,
  services: {},
  point: (_score, iteration) => points.push(iteration),
  untimed: (work) => work(),
});

describe('defineDynamicScenario', () => {
  it('takes every algorithm of the family, and no other', () => {
    expect([total, choosy, newton].map((each) => scenario.takes(each as AnyAlgorithm))).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('asks an algorithm whether it accepts the first event, with its options', async () => {
    const task = await loaded(0);
    expect(scenario.accepts(choosy as AnyAlgorithm, task)).toBe(true);
    expect(scenario.accepts(choosy as AnyAlgorithm, task, { largest: 8 })).toBe('needs half');
    expect(scenario.accepts(newton as AnyAlgorithm, task)).toMatch('does not answer the events of totals');
  });

  it('else shows it the first event, and takes UnsupportedError for no', async () => {
    const task = await loaded(0);
    expect(scenario.accepts(total as AnyAlgorithm, task)).toBe(true);
    const before = disposed;
    expect(scenario.accepts(total as AnyAlgorithm, task, { largest: 3 })).toBe('takes no modulus beyond 3');
    expect(disposed).toBe(before + 1);
  });

  it('answers a list of events, and gives evaluate the task, the answers and the time', async () => {
    const { score, metrics, stopped } = await scenario.run(
      total as AnyAlgorithm,
      {},
      await loaded(0),
      trialWith({}),
    );
    expect([score, stopped]).toEqual([3, 'list: finished']);
    expect(metrics).toMatchObject({ secret: 42, events: 4, kept: 3 });
    expect(metrics.eventsMs).toBeGreaterThan(0);
  });

  it('plays with an environment, a new one for every run, and draws a curve', async () => {
    const task = await loaded(1);
    for (let i = 0; i < 2; i++) {
      const points: number[] = [];
      const { metrics } = await scenario.run(total as AnyAlgorithm, {}, task, trialWith({}, points));
      expect(metrics.events).toBe(300);
      expect(points.length).toBeGreaterThan(2);
      expect(points).toEqual([...points].sort((a, b) => a - b));
    }
  });

  it('stops at the time limit with what there is, and when it is told to', async () => {
    const task = await loaded(1);
    let now = 0;
    const slow = { ...trialWith({ timeLimitMs: 20 }), services: { clock: { now: () => now++ } } };
    const { stopped, metrics } = await scenario.run(total as AnyAlgorithm, {}, task, slow);
    expect(stopped).toBe('environment: time limit');
    expect(metrics.events).toBeLessThan(40);
    const aborted = trialWith({ signal: AbortSignal.abort() });
    await expect(scenario.run(total as AnyAlgorithm, {}, task, aborted)).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});

it('isDynamicAlgorithmOf and isSolverOf look at kind and family', () => {
  expect(isDynamicAlgorithmOf(totals, total as AnyAlgorithm)).toBe(true);
  expect(isDynamicAlgorithmOf({ ...totals, name: 'other' }, total as AnyAlgorithm)).toBe(false);
  expect(isDynamicAlgorithmOf(totals, newton as AnyAlgorithm)).toBe(false);
  expect(isSolverOf(squareRoot, total as AnyAlgorithm)).toBe(false);
});
