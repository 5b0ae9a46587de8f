import {
  createRandom,
  type DataFiles,
  defineSolverScenario,
  type Instance,
  type JsonObject,
} from '@espalier/core';

import { type Metric, type OptimalTransportProblem, optimalTransport } from './optimal-transport.js';
import { DIGITS_PATH, imageCost, imageMasses, readDigits, readPgm } from './pictures.js';

const PICTURES = 'ot/raccoon-32.pgm';

/** How an instance is made; `kind` chooses the reader or generator. */
type Parameters =
  | { readonly kind: 'assignment'; readonly n: number; readonly seed: number; readonly eta: number }
  | {
      readonly kind: 'clouds';
      readonly n: number;
      readonly m: number;
      readonly seed: number;
      readonly eta: number;
    }
  | {
      readonly kind: 'pictures';
      readonly from: string;
      readonly to: string;
      readonly eta: number;
      readonly metric: Metric & string;
    }
  | {
      readonly kind: 'digits';
      readonly pair: readonly [number, number];
      readonly eta: number;
      readonly metric: Metric & string;
    };

const instance = (
  name: string,
  source: Instance['source'],
  parameters: Parameters,
  seconds: number,
): Instance => ({
  name,
  source,
  parameters: parameters as unknown as JsonObject,
  timeLimitMs: seconds * 1_000,
});

/** Every solver of the family on pictures, digits and random problems; who reaches a marginal error of 1e-9, and when. */
const transport = defineSolverScenario({
  name: 'optimal-transport',
  summary:
    'Transport between pictures, handwritten digits, point clouds and random assignments, at small regularisation.',
  family: optimalTransport,
  score: { name: 'marginal error', direction: 'minimize', scale: 'log' },
  data: [
    {
      path: PICTURES,
      summary: 'two photographs, 32 x 32',
      origin: 'face and ascent of SciPy, public domain, averaged down',
    },
    { path: DIGITS_PATH, summary: '30 handwritten digits, 28 x 28', origin: 'MNIST, CC BY-SA 3.0' },
  ],
  async instances({ suite, data }) {
    const quick = suite === 'quick';
    const seconds = quick ? 3 : 60;
    const list: Instance[] = [
      instance('assignment-200', 'generated', { kind: 'assignment', n: 200, seed: 1, eta: 1200 }, seconds),
    ];
    if (await data.has(PICTURES)) {
      list.push(
        instance(
          'raccoon-to-stairs',
          'real',
          { kind: 'pictures', from: PICTURES, to: 'ot/stairs-32.pgm', eta: 1200, metric: 'sqeuclidean' },
          seconds,
        ),
      );
    } else
      list.push(
        instance('clouds-900', 'generated', { kind: 'clouds', n: 900, m: 900, seed: 1, eta: 200 }, seconds),
      );
    if (quick) return list;
    for (const eta of [10, 100, 1000]) {
      list.push(
        instance(
          `assignment-500-eta-${eta}`,
          'generated',
          { kind: 'assignment', n: 500, seed: 1, eta },
          seconds,
        ),
      );
    }
    list.push(
      instance('clouds-600x400', 'generated', { kind: 'clouds', n: 600, m: 400, seed: 2, eta: 100 }, seconds),
    );
    if (await data.has(DIGITS_PATH)) {
      for (const [from, to] of [
        [0, 9],
        [13, 25],
        [4, 20],
      ] as const) {
        for (const metric of ['sqeuclidean', 'cityblock'] as const) {
          list.push(
            instance(
              `digits-${from}-${to}-${metric}`,
              'real',
              { kind: 'digits', pair: [from, to], eta: 1200, metric },
              seconds,
            ),
          );
        }
      }
    }
    return list;
  },
  load: ({ parameters }, { data }) => makeProblem(parameters as unknown as Parameters, data),
  evaluate: (_problem, solution) => ({
    // Below this the error is rounding; a logarithmic axis needs a positive number.
    score: Math.max(solution.marginalError, 1e-16),
    metrics: {
      cost: solution.cost,
      dual: solution.dual,
      sweeps: solution.iterations.sinkhorn,
      newtonSteps: solution.iterations.newton,
    },
    stopped: solution.reason,
  }),
});

/** The problem of an instance. */
export async function makeProblem(parameters: Parameters, data: DataFiles): Promise<OptimalTransportProblem> {
  const { eta } = parameters;
  if (parameters.kind === 'assignment') return { ...randomAssignment(parameters.n, parameters.seed), eta };
  if (parameters.kind === 'clouds')
    return { ...randomClouds(parameters.n, parameters.m, parameters.seed), eta };
  const [from, to] =
    parameters.kind === 'digits'
      ? await readDigits(data, parameters.pair)
      : [readPgm(await data.read(parameters.from)), readPgm(await data.read(parameters.to))];
  const size = (pixels: ArrayLike<number>) => Math.round(Math.sqrt(pixels.length));
  return {
    cost: imageCost(size(from), size(to), parameters.metric),
    a: imageMasses(from, 0.01),
    b: imageMasses(to, 0.01),
    eta,
  };
}

/** Linear assignment: costs uniform in [0, 1), weights 1/n. */
export function randomAssignment(n: number, seed: number): Pick<OptimalTransportProblem, 'cost'> {
  const random = createRandom(seed);
  return {
    cost: { matrix: Float64Array.from({ length: n * n }, () => random.uniform()), rows: n, columns: n },
  };
}

/** Two Gaussian clouds in the plane with random masses. */
function randomClouds(n: number, m: number, seed: number): Pick<OptimalTransportProblem, 'cost' | 'a' | 'b'> {
  const random = createRandom(seed);
  const cloud = (count: number, x: number, spread: number) =>
    Float64Array.from({ length: 2 * count }, (_, k) => (k % 2 === 0 ? x : 0) + spread * random.normal());
  const masses = (count: number) => {
    const raw = Float64Array.from({ length: count }, () => 0.1 + random.uniform());
    const total = raw.reduce((s, v) => s + v, 0);
    return raw.map((v) => v / total);
  };
  const [x, y] = [cloud(n, 0, 0.3), cloud(m, 0.5, 0.2)];
  return { cost: { x, y, dimension: 2 }, a: masses(n), b: masses(m) };
}

export default [transport];
