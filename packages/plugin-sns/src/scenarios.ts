import {
  type DataFiles,
  defineSolverScenario,
  type Instance,
  type JsonObject,
  NumericalError,
} from '@espalier/core';
import { evaluateDual } from './dual-potential.js';
import { randomAssignment, randomClouds } from './generated-problems.js';
import { type Metric, type OptimalTransportProblem, optimalTransport } from './optimal-transport.js';
import { DIGITS_PATH, imageCost, imageMasses, readDigits, readPgm } from './pictures.js';
import { assemblePlan } from './plan.js';
import { prepareTransport } from './transport.js';

const PICTURES = ['ot/raccoon-32.pgm', 'ot/stairs-32.pgm'] as const;

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
      path: PICTURES[0],
      summary: 'photograph of a raccoon, 32 x 32',
      origin: "SciPy's sample image `face`, public domain, averaged down",
    },
    {
      path: PICTURES[1],
      summary: 'photograph of stairs, 32 x 32',
      origin: "SciPy's sample image `ascent`, public domain, averaged down",
    },
    { path: DIGITS_PATH, summary: '30 handwritten digits, 28 x 28', origin: 'MNIST, CC BY-SA 3.0' },
  ],
  async instances({ suite, data }) {
    const quick = suite === 'quick';
    const seconds = quick ? 2 : 60;
    const havePictures = (await Promise.all(PICTURES.map((path) => data.has(path)))).every(Boolean);
    const haveDigits = await data.has(DIGITS_PATH);
    return [
      assignment(200, 1200, seconds),
      havePictures ? pictures(seconds) : clouds(900, 900, 200, seconds),
      ...(haveDigits ? [digits(0, 9, 'sqeuclidean', seconds)] : []),
      ...(quick ? [] : fullInstances(haveDigits, seconds)),
    ];
  },
  // It solves the problem without regularisation: the plan that its potentials define is not what it returns.
  takes: ({ name }) => name !== 'exact-assignment',
  load: async ({ parameters }, { data }) => ({
    problem: await makeProblem(parameters as unknown as Parameters, data),
  }),
  evaluate({ problem }, { f, g, reason, iterations, history }) {
    // Not what the solver says: the plan that its potentials define has exact marginals at the optimum of the problem, and only there.
    const t = prepareTransport({ ...problem, initial: { f, g } });
    const point = evaluateDual(t, t.x0, t.y0);
    if (!Number.isFinite(point.error)) throw new NumericalError('The potentials define no finite plan.');
    return {
      // Below this the error is rounding; a logarithmic axis needs a positive number.
      score: Math.max(point.error, 1e-16),
      metrics: {
        cost: assemblePlan(t, point, 'none').cost,
        dual: point.value,
        iterations: history.length,
        sweeps: iterations.sinkhorn,
        newtonSteps: iterations.newton,
        cgIterations: iterations.cg,
      },
      stopped: reason,
    };
  },
});

function assignment(n: number, eta: number, seconds: number): Instance {
  const name = eta === 1200 ? `assignment-${n}` : `assignment-${n}-eta-${eta}`;
  return instance(name, 'generated', { kind: 'assignment', n, seed: 1, eta }, seconds);
}

function clouds(n: number, m: number, eta: number, seconds: number): Instance {
  return instance(`clouds-${n}x${m}`, 'generated', { kind: 'clouds', n, m, seed: 1, eta }, seconds);
}

function pictures(seconds: number): Instance {
  const [from, to] = PICTURES;
  const parameters = { kind: 'pictures', from, to, eta: 1200, metric: 'sqeuclidean' } as const;
  return instance('raccoon-to-stairs', 'real', parameters, seconds);
}

function digits(from: number, to: number, metric: Metric & string, seconds: number): Instance {
  const parameters = { kind: 'digits', pair: [from, to], eta: 1200, metric } as const;
  return instance(`digits-${from}-${to}-${metric}`, 'real', parameters, seconds);
}

/** What the full suite adds: other regularisations, unequal sizes, L1 costs, a pair on which plans are far from unique. */
function fullInstances(haveDigits: boolean, seconds: number): Instance[] {
  const pairs = [
    [0, 9, 'cityblock'],
    [13, 25, 'sqeuclidean'],
    [13, 25, 'cityblock'],
    [4, 20, 'cityblock'],
  ] as const;
  return [
    ...[10, 100, 1000, 1200].map((eta) => assignment(500, eta, seconds)),
    clouds(600, 400, 100, seconds),
    ...(haveDigits ? pairs.map(([from, to, metric]) => digits(from, to, metric, seconds)) : []),
  ];
}

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

export default [transport];
