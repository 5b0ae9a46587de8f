import {
  createRandom,
  defineSolverScenario,
  type Instance,
  type JsonObject,
  NumericalError,
} from '@espalier/core';
import { bottleneckCoupling } from './bottleneck-coupling.js';
import { bottleneckEncoding } from './bottleneck-encoding.js';
import { codingGame } from './coding-game.js';
import { codeMarginal, encoderInformation } from './encoder.js';
import { entropy } from './entropy.js';
import { assertCoupling, assertEncoder } from './feasibility.js';
import { binomial, dirichlet, geometric, uniformWeights, zipf } from './generated-distributions.js';
import { gridWorld } from './grid-world.js';
import { minimumEntropyCoupling } from './minimum-entropy-coupling.js';
import { budgetOf, type RateLimit } from './rate-limit.js';

/** A distribution by its generator. */
type Law =
  | { readonly law: 'uniform-weights'; readonly n: number; readonly seed: number }
  | { readonly law: 'dirichlet'; readonly n: number; readonly alpha: number; readonly seed: number }
  | { readonly law: 'binomial'; readonly n: number }
  | { readonly law: 'geometric'; readonly n: number }
  | { readonly law: 'zipf'; readonly n: number };

/** The distribution that parameters describe. */
export function makeLaw(law: Law): Float64Array {
  switch (law.law) {
    case 'uniform-weights':
      return uniformWeights(law.n, createRandom(law.seed));
    case 'dirichlet':
      return dirichlet(law.n, law.alpha, createRandom(law.seed));
    case 'binomial':
      return binomial(law.n - 1, 0.5);
    case 'geometric':
      return geometric(law.n, 0.4);
    case 'zipf':
      return zipf(law.n, 1);
  }
}

const instance = (name: string, parameters: object, seconds: number): Instance => ({
  name,
  source: 'generated',
  parameters: parameters as JsonObject,
  timeLimitMs: 1_000 * seconds,
});

const ZIPF: Law = { law: 'zipf', n: 100_000 };
const FLAT: Law = { law: 'dirichlet', n: 1_000, alpha: 1, seed: 1 };

/** Codes under a budget: how much of the source they keep. */
const encoding = defineSolverScenario({
  name: 'bottleneck-encoding',
  summary: 'Codes with a limited entropy for small, skewed and large sources: the information they keep.',
  family: bottleneckEncoding,
  score: { name: 'I(X;T)', direction: 'maximize', unit: 'bits' },
  instances: async ({ suite }) => [
    instance('binomial-16-R-0.5', { px: { law: 'binomial', n: 16 }, R: 0.5 }, 5),
    instance('dirichlet-1000-rate-0.5', { px: FLAT, rate: 0.5 }, 5),
    ...(suite === 'quick'
      ? []
      : [
          ...[0.25, 0.75, 1].map((R) =>
            instance(`geometric-16-R-${R}`, { px: { law: 'geometric', n: 16 }, R }, 10),
          ),
          ...[0.25, 0.5, 0.75].map((rate) => instance(`zipf-100000-rate-${rate}`, { px: ZIPF, rate }, 60)),
        ]),
  ],
  load: async ({ parameters }) => {
    const { px, ...limit } = parameters as unknown as { px: Law } & RateLimit;
    return { problem: { px: makeLaw(px), ...limit } };
  },
  evaluate({ problem }, { encoder }) {
    const budget = budgetOf(problem, entropy(problem.px));
    assertEncoder(encoder, problem.px, budget);
    const { ht, ixt } = encoderInformation(encoder, problem.px);
    return { score: ixt, metrics: { ht, budget, codeWords: encoder.codes }, stopped: 'finished' };
  },
});

/** Couplings: how little joint entropy they have. */
const coupling = defineSolverScenario({
  name: 'minimum-entropy-coupling',
  summary: 'Couplings of two random distributions, from 4 to 100,000 symbols: their joint entropy.',
  family: minimumEntropyCoupling,
  score: { name: 'H(X, Y)', direction: 'minimize', unit: 'bits' },
  instances: async ({ suite }) => [
    coupled('uniform-weights-4', 'uniform-weights', 4, 4, 5),
    coupled('uniform-weights-32', 'uniform-weights', 32, 24, 5),
    ...(suite === 'quick'
      ? []
      : [
          coupled('uniform-weights-8', 'uniform-weights', 8, 8, 20),
          coupled('dirichlet-100x80', 'dirichlet', 100, 80, 60),
          coupled('dirichlet-100000', 'dirichlet', 100_000, 100_000, 60),
        ]),
  ],
  load: async ({ parameters }) => {
    const { px, py } = parameters as unknown as { px: Law; py: Law };
    return { problem: { px: makeLaw(px), py: makeLaw(py) } };
  },
  evaluate({ problem: { px, py } }, { coupling: joint }) {
    assertCoupling(joint, px, py);
    const bits = entropy(joint.values);
    const lowerBound = Math.max(entropy(px), entropy(py));
    return {
      score: bits,
      metrics: { aboveLowerBound: bits - lowerBound, cells: joint.values.length },
      stopped: 'finished',
    };
  },
});

