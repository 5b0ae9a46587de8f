import { createRandom, type Json, noDataFiles } from '@espalier/core';
import { describe, expect, test, vi } from 'vitest';
import {
  type AskTellEvent,
  type BlackBoxProblem,
  bbkb,
  blackBoxOptimization,
  candidatesFrom,
  epsilonGreedy,
  generatedProblem,
  gpBucb,
  gpPosterior,
  miniGpAskTell,
  miniGpEi,
  miniGpUcb,
  observe,
  randomSearch,
} from '../src/index.js';
import { randomSession } from './ask-tell-fixture.js';
import { naivePosterior, rbf } from './brute-force.js';
import { smoothProblem } from './fixture.js';

const problem = (change: Partial<BlackBoxProblem> = {}): BlackBoxProblem => ({
  ...smoothProblem(createRandom(1), 15, 60),
  ...change,
});
const refused = expect.objectContaining({ code: 'invalid-problem' });

describe('evaluations', () => {
  test.each([
    ['too few values', () => []],
    ['too many values', (n: number) => new Array(n + 1).fill(0)],
    ['NaN', (n: number) => new Array(n).fill(Number.NaN)],
    ['nothing', () => undefined as never],
  ])('that return %s are refused, the candidate named', async (_name, values) => {
    const evaluate = (_index: number, repetitions: number) => values(repetitions);
    const run = miniGpEi.create().solve(problem({ evaluate }));
    await expect(run).rejects.toThrow(refused);
    await expect(miniGpEi.create().solve(problem({ evaluate }))).rejects.toThrow(/candidate 0/);
  });

  test('that throw end the run with what they threw', async () => {
    const broken = new Error('the robot is stuck');
    const evaluate = async () => {
      throw broken;
    };
    await expect(miniGpEi.create().solve(problem({ evaluate }))).rejects.toBe(broken);
  });

  test('that see the signal fire end the run as aborted', async () => {
    const abort = new AbortController();
    const evaluate: BlackBoxProblem['evaluate'] = async (_index, _repetitions, { signal }) => {
      abort.abort(new Error('enough'));
      signal!.throwIfAborted();
      return [];
    };
    await expect(miniGpEi.create().solve(problem({ evaluate }), { signal: abort.signal })).rejects.toThrow(
      expect.objectContaining({ code: 'aborted' }),
    );
  });

  test('are kept when the run is aborted later: a new run can start from them', async () => {
    const abort = new AbortController();
    let reports = 0;
    const run = miniGpUcb.create().solve(problem(), {
      signal: abort.signal,
      onProgress: () => ++reports === 5 && abort.abort(),
    });
    const error = await run.catch((thrown) => thrown);
    const { observations } = error.partial;
    expect(
      observations.reduce((sum: number, { count }: { count: number }) => sum + count, 0),
    ).toBeGreaterThan(4);
    await miniGpUcb.create().solve(problem({ initial: observations }));
  });

  test('run side by side give the result of one after the other', async () => {
    let [running, most] = [0, 0];
    const base = problem({ noiseVariance: 0.5, budget: 200 });
    const slow: BlackBoxProblem = {
      ...base,
      async evaluate(index, repetitions, context) {
        running++;
        most = Math.max(most, running);
        // Later calls end earlier.
        for (let i = context.evaluation % 7; i < 7; i++) await Promise.resolve();
        running--;
        return base.evaluate(index, repetitions, context);
      },
    };
    for (const [solver, options] of [
      [miniGpUcb, { ratio: 2 }],
      [gpBucb, { ratio: 2 }],
    ] as const) {
      const alone = await solver.create(options).solve(base);
      const together = await solver.create({ ...options, concurrency: 4 }).solve(slow);
      expect(together.history.map(({ index }) => index)).toEqual(alone.history.map(({ index }) => index));
      expect(together.best.mean).toBeCloseTo(alone.best.mean, 10);
    }
    expect(most).toBe(4);
  });
});

