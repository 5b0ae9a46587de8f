import { createRandom } from '@espalier/core';
import { describe, expect, test } from 'vitest';
import { chooseCandidate, expectedImprovementOverBest } from '../src/acquisition.js';
import { BbkbStrategy } from '../src/bbkb-strategy.js';
import { fittedExponent } from '../src/claim-runs.js';
import { Hallucination } from '../src/hallucination.js';
import {
  candidatesFrom,
  fitKernel,
  logLikelihood,
  observe,
  searchSpace,
  tableFromCsv,
} from '../src/index.js';
import { createKernel, type KernelSpec } from '../src/kernel.js';
import { noiseStream } from '../src/noise-stream.js';
import {
  expectedImprovement,
  logExpectedImprovement,
  normalCumulative,
  normalDensity,
} from '../src/normal-distribution.js';
import { pool } from '../src/observation.js';
import { posteriorOf } from '../src/posterior.js';
import { prepareModel } from '../src/prepared-problem.js';
import { minimizeInBox } from '../src/quasi-newton.js';
import { adaptiveRepetitions } from '../src/repetitions.js';
import { naivePosterior, rbf } from './brute-force.js';
import { smoothProblem } from './fixture.js';

describe('the normal distribution', () => {
  // Reference values to 16 digits by arbitrary-precision arithmetic (50 digits).
  test.each([
    [0, 0.5],
    [-1, 0.15865525393145705],
    [-2, 0.02275013194817921],
    [-2.5, 0.006209665325776135],
    [-5, 2.866515718791939e-7],
    [-10, 7.619853024160525e-24],
    [-20, 2.753624118606234e-89],
    [-37, 5.725571222524577e-300],
    [1.5, 0.9331927987311419],
  ])('Phi(%d) = %d to 1e-12', (z, expected) => {
    expect(Math.abs(normalCumulative(z) / expected - 1)).toBeLessThan(1e-12);
  });

  test('the improvement is the integral of Phi, in both branches and on either side of their border', () => {
    for (const z of [-8, -5, -3, -2.0001, -1.9999, -1, 0, 1, 3]) {
      // h' = Phi: Simpson's rule over a short interval.
      const h = 1e-3;
      const rise = expectedImprovement(z + h) - expectedImprovement(z - h);
      const area = (h / 3) * (normalCumulative(z - h) + 4 * normalCumulative(z) + normalCumulative(z + h));
      expect(Math.abs(rise / area - 1)).toBeLessThan(1e-8);
    }
  });

  test('far in the tail h(z) is phi(z) / z^2 (1 - 3/z^2 + 15/z^4), and its logarithm stays finite', () => {
    for (const z of [-30, -36]) {
      const series = (normalDensity(z) / z ** 2) * (1 - 3 / z ** 2 + 15 / z ** 4 - 105 / z ** 6);
      expect(Math.abs(expectedImprovement(z) / series - 1)).toBeLessThan(1e-8);
      expect(logExpectedImprovement(z)).toBeCloseTo(Math.log(expectedImprovement(z)), 10);
    }
    expect(expectedImprovement(-60)).toBe(0);
    expect(logExpectedImprovement(-60)).toBeCloseTo(
      -1800 - 0.5 * Math.log(2 * Math.PI) - 2 * Math.log(60) + Math.log1p(-3 / 3600),
      5,
    );
  });
});

test('where all improvements underflow, the logarithms choose', () => {
  // The best mean is known exactly (variance 0): only hopeless candidates are left, the second less so.
  const mean = Float64Array.of(1, 0, 0.5);
  const variance = Float64Array.of(0, 1e-6, 1e-6);
  const scores = new Float64Array(3);
  const choice = { current: undefined, switchingCost: 0 };
  const acquisition = expectedImprovementOverBest({ nu: 1, delta: 0.1 });
  expect(chooseCandidate(acquisition, mean, variance, 1, choice, scores)).toBe(2);
  expect([...scores]).toEqual([0, 0, 0]);
});