function coupled(
  name: string,
  law: 'uniform-weights' | 'dirichlet',
  n: number,
  m: number,
  seconds: number,
): Instance {
  const of = (size: number, seed: number) => ({
    law,
    n: size,
    seed,
    ...(law === 'dirichlet' && { alpha: 1 }),
  });
  return instance(name, { px: of(n, 1), py: of(m, 2) }, seconds);
}

type BottleneckParameters = RateLimit & {
  readonly px: Law;
  readonly py: Law;
  readonly mode?: 'coupling' | 'factors';
};

/** Source, code and output with a given law: how much of the source is in the output. */
const bottleneck = defineSolverScenario({
  name: 'bottleneck-coupling',
  summary: 'Rate-limited compression whose output follows a given law: the information that arrives.',
  family: bottleneckCoupling,
  score: { name: 'I(X;Y)', direction: 'maximize', unit: 'bits' },
  instances: async ({ suite }) => [
    instance(
      'binomial-to-geometric-R-1',
      { px: { law: 'binomial', n: 16 }, py: { law: 'geometric', n: 16 }, R: 1 },
      5,
    ),
    instance('dirichlet-to-zipf-rate-0.5', { px: FLAT, py: { law: 'zipf', n: 500 }, rate: 0.5 }, 5),
    ...(suite === 'quick'
      ? []
      : [0.25, 0.5, 0.75].map((rate) =>
          instance(
            `zipf-to-dirichlet-100000-rate-${rate}`,
            { px: ZIPF, py: { law: 'dirichlet', n: 100_000, alpha: 1, seed: 3 }, rate, mode: 'factors' },
            60,
          ),
        )),
  ],
  load: async ({ parameters }) => {
    const { px, py, ...rest } = parameters as unknown as BottleneckParameters;
    return { problem: { px: makeLaw(px), py: makeLaw(py), ...rest } };
  },
  evaluate({ problem }, { encoder, pty, pxy, ixy }) {
    const { px, py } = problem;
    const pt = assertEncoder(encoder, px, budgetOf(problem, entropy(px)));
    assertCoupling(pty, pt, py);
    const ity = entropy(pt) + entropy(py) - entropy(pty.values);
    // From the coupling itself where there is one; I(T;Y) is what a deterministic code passes on.
    let information = encoder.split ? ixy : ity;
    if (pxy) {
      assertCoupling(pxy, px, py);
      information = entropy(px) + entropy(py) - entropy(pxy.values);
    }
    if (!(Math.abs(information - ixy) <= 1e-6))
      throw new NumericalError(`It reports ${ixy} bits; there are ${information}.`);
    return {
      score: information,
      metrics: { ht: entropy(codeMarginal(encoder, px)), ity },
      stopped: 'finished',
    };
  },
});

/** The coding game in the grid world of the paper: how often the receiver guesses the message. */
const game = defineSolverScenario({
  name: 'markov-coding-game',
  summary: 'A message hidden in the actions of a grid-world agent: how often the receiver guesses it.',
  family: codingGame,
  score: { name: 'accuracy', direction: 'maximize' },
  instances: async ({ suite }) =>
    suite === 'quick'
      ? [gameInstance(16, 30, -4.5, 0.5, 5)]
      : [-5, -4].flatMap((logTemperature) =>
          [1, 0.75, 0.5, 0.25].map((rate) => gameInstance(64, 100, logTemperature, rate, 60)),
        ),
  load: async ({ parameters }) => {
    const { logTemperature, ...rest } = parameters as unknown as GameParameters;
    return { problem: { world: gridWorld(), temperature: Math.exp(logTemperature), ...rest } };
  },
  evaluate(
    { problem: { episodes: wanted } },
    { messages, guesses, episodes, meanReward, rewardError, meanSteps, reason },
  ) {
    const blocks = messages.length / episodes;
    const right = (episode: number) =>
      messages
        .subarray(episode * blocks, (episode + 1) * blocks)
        .every((symbol, k) => symbol === guesses[episode * blocks + k]);
    let correct = 0;
    for (let episode = 0; episode < episodes; episode++) if (right(episode)) correct++;
    return {
      score: correct / episodes,
      metrics: { meanReward, rewardError, meanSteps, episodes, wanted },
      stopped: reason,
    };
  },
});

interface GameParameters {
  readonly messages: number;
  readonly episodes: number;
  readonly logTemperature: number;
  readonly rate: number;
}

function gameInstance(
  messages: number,
  episodes: number,
  logTemperature: number,
  rate: number,
  seconds: number,
): Instance {
  const parameters: GameParameters = { messages, episodes, logTemperature, rate };
  return instance(`messages-${messages}-log-beta-${logTemperature}-rate-${rate}`, parameters, seconds);
}

export default [encoding, coupling, bottleneck, game];