describe('options', () => {
  test('a fixed number of repetitions, cut by the budget', async () => {
    const { history } = await miniGpUcb.create({ repetitions: 7 }).solve(problem());
    expect(history.map(({ repetitions }) => repetitions)).toEqual([7, 7, 7, 7, 7, 7, 7, 7, 4]);
  });

  test('a cap of repetitions', async () => {
    const { history } = await miniGpEi.create({ ratio: 4, maxRepetitions: 3 }).solve(problem());
    expect(Math.max(...history.map(({ repetitions }) => repetitions))).toBe(3);
  });

  test('lazy: a candidate is left where hallucinated variances prefer another', async () => {
    const points = Array.from({ length: 6 }, (_, i) => [i / 5]);
    const small: BlackBoxProblem = {
      candidates: candidatesFrom(points),
      kernel: { kind: 'rbf', lengthScale: 0.3 },
      noiseVariance: 0.3,
      budget: 40,
      evaluate: (index, repetitions) => new Array(repetitions).fill(Math.sin(index)),
    };
    const { history } = await miniGpUcb.create({ repetitions: 'lazy', beta: 2 }).solve(small);
    const setting = { points, kernel: rbf(0.3), noise: () => 0.3 };
    const seen: { index: number; value: number }[] = [];
    for (const { index, repetitions } of history) {
      const { mean } = naivePosterior(setting, seen);
      const preferred = (b: number) => {
        const more = new Array(b).fill({ index, value: 0 });
        const { variance } = naivePosterior(setting, [...seen, ...more]);
        const scores = mean.map((m, x) => m + 2 * Math.sqrt(variance[x]));
        return scores.indexOf(Math.max(...scores));
      };
      for (let b = 1; b < repetitions; b++) expect(preferred(b)).toBe(index);
      if (seen.length + repetitions < 40) expect(preferred(repetitions)).not.toBe(index);
      for (let b = 0; b < repetitions; b++) seen.push({ index, value: Math.sin(index) });
    }
    expect(Math.max(...history.map(({ repetitions }) => repetitions))).toBeGreaterThan(1);
  });

  test('at most so many unique candidates', async () => {
    const { unique, evaluations } = await miniGpUcb.create({ maxUnique: 4 }).solve(problem());
    expect([unique, evaluations]).toEqual([4, 60]);
  });

  test('switching costs make switches rare', async () => {
    const switchesAt = async (switchingCost: number) =>
      (await miniGpUcb.create({ ratio: 1.01, switchingCost }).solve(problem())).switches;
    expect(await switchesAt(0.5)).toBeLessThan((await switchesAt(0)) / 2);
  });

  test('stops when the best is known well enough', async () => {
    const solution = await miniGpEi.create({ targetWidth: 0.3 }).solve(problem({ budget: 10_000 }));
    expect(solution.reason).toBe('target width');
    expect(2 * 1.96 * solution.best.standardDeviation).toBeLessThanOrEqual(0.3001);
    expect(solution.evaluations).toBeLessThan(10_000);
  });

  test('the kernel is fitted where a wrong one was named', async () => {
    const names: BlackBoxProblem = {
      ...smoothProblem(createRandom(2), 60, 40),
      kernel: { kind: 'rbf', lengthScale: 0.01 },
      priorMean: 3,
    };
    const error = async (fit: 'never' | 'doubling') => {
      const { posterior } = await miniGpUcb.create({ fit, beta: 2, ratio: 1.5 }).solve(names);
      return posterior.mean.reduce((sum, mean, x) => sum + (mean - names.truth![x]) ** 2, 0);
    };
    expect(await error('doubling')).toBeLessThan(0.1 * (await error('never')));
  });

  test('a ratio of 1, a delta of 1 and an epsilon of 2 are refused', () => {
    const invalid = expect.objectContaining({ code: 'invalid-options' });
    expect(() => miniGpUcb.create({ ratio: 1 })).toThrow(invalid);
    expect(() => miniGpUcb.create({ delta: 1 })).toThrow(invalid);
    expect(() => epsilonGreedy.create({ epsilon: 2 })).toThrow(invalid);
  });
});

