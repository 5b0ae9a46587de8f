import { createRandom } from '@espalier/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BlackBoxSolution,
  candidatesFrom,
  gpPosterior,
  gpUcb,
  miniGpAskTell,
  miniGpEi,
  miniGpUcb,
  observe,
  tabulatedProblem,
} from '../src/index.js';
import { askTellFixture, NaiveSession, randomSession, type StartEvent } from './ask-tell-fixture.js';
import { type MetaSetting, matern, naivePosterior, naiveStep, rbf } from './brute-force.js';
import { smoothProblem } from './fixture.js';

const seeds = fc.noShrink(fc.nat(1e6));

function randomRows(seed: number, size: number, dimension: number): number[][] {
  const random = createRandom(seed);
  return Array.from({ length: size }, () => Array.from({ length: dimension }, () => random.uniform()));
}

describe('the posterior from unique candidates', () => {
  test.each([
    ['rbf', rbf(0.3)],
    ['matern52', matern(0.3)],
  ] as const)('is the t x t one, kernel %s', (kind, kernel) => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const random = createRandom(seed);
        const points = randomRows(seed, 8, 2);
        const noise = Float64Array.from({ length: 8 }, () => 0.02 + random.uniform());
        const history = Array.from({ length: 1 + random.integer(30) }, () => ({
          index: random.integer(5),
          value: random.normal(),
        }));
        const setting = { points, kernel, noise: (i: number) => noise[i], priorMean: 0.7 };
        const naive = naivePosterior(setting, history);
        const found = gpPosterior(
          {
            candidates: candidatesFrom(points),
            kernel: { kind, lengthScale: 0.3 },
            noiseVariance: noise,
            priorMean: 0.7,
          },
          history.map(({ index, value }) => observe(index, [value])),
        );
        points.forEach((_, x) => {
          expect(Math.abs(found.mean[x] - naive.mean[x])).toBeLessThan(1e-10);
          expect(Math.abs(found.variance[x] - naive.variance[x])).toBeLessThan(1e-10);
        });
        expect(Math.abs(found.logDeterminant - naive.logDeterminant)).toBeLessThan(1e-10);
      }),
      { seed: 1, numRuns: 40 },
    );
  });

  test('stays exact over hundreds of incremental updates and refreshes', async () => {
    for (const solver of [
      miniGpUcb.create({ ratio: 1.002 }),
      gpUcb.create({}),
      gpUcb.create({ posterior: 'dense' }),
    ]) {
      const problem = smoothProblem(createRandom(2), 25, 700);
      const solution = await solver.solve(problem);
      expect(solution.posteriorUpdates).toBeGreaterThan(210); // at least one refresh of the rows
      const exact = gpPosterior(problem, solution.observations);
      exact.mean.forEach((mean, x) => {
        expect(Math.abs(mean - solution.posterior.mean[x])).toBeLessThan(1e-10);
      });
      expect(2 * solution.informationGain).toBeCloseTo(exact.logDeterminant, 9);
    }
  });
});

