import { createRandom, type RandomSource } from '@espalier/core';
import { assert, type SolverFixture } from '@espalier/testkit';
import {
  type BlackBoxProblem,
  type BlackBoxSolution,
  candidatesFrom,
  generatedProblem,
  gpPosterior,
  tabulatedProblem,
} from '../src/index.js';

/** A table of a smooth function on random points. */
export function smoothProblem(
  random: RandomSource,
  size: number,
  budget: number,
  goal: 'max' | 'min' = 'max',
): BlackBoxProblem {
  const rows = Array.from({ length: size }, () => [random.uniform(), random.uniform()]);
  const values = Float64Array.from(rows, ([x, y]) => Math.sin(5 * x) + Math.cos(4 * y));
  return tabulatedProblem(candidatesFrom(rows), values, {
    kernel: { kind: 'rbf', lengthScale: 0.3 },
    noiseVariance: 0.04,
    budget,
    goal,
    seed: size,
  });
}

const wrong = (change: Partial<BlackBoxProblem>): BlackBoxProblem => ({
  ...smoothProblem(createRandom(1), 8, 10),
  ...change,
});

const near = (a: number, b: number, allowed = 1e-7) => Math.abs(a - b) <= allowed * Math.max(1, Math.abs(b));

/** What every solver of the family must get right. */
export const blackBoxFixture: SolverFixture<BlackBoxProblem, BlackBoxSolution> = {
  problems: (random) => [
    smoothProblem(random, 12, 40),
    smoothProblem(random, 30, 60, 'min'),
    {
      ...smoothProblem(random, 20, 30),
      initial: [{ index: 3, count: 2, mean: 0.4, squares: 0.01 }],
      priorMean: 0.5,
    },
    smoothProblem(random, 9, 1),
  ],
  long: generatedProblem({ candidates: 60, budget: 120, seed: 3 }),
  invalid: {
    'no candidates': wrong({ candidates: { points: new Float64Array(0), dimension: 2 } }),
    'points that do not fit the dimension': wrong({
      candidates: { points: new Float64Array(7), dimension: 2 },
    }),
    'a dimension of zero': wrong({ candidates: { points: new Float64Array(4), dimension: 0 } }),
    'a coordinate that is NaN': wrong({
      candidates: { points: Float64Array.of(0, Number.NaN), dimension: 1 },
    }),
    'a list for a Float64Array': wrong({ candidates: { points: [1, 2] as never, dimension: 1 } }),
    'a budget of zero': wrong({ budget: 0 }),
    'a budget that is no integer': wrong({ budget: 2.5 }),
    'a noise variance of zero': wrong({ noiseVariance: 0 }),
    'a negative noise variance': wrong({ noiseVariance: -1 }),
    'an infinite noise variance': wrong({ noiseVariance: Number.POSITIVE_INFINITY }),
    'noise variances of another length': wrong({ noiseVariance: new Float64Array(3).fill(1) }),
    'a noise variance below the resolution': wrong({ noiseVariance: 1e-13 }),
    'no evaluate': wrong({ evaluate: undefined as never }),
    'an unknown goal': wrong({ goal: 'maximize' as never }),
    'an unknown kernel': wrong({ kernel: { kind: 'cubic', lengthScale: 1 } as never }),
    'a kernel without length scale': wrong({ kernel: { kind: 'rbf' } as never }),
    'a length scale of zero': wrong({ kernel: { kind: 'rbf', lengthScale: 0 } }),
    'length scales of another number': wrong({ kernel: { kind: 'matern52', lengthScale: [1, 1, 1] } }),
    'a negative amplitude': wrong({ kernel: { kind: 'matern12', lengthScale: 1, amplitude: -1 } }),
    'a polynomial of degree 1.5': wrong({ kernel: { kind: 'polynomial', degree: 1.5 } }),
    'a kernel that is zero somewhere': wrong({ kernel: () => 0 }),
    'a linear kernel at the origin': wrong({
      candidates: { points: Float64Array.of(0, 1), dimension: 1 },
      kernel: { kind: 'linear' },
    }),
    'a prior mean that is NaN': wrong({ priorMean: Number.NaN }),
    'an observation of no candidate': wrong({ initial: [{ index: 8, count: 1, mean: 0, squares: 0 }] }),
    'an observation of nothing': wrong({ initial: [{ index: 0, count: 0, mean: 0, squares: 0 }] }),
    'an observation that is NaN': wrong({ initial: [{ index: 0, count: 1, mean: Number.NaN, squares: 0 }] }),
    'a truth of another length': wrong({ truth: new Float64Array(2) }),
  },
  verify(problem, solution) {
    const spent = solution.history.reduce((sum, { repetitions }) => sum + repetitions, 0);
    assert(spent === problem.budget && solution.evaluations === spent, `${spent} evaluations were made`);
    assert(solution.reason === 'budget', `it stopped for ${solution.reason}`);
    const counted = solution.observations.reduce((sum, { count }) => sum + count, 0);
    const known = problem.initial?.reduce((sum, { count }) => sum + count, 0) ?? 0;
    assert(counted === spent + known, `${counted} values are summed up`);
    assert(solution.unique === solution.observations.length, 'unique candidates are miscounted');
    const { index, mean, standardDeviation } = solution.best;
    const sign = problem.goal === 'min' ? -1 : 1;
    for (const observation of solution.observations) {
      assert(
        sign * mean >= sign * solution.posterior.mean[observation.index] - 1e-12,
        `candidate ${observation.index} is better than the best`,
      );
    }
    assert(mean === solution.posterior.mean[index], 'the best mean is not that of the posterior');
    assert(near(standardDeviation ** 2, solution.posterior.variance[index]), 'deviation and variance differ');
    assert(
      solution.posterior.variance.every((v) => v >= 0),
      'a variance is negative',
    );
    assert(solution.informationGain > 0 || spent === 1, 'no information was gained');
    let switches = 0;
    solution.history.forEach(({ index: at }, h) => {
      if (h > 0 && at !== solution.history[h - 1].index) switches++;
    });
    assert(switches === solution.switches, `${switches} switches happened`);
    const best = Math.max(...problem.truth!.map((v) => sign * v));
    const regret = solution.history.reduce(
      (sum, step) => sum + step.repetitions * (best - sign * problem.truth![step.index]),
      0,
    );
    assert(near(solution.regret!.cumulative, regret), 'the regret is not the sum over the history');
    assert(near(solution.regret!.simple, best - sign * problem.truth![index]), 'the simple regret is wrong');
  },
  feasible(problem, solution) {
    assert(solution.evaluations >= 1 && solution.evaluations <= problem.budget, 'the budget was not kept');
    assert(solution.reason === 'time limit', `it stopped for ${solution.reason}`);
  },
  relations: [
    {
      name: 'minimising the negated function is maximising it',
      transform: (problem) => ({
        problem: {
          ...problem,
          goal: problem.goal === 'min' ? 'max' : 'min',
          priorMean: 0 - (problem.priorMean ?? 0),
          truth: problem.truth!.map((v) => 0 - v),
          initial: (problem.initial ?? []).map((o) => ({ ...o, mean: 0 - o.mean })),
          evaluate: async (index, repetitions, context) =>
            Float64Array.from(await problem.evaluate(index, repetitions, context), (v) => 0 - v),
        },
        check(p, q) {
          assert(
            p.history.every(({ index }, h) => index === q.history[h].index),
            'other candidates were evaluated',
          );
          assert(p.best.index === q.best.index && near(p.best.mean, 0 - q.best.mean), 'another best');
        },
      }),
    },
    {
      name: 'moving all points changes nothing',
      transform: (problem) => ({
        problem: {
          ...problem,
          candidates: {
            ...problem.candidates,
            // A power of two: no coordinate is rounded enough to matter.
            points: problem.candidates.points.map((x) => x + 2),
          },
        },
        check(p, q) {
          assert(
            p.history.every(({ index }, h) => index === q.history[h].index),
            'other candidates were evaluated',
          );
        },
      }),
    },
    {
      name: 'a copy of a candidate is never evaluated beside it',
      transform: (problem) => {
        const { points, dimension } = problem.candidates;
        const copied = Float64Array.of(...points, ...points.subarray(0, dimension));
        const size = points.length / dimension;
        const original = (index: number) => (index === size ? 0 : index);
        return {
          problem: {
            ...problem,
            candidates: { points: copied, dimension },
            truth: Float64Array.of(...problem.truth!, problem.truth![0]),
            evaluate: (index, repetitions, context) =>
              problem.evaluate(original(index), repetitions, context),
          },
          check(_p, q) {
            assert(
              q.history.every(({ index }) => index < size),
              'the copy was evaluated as a candidate of its own',
            );
          },
        };
      },
    },
  ],
  comparable: ({ milliseconds: _time, history, ...rest }) => ({
    ...rest,
    history: history.map(({ milliseconds: _at, ...step }) => step),
  }),
};

/** Solvers with the exact posterior: what they report is what regression on their observations gives. */
export function verifyExact(problem: BlackBoxProblem, solution: BlackBoxSolution): void {
  blackBoxFixture.verify(problem, solution);
  const { initial: _known, ...rest } = problem;
  const { mean, variance, logDeterminant } = gpPosterior(rest, solution.observations);
  assert(
    mean.every((m, x) => near(m, solution.posterior.mean[x], 1e-8)),
    'the means are not those of regression',
  );
  assert(
    variance.every((v, x) => near(v, solution.posterior.variance[x], 1e-8)),
    'the variances are not those of regression',
  );
  assert(near(logDeterminant, 2 * solution.informationGain, 1e-8), 'the information gain is wrong');
}