describe('noise', () => {
  test('of its own for each candidate decides how often each is evaluated', async () => {
    const noiseVariance = Float64Array.from({ length: 15 }, (_, x) => (x < 8 ? 0.01 : 4));
    const { history } = await miniGpUcb.create({ ratio: 1.5 }).solve(problem({ noiseVariance, budget: 400 }));
    const longest = (noisy: boolean) =>
      Math.max(...history.filter(({ index }) => index >= 8 === noisy).map((s) => s.repetitions));
    expect(longest(true)).toBeGreaterThan(longest(false));
  });

  test('of its own for each candidate is not for BBKB, which says so', async () => {
    const noisy = problem({ noiseVariance: new Float64Array(15).fill(0.1) });
    expect(bbkb.accepts!(noisy)).toMatch(/noise variance/);
    await expect(bbkb.create().solve(noisy)).rejects.toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    );
  });
});

describe('small and strange', () => {
  test('one candidate', async () => {
    const lonely = problem({
      candidates: { points: Float64Array.of(1, 2), dimension: 2 },
      truth: Float64Array.of(0.5),
      evaluate: (_index, repetitions) => new Array(repetitions).fill(0.5),
    });
    for (const solver of [miniGpUcb, miniGpEi, gpBucb, bbkb, randomSearch, epsilonGreedy]) {
      const { best, unique, regret } = await solver.create().solve(lonely);
      expect([best.index, unique, regret!.cumulative]).toEqual([0, 1, 0]);
    }
  });

  test('equal candidates are one', async () => {
    const rows = [[0], [0.5], [0], [-0], [0.5], [1]];
    const twins: BlackBoxProblem = {
      candidates: candidatesFrom(rows),
      kernel: { kind: 'matern52', lengthScale: 0.2 },
      noiseVariance: 1e-6,
      budget: 200,
      evaluate: (index, repetitions) => new Array(repetitions).fill(rows[index][0]),
    };
    for (const solver of [miniGpUcb, miniGpEi, gpBucb, bbkb, randomSearch, epsilonGreedy]) {
      const { unique, best } = await solver.create().solve(twins);
      expect(unique).toBeLessThanOrEqual(3);
      expect(best.index).toBe(5);
    }
  });

  test('without a kernel a guess is made', async () => {
    const { kernel: _kernel, ...rest } = problem();
    const { regret } = await miniGpEi.create({ fit: 'doubling' }).solve(rest);
    expect(regret!.simple).toBeLessThan(0.3);
  });

  test('regret below chance on a draw, from every algorithm that learns', async () => {
    const draw = generatedProblem({ candidates: 200, budget: 400, seed: 1 });
    const chance = (await randomSearch.create().solve(draw)).regret!.cumulative;
    const solvers = { miniGpUcb, miniGpEi, gpBucb, epsilonGreedy };
    const created = Object.entries(solvers).map(([name, solver]) => [name, solver.create()] as const);
    // With a dictionary factor of 1 its variances are mostly what the dictionary leaves out.
    for (const [name, solver] of [...created, ['bbkb', bbkb.create({ dictionaryFactor: 10 })] as const]) {
      const { regret } = await solver.solve(draw);
      expect(regret!.cumulative, name).toBeLessThan(0.8 * chance);
    }
  });
});