describe('a run of mini-META', () => {
  test.each([
    ['ucb', 1.1],
    ['ucb', 2],
    ['ei', 1.1],
    ['ei', 2],
  ] as const)('decides as the definitions do, %s with C = %d', async (acquisition, ratio) => {
    for (const seed of [1, 2, 3]) {
      const points = randomRows(seed, 10, 2);
      const truth = Float64Array.from(points, ([x, y]) => Math.sin(5 * x) * Math.cos(3 * y));
      const problem = tabulatedProblem(candidatesFrom(points), truth, {
        kernel: { kind: 'rbf', lengthScale: 0.3 },
        noiseVariance: 0.09,
        budget: 60,
        seed,
      });
      // The model's lambda is not the noise variance: xi / sqrt(lambda) is 1.5.
      const options = { ratio, regularizer: 0.04, delta: 0.1 };
      const solver = acquisition === 'ucb' ? miniGpUcb.create(options) : miniGpEi.create(options);
      const solution = await solver.solve(problem);
      const setting: MetaSetting = {
        points,
        kernel: rbf(0.3),
        noise: () => 0.04,
        ratio,
        acquisition,
        delta: 0.1,
        noiseRatio: 1.5,
      };
      const history: { index: number; value: number }[] = [];
      for (const step of solution.history) {
        const naive = naiveStep(setting, history, 60 - history.length);
        expect([step.evaluation, step.index, step.repetitions]).toEqual([
          history.length,
          naive.index,
          naive.repetitions,
        ]);
        expect(step.mean).toBeCloseTo(naive.mean, 9);
        expect(step.standardDeviation).toBeCloseTo(naive.sigma, 8);
        expect(step.acquisition).toBeCloseTo(naive.acquisition, 8);
        expect(step.logDeterminant).toBeCloseTo(naive.belief.logDeterminant, 9);
        const values = (await problem.evaluate(step.index, step.repetitions, {
          evaluation: step.evaluation,
          signal: undefined,
        })) as Float64Array;
        for (const value of values) history.push({ index: step.index, value });
      }
      expect(history.length).toBe(60);
    }
  });

  test('never lets a posterior deviation shrink by more than C within a period', async () => {
    const ratio = 1.5;
    const points = randomRows(4, 12, 2);
    const problem = tabulatedProblem(
      candidatesFrom(points),
      Float64Array.from(points, ([x]) => x),
      { kernel: { kind: 'rbf', lengthScale: 0.3 }, noiseVariance: 0.25, budget: 300 },
    );
    const { history } = await miniGpUcb.create({ ratio }).solve(problem);
    const setting = { points, kernel: rbf(0.3), noise: () => 0.25 };
    const seen: { index: number; value: number }[] = [];
    let longest = 0;
    for (const { index, repetitions } of history) {
      const before = naivePosterior(setting, seen).variance;
      for (let i = 0; i < repetitions; i++) seen.push({ index, value: 0 });
      // A single evaluation of an uncertain candidate may shrink more: there is no smaller period.
      if (repetitions > 1) {
        const after = naivePosterior(setting, seen).variance;
        before.forEach((variance, x) => {
          expect(Math.sqrt(variance)).toBeLessThanOrEqual(ratio * Math.sqrt(after[x]) + 1e-9);
        });
      }
      longest = Math.max(longest, repetitions);
      if (seen.length > 90) break;
    }
    expect(longest).toBeGreaterThan(3);
  });

  test.each([1.05, 1.1, 1.5, 2, 4])('keeps to the bound of posterior updates at C = %d', async (ratio) => {
    for (const solver of [miniGpUcb.create({ ratio }), miniGpEi.create({ ratio })]) {
      const { posteriorUpdates, unique, informationGain } = await solver.solve(
        smoothProblem(createRandom(6), 40, 600),
      );
      const bound = (2 * informationGain) / Math.log((ratio * ratio + 1) / 2) + 1;
      expect(posteriorUpdates).toBeLessThanOrEqual(bound);
      expect(unique).toBeLessThanOrEqual(posteriorUpdates);
    }
  });

  test('comes close to GP-UCB as C comes close to 1', async () => {
    const problem = smoothProblem(createRandom(7), 20, 150);
    const [mini, plain] = [
      await miniGpUcb.create({ ratio: 1.000001 }).solve(problem),
      await gpUcb.create({}).solve(problem),
    ];
    expect(mini.history.map(({ index }) => index)).toEqual(plain.history.map(({ index }) => index));
  });

  test('gains nothing by where it is cut: a run goes on from the observations of another', async () => {
    const problem = smoothProblem(createRandom(8), 25, 200);
    const solver = miniGpUcb.create({ delta: 0.01, ratio: 1.3 });
    const whole = await solver.solve(problem);
    const cut = whole.history[Math.floor(whole.history.length / 2)].evaluation;
    const first = await solver.solve({ ...problem, budget: cut });
    const second = await solver.solve({
      ...problem,
      budget: 200 - cut,
      initial: JSON.parse(JSON.stringify(first.observations)),
      evaluate: (index, repetitions, { evaluation, signal }) =>
        problem.evaluate(index, repetitions, { evaluation: evaluation + cut, signal }),
    });
    const steps = ({ history }: BlackBoxSolution) =>
      history.map(({ index, repetitions }) => ({ index, repetitions }));
    expect([...steps(first), ...steps(second)]).toEqual(steps(whole));
    expect(second.best.index).toBe(whole.best.index);
    expect(second.best.mean).toBeCloseTo(whole.best.mean, 10);
  });
});

test('ask and tell, one by one, decides as the solver does', async () => {
  for (const acquisition of ['ucb', 'ei'] as const) {
    const problem = smoothProblem(createRandom(9), 15, 120, 'min');
    const solution = await (acquisition === 'ucb' ? miniGpUcb : miniGpEi)
      .create({ ratio: 1.5 })
      .solve(problem);
    const session = miniGpAskTell.create({ acquisition, ratio: 1.5 });
    const { candidates, kernel, noiseVariance, goal } = problem;
    session.process({
      type: 'start',
      candidates,
      kernel: kernel!,
      noiseVariance,
      goal: goal!,
      horizon: 120,
    });
    for (const step of solution.history) {
      const asked = session.process({ type: 'ask' });
      expect(asked).toMatchObject({
        index: step.index,
        repetitions: step.repetitions,
        mean: step.mean,
        standardDeviation: step.standardDeviation,
        acquisition: step.acquisition,
      });
      const values = (await problem.evaluate(step.index, step.repetitions, {
        evaluation: step.evaluation,
        signal: undefined,
      })) as Float64Array;
      session.process({ type: 'tell', index: step.index, values });
    }
    expect(session.process({ type: 'best' })).toMatchObject({ type: 'best', ...solution.best });
  }
});

test.each([
  ['ucb', 1.1],
  ['ucb', 3],
  ['ei', 3],
] as const)(
  'a session with late and unasked values answers by the definitions, %s with C = %d',
  (acquisition, ratio) => {
    for (let seed = 1; seed <= 12; seed++) {
      const events = randomSession(createRandom(seed)).filter(({ type }) => type !== 'fail');
      const naive = new NaiveSession(events[0] as StartEvent, { acquisition, ratio });
      const session = miniGpAskTell.create({ acquisition, ratio });
      for (const event of events) {
        const expected = naive.answer(event);
        const answer = session.process(event);
        expect(
          askTellFixture.same!(expected, answer),
          JSON.stringify({ seed, event, expected, answer }),
        ).toBe(true);
      }
    }
  },
);