describe('kernels', () => {
  const candidates = candidatesFrom([
    [0, 0],
    [0.3, 0],
    [0, 1.2],
  ]);
  const row = (spec: KernelSpec) => {
    const out = new Float64Array(3);
    createKernel(spec, candidates).fillRow(0, out);
    return [...out];
  };

  test('have their formulas', () => {
    const lengthScale = [0.3, 0.6]; // r = 1 and r = 2
    const [s3, s5] = [Math.sqrt(3), Math.sqrt(5)];
    const expected: Record<string, number[]> = {
      rbf: [1, Math.exp(-0.5), Math.exp(-2)],
      matern12: [1, Math.exp(-1), Math.exp(-2)],
      matern32: [1, (1 + s3) * Math.exp(-s3), (1 + 2 * s3) * Math.exp(-2 * s3)],
      matern52: [1, (1 + s5 + 5 / 3) * Math.exp(-s5), (1 + 2 * s5 + 20 / 3) * Math.exp(-2 * s5)],
    };
    for (const [kind, values] of Object.entries(expected)) {
      row({ kind, lengthScale, amplitude: 2 } as KernelSpec).forEach((value, i) => {
        expect(value).toBeCloseTo(2 * values[i], 14);
      });
    }
    expect(row({ kind: 'polynomial', degree: 2, offset: 3 })).toEqual([9, 9, 9]);
    const own = createKernel((x, y) => 1 + x[0] * y[0] + x[1] * y[1], candidates);
    const linear = createKernel({ kind: 'linear', offset: 1 }, candidates);
    for (const j of [0, 1, 2]) {
      const [a, b] = [new Float64Array(3), new Float64Array(3)];
      own.fillRow(j, a);
      linear.fillRow(j, b);
      expect(a).toEqual(b);
    }
  });
});

test('repetitions: by hand', () => {
  // lambda (C^2 - 1) / sigma^2 = 0.01 * 3 / 0.004 = 7.5
  expect(adaptiveRepetitions(0.01, 0.004, 2)).toBe(7);
  expect(adaptiveRepetitions(0.01, 1, 1.1)).toBe(1);
  expect(adaptiveRepetitions(0.01, 0, 1.1)).toBe(Number.POSITIVE_INFINITY);
});

test('observations pool as all their values together', () => {
  const [a, b] = [
    [1, 2, 4],
    [-3, 0.5],
  ];
  const together = pool(observe(7, a), observe(7, b));
  const all = observe(7, [...a, ...b]);
  expect(together.count).toBe(5);
  expect(together.mean).toBeCloseTo(all.mean, 14);
  expect(together.squares).toBeCloseTo(all.squares, 13);
});

test('hallucinated variances are those of the posterior after any values', () => {
  const problem = smoothProblem(createRandom(3), 12, 10);
  const { prior } = prepareModel(problem);
  const known = [observe(2, [0.3, 0.1]), observe(5, [1])];
  const hallucination = new Hallucination(posteriorOf(prior, known));
  hallucination.add(7, 3);
  hallucination.add(2, 1);
  const after = posteriorOf(prior, [...known.slice(1), observe(2, [0, 0, 0]), observe(7, [9, 9, 9])]);
  hallucination.variance.forEach((variance, x) => {
    expect(variance).toBeCloseTo(after.variance[x], 12);
  });
});