describe('a snapshot', () => {
  const events = (): AskTellEvent[] => randomSession(createRandom(21));

  test('before the start is one of nothing', () => {
    const session = miniGpAskTell.create();
    session.restore!(session.snapshot!());
    expect(() => session.process({ type: 'ask' })).toThrow(refused);
  });

  test('keeps fits, failures and what is under way, with options of its own', () => {
    const options = { fit: 'doubling', acquisition: 'ucb', switchingCost: 0.1 } as const;
    const [whole, resumed] = [miniGpAskTell.create(options), miniGpAskTell.create(options)];
    const random = createRandom(3);
    const start = { ...events()[0], candidates: problem().candidates } as AskTellEvent;
    whole.process(start);
    for (let i = 0; i < 30; i++) {
      const asked = whole.process({ type: 'ask', most: 2 }) as { index: number };
      if (i % 5 === 4) whole.process({ type: 'fail', index: asked.index });
      else whole.process({ type: 'tell', index: asked.index, values: [random.normal()] });
    }
    resumed.restore!(JSON.parse(JSON.stringify(whole.snapshot!())) as Json);
    for (let i = 0; i < 5; i++) {
      const asked = whole.process({ type: 'ask' }) as { index: number };
      expect(resumed.process({ type: 'ask' })).toEqual(asked);
      const told: AskTellEvent = { type: 'tell', index: asked.index, values: [random.normal()] };
      expect(resumed.process(told)).toEqual(whole.process(told));
    }
    expect(resumed.process({ type: 'best' })).toEqual(whole.process({ type: 'best' }));
  });

  test.each([
    [
      'a candidate that is not there',
      (s: Record<string, never>) =>
        Object.assign(s.state, { told: [{ index: 99, count: 1, mean: 0, squares: 0 }] }),
    ],
    [
      'a kernel that is none',
      (s: Record<string, never>) => Object.assign(s.problem, { kernel: { kind: 'cubic' } }),
    ],
    ['another version', (s: Record<string, never>) => Object.assign(s, { version: 2 })],
  ])('with %s is refused', (_name, damage) => {
    const session = miniGpAskTell.create();
    for (const event of events()) session.process(event);
    const snapshot = JSON.parse(JSON.stringify(session.snapshot!()));
    damage(snapshot);
    expect(() => miniGpAskTell.create().restore!(snapshot)).toThrow(
      expect.objectContaining({ code: 'invalid-data' }),
    );
  });

  test('cannot hold a kernel that is a function', () => {
    const session = miniGpAskTell.create();
    session.process({ ...events()[0], kernel: () => 1 } as AskTellEvent);
    expect(() => session.snapshot!()).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});

describe('files', () => {
  const [json, csv] = blackBoxOptimization.formats;
  const bytes = (text: string) => new TextEncoder().encode(text);

  test('a JSON table becomes a problem that can be solved, and its solution JSON', async () => {
    const table = {
      candidates: [[0], [0.5], [1]],
      values: [0, 1, 0.2],
      noiseVariance: 0.01,
      budget: 50,
      kernel: { kind: 'rbf', lengthScale: 0.3 },
    };
    const solution = await miniGpEi.create().solve(await json.read(bytes(JSON.stringify(table))));
    expect(solution.best.index).toBe(1);
    expect(blackBoxOptimization.solutionToJson(solution)).toMatchObject({ best: { index: 1 }, unique: 3 });
  });

  test('a CSV table too', async () => {
    const read = await csv.read(bytes('0,0\n1,3\n2,1\n'));
    expect([...read.truth!]).toEqual([0, 1, 1 / 3]);
    expect(read.budget).toBe(1_000);
  });

  test.each([
    '{',
    '[]',
    '{"candidates":[]}',
    '{"candidates":[[1],[2,3]],"values":[1,2],"noiseVariance":1,"budget":1}',
    '{"candidates":[[1]],"values":[1,2],"noiseVariance":1,"budget":1}',
  ])('that are none are refused: %s', (text) => {
    expect(() => json.read(bytes(text))).toThrow(refused);
  });
});

test('regression alone: a function at points, with repeated values', () => {
  const candidates = candidatesFrom([[0], [1], [2]]);
  const kernel = { kind: 'rbf', lengthScale: 1 } as const;
  const { mean, variance } = gpPosterior({ candidates, kernel, noiseVariance: 0.5 }, [observe(0, [1, 3])]);
  // By hand: one candidate with two values of mean 2: k / (1 + 0.25) * 2.
  [1, Math.exp(-0.5), Math.exp(-2)].forEach((k, x) => {
    expect(mean[x]).toBeCloseTo((k / 1.25) * 2, 14);
    expect(variance[x]).toBeCloseTo(1 - (k * k) / 1.25, 14);
  });
});

test('the claims on tables say what they lack where there is no data', async () => {
  const { default: claims } = await import('../src/claims.js');
  const { defaultServices } = await import('@espalier/core');
  const cadata = claims.find(({ name }) => name === 'cadata')!;
  const onProgress = vi.fn();
  await expect(
    cadata.measure({ seed: 0, data: noDataFiles, services: defaultServices, onProgress }),
  ).rejects.toThrow(expect.objectContaining({ code: 'unsupported' }));
  expect(onProgress).not.toHaveBeenCalled();
});