describe('the likelihood', () => {
  const random = createRandom(11);
  const points = Array.from({ length: 14 }, () => [random.uniform(), random.uniform()]);
  const candidates = candidatesFrom(points);
  const draw = (i: number) => Math.sin(6 * points[i][0]) + 0.1 * points[i][1];
  const histories = points.map((_, i) =>
    Array.from({ length: 1 + (i % 3) }, () => 2 + draw(i) + 0.1 * random.normal()),
  );
  const observations = histories.map((values, index) => observe(index, values));

  test('is that of all values one by one', () => {
    const history = histories.flatMap((values, index) => values.map((value) => ({ index, value })));
    const [lambda, mean] = [0.05, 1.5];
    // By the chain rule: the density of each value given those before.
    let expected = 0;
    history.forEach(({ index, value }, t) => {
      const setting = { points, kernel: rbf(0.4), noise: () => lambda, priorMean: mean };
      const before = naivePosterior(setting, history.slice(0, t));
      const variance = before.variance[index] + lambda;
      expected -= 0.5 * (Math.log(2 * Math.PI * variance) + (value - before.mean[index]) ** 2 / variance);
    });
    const found = logLikelihood(candidates, observations, {
      kernel: { kind: 'rbf', lengthScale: 0.4 },
      noiseVariance: lambda,
      mean,
    });
    expect(found).toBeCloseTo(expected, 8);
  });

  test.each(['rbf', 'matern12', 'matern32', 'matern52'] as const)(
    'of a fitted %s has no better neighbour',
    (kind) => {
      const given = { kind, lengthScale: [0.5, 0.5] } as const;
      const fitted = fitKernel(candidates, observations, {
        kernel: given,
        noiseVariance: 'fit',
        mean: 'fit',
      });
      const kernel = fitted.kernel as { kind: typeof kind; lengthScale: number[]; amplitude: number };
      const at = (change: Partial<typeof kernel>, noiseVariance = fitted.noiseVariance, mean = fitted.mean) =>
        logLikelihood(candidates, observations, { kernel: { ...kernel, ...change }, noiseVariance, mean });
      expect(at({})).toBeCloseTo(fitted.logLikelihood, 9);
      const start = { kernel: given, noiseVariance: 0.01, mean: 'fit' } as const;
      expect(fitted.logLikelihood).toBeGreaterThan(logLikelihood(candidates, observations, start));
      const noise = fitted.noiseVariance as number;
      for (const factor of [0.97, 1.03]) {
        const neighbours = [
          at({ lengthScale: [kernel.lengthScale[0] * factor, kernel.lengthScale[1]] }),
          at({ amplitude: kernel.amplitude * factor }),
          at({}, noise * factor),
          at({}, noise, fitted.mean * factor),
        ];
        for (const other of neighbours) expect(other).toBeLessThanOrEqual(fitted.logLikelihood + 1e-9);
      }
      // The second coordinate hardly matters: its length scale is the longer one.
      expect(kernel.lengthScale[1]).toBeGreaterThan(2 * kernel.lengthScale[0]);
    },
  );

  test('fits one length scale where one is given, and keeps a polynomial as it is', () => {
    const one = fitKernel(candidates, observations, {
      kernel: { kind: 'matern52', lengthScale: 0.2 },
      noiseVariance: 0.01,
      mean: 'fit',
    });
    expect((one.kernel as { lengthScale: number }).lengthScale).toBeGreaterThan(0);
    const polynomial = fitKernel(candidates, observations, {
      kernel: { kind: 'polynomial', degree: 2 },
      noiseVariance: 0.01,
    });
    expect(polynomial.kernel).toMatchObject({ kind: 'polynomial', degree: 2 });
    expect(polynomial.mean).toBe(0);
  });
});

test('the box-bounded minimiser stops at a corner and at an inner minimum', () => {
  const f = (x: Float64Array) => {
    const [a, b] = [x[0] - 3, x[1] + 0.5];
    const value = a * a + 10 * b * b + a * b;
    return { value, gradient: Float64Array.of(2 * a + b, 20 * b + a) };
  };
  const inner = minimizeInBox(f, Float64Array.of(0, 0), Float64Array.of(-5, -5), Float64Array.of(5, 5));
  expect(inner.x[0]).toBeCloseTo(3, 5);
  expect(inner.x[1]).toBeCloseTo(-0.5, 5);
  const bounded = minimizeInBox(f, Float64Array.of(0, 0), Float64Array.of(-5, 0), Float64Array.of(1, 5));
  expect([...bounded.x]).toEqual([1, 0]);
});

describe('a search space', () => {
  test('lists all combinations where there are few', () => {
    const space = searchSpace([
      { name: 'layers', type: 'integer', min: 1, max: 3 },
      { name: 'activation', type: 'categorical', choices: ['relu', 'tanh'] },
    ]);
    expect(space.configurations).toHaveLength(6);
    expect(space.configurations[1]).toEqual({ layers: 1, activation: 'tanh' });
    expect(space.dimension).toBe(3);
    // Two categories are at distance 1.
    const [p, q] = [space.points.subarray(0, 3), space.points.subarray(3, 6)];
    expect(Math.hypot(p[1] - q[1], p[2] - q[2])).toBeCloseTo(1, 14);
  });

  test('fills a box evenly, on the scale that was asked for', () => {
    const parameters = [
      { name: 'rate', type: 'continuous', min: 1e-4, max: 1, scale: 'log' },
      { name: 'units', type: 'integer', min: 1, max: 8, scale: 'log' },
      { name: 'dropout', type: 'continuous', min: 0, max: 0.5 },
    ] as const;
    const space = searchSpace(parameters, { size: 2_000, seed: 4 });
    const share = (test: (c: Record<string, number>) => boolean) =>
      space.configurations.filter((c) => test(c as Record<string, number>)).length /
      space.configurations.length;
    expect(share(({ rate }) => rate < 1e-2)).toBeCloseTo(0.5, 1);
    expect(share(({ dropout }) => dropout < 0.125)).toBeCloseTo(0.25, 1);
    expect(new Set(space.configurations.map(({ units }) => units))).toEqual(
      new Set([1, 2, 3, 4, 5, 6, 7, 8]),
    );
    expect(Math.min(...space.points)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...space.points)).toBeLessThanOrEqual(1);
    expect(searchSpace(parameters, { size: 50, seed: 4 })).toEqual(
      searchSpace(parameters, { size: 50, seed: 4 }),
    );
  });

  test.each([
    [[]],
    [[{ name: 'a', type: 'continuous', min: 1, max: 1 }]],
    [[{ name: 'a', type: 'continuous', min: 0, max: 1, scale: 'log' }]],
    [[{ name: 'a', type: 'integer', min: 0.5, max: 1 }]],
    [[{ name: 'a', type: 'categorical', choices: [] }]],
    [[{ name: 'a', type: 'categorical', choices: ['x', 'x'] }]],
    [
      [
        { name: 'a', type: 'integer', min: 0, max: 1 },
        { name: 'a', type: 'integer', min: 0, max: 1 },
      ],
    ],
  ] as const)('is refused: %j', (parameters) => {
    expect(() => searchSpace(parameters)).toThrow(expect.objectContaining({ code: 'invalid-problem' }));
  });
});

describe('a table', () => {
  test('is standardised, gaps filled, target in [0, 1]', () => {
    const { candidates, values } = tableFromCsv('10,1,5\n20,,5\n40,3,5\n', 'first');
    expect([...values]).toEqual([0, 1 / 3, 1]);
    expect(candidates.dimension).toBe(2);
    const s = Math.sqrt(1.5);
    [-s, 0, 0, 0, s, 0].forEach((x, k) => {
      expect(candidates.points[k]).toBeCloseTo(x, 14);
    });
  });

  test.each(['', '1,2\n3', '1,x\n', '1\n2\n', '1,\n2,\n'])('is refused: %j', (text) => {
    expect(() => tableFromCsv(text, 'last')).toThrow(expect.objectContaining({ code: 'invalid-problem' }));
  });
});

test('noise has a place, not an order', () => {
  const [forwards, backwards] = [noiseStream(5), noiseStream(5)];
  const places = [0, 1, 1_023, 1_024, 5_000];
  const first = places.map(forwards);
  expect(places.toReversed().map(backwards).reverse()).toEqual(first);
  expect(new Set(first).size).toBe(5);
});

test('BBKB with everything in its dictionary is exact', () => {
  const problem = smoothProblem(createRandom(4), 10, 10);
  const initial = [0, 1, 2, 3].map((index) => observe(index, [problem.truth![index], 0.2]));
  const prepared = prepareModel({ ...problem, initial });
  const settings = { ratio: 2, normBound: 1, delta: 0.5, dictionaryFactor: 1 };
  const belief = new BbkbStrategy(prepared, settings, { uniform: () => 0 }).belief();
  const exact = posteriorOf(prepared.prior, initial);
  exact.mean.forEach((mean, x) => {
    expect(belief.mean[x]).toBeCloseTo(mean, 8);
    expect(belief.variance[x]).toBeCloseTo(exact.variance[x], 8);
  });
});

test('BBKB keeps the likeliest candidate where chance keeps none', () => {
  const problem = smoothProblem(createRandom(4), 10, 10);
  const initial = [0, 1].map((index) => observe(index, [0.2]));
  const settings = { ratio: 2, normBound: 1, delta: 0.5, dictionaryFactor: 1e-9 };
  const strategy = new BbkbStrategy(prepareModel({ ...problem, initial }), settings, { uniform: () => 0.9 });
  const { picks } = strategy.propose(100);
  strategy.learn(picks.map(({ index }) => observe(index, [0])));
  expect(strategy.dictionary).toHaveLength(1);
});

test('the exponent of a power law is found', () => {
  expect(fittedExponent([1, 3, 10].map((t) => [t, 5 * t ** 1.7]))).toBeCloseTo(1.7, 12);
});
