import { csrToDense } from '@espalier/linalg';
import { assert, type SolverFixture } from '@espalier/testkit';
import fc from 'fast-check';
import { assertCoupling, assertEncoder } from '../src/feasibility.js';
import { uniformWeights } from '../src/generated-distributions.js';
import {
  type BottleneckCouplingProblem,
  type BottleneckCouplingSolution,
  type BottleneckEncodingProblem,
  type BottleneckEncodingSolution,
  encoderInformation,
  entropy,
  gridWorld,
  type MarkovCodingGameProblem,
  type MarkovCodingGameSolution,
  type MinimumEntropyCouplingProblem,
  type MinimumEntropyCouplingSolution,
} from '../src/index.js';

/** Random distributions, some with zeros, some with equal masses. */
export const distribution = (minLength: number, maxLength: number): fc.Arbitrary<Float64Array> =>
  fc
    .array(fc.oneof(fc.integer({ min: 0, max: 6 }), fc.double({ min: 0, max: 6, noNaN: true })), {
      minLength,
      maxLength,
    })
    .filter((weights) => weights.reduce((sum, w) => sum + w, 0) > 1e-6)
    .map((weights) => {
      const sum = weights.reduce((s, w) => s + w, 0);
      return Float64Array.from(weights, (w) => w / sum);
    });

const px = Float64Array.of(0.5, 0.25, 0.15, 0.1);
const py = Float64Array.of(0.6, 0.4);

const badMasses = (name: 'px' | 'py') => ({
  [`NaN in ${name}`]: { [name]: Float64Array.of(0.5, Number.NaN) },
  [`a negative mass in ${name}`]: { [name]: Float64Array.of(1.5, -0.5) },
  [`an infinite mass in ${name}`]: { [name]: Float64Array.of(0.5, Number.POSITIVE_INFINITY) },
  [`an empty ${name}`]: { [name]: new Float64Array() },
  [`a ${name} that does not sum to 1`]: { [name]: Float64Array.of(0.5, 0.4) },
  [`a list for ${name}`]: { [name]: [0.5, 0.5] as never },
  [`single precision in ${name}`]: { [name]: Float32Array.of(0.5, 0.5) as never },
});

const badLimits = {
  'no limit': { R: undefined as never },
  'two limits': { rate: 0.5 },
  'a negative R': { R: -0.1 },
  'an infinite R': { R: Number.POSITIVE_INFINITY },
  'an R that is NaN': { R: Number.NaN },
};

const changed = <Problem>(
  problem: Problem,
  changes: Readonly<Record<string, object>>,
): Record<string, Problem> =>
  Object.fromEntries(Object.entries(changes).map(([name, change]) => [name, { ...problem, ...change }]));

/** What every encoder of the family must get right. */
export const encodingFixture: SolverFixture<BottleneckEncodingProblem, BottleneckEncodingSolution> = {
  problems: (random) => [
    { px, R: 0.9 },
    { px: Float64Array.of(0, 1), R: 1 },
    { px: uniformWeights(12, random), rate: 0.6 },
    { px: Float64Array.from({ length: 8 }, (_, x) => (x % 2 ? 0 : 0.25)), compressionRate: 2 },
    { px: uniformWeights(40, random), R: 0 },
  ],
  invalid: {
    ...changed<BottleneckEncodingProblem>({ px, R: 1 }, { ...badMasses('px'), ...badLimits }),
    'a rate of 0': { px, rate: 0 },
    'a rate above 1': { px, rate: 1.1 },
    'a compression rate below 1': { px, compressionRate: 0.9 },
  },
  verify(problem, { encoder, pt, budget, ht, ixt, hx }) {
    const marginal = assertEncoder(encoder, problem.px, budget);
    assert(
      marginal.every((mass, t) => Math.abs(mass - pt[t]!) < 1e-15),
      'pt is not the law of the code words',
    );
    const bits = encoderInformation(encoder, problem.px);
    assert(Math.abs(bits.ht - ht) < 1e-12 && Math.abs(bits.ixt - ixt) < 1e-12, 'it reports other bits');
    assert(ixt <= ht + 1e-12 && ht <= budget + 1e-11 && ixt <= hx + 1e-12, 'more bits than there can be');
    assert(problem.R !== 0 || ht === 0, 'a budget of 0 is one code word');
  },
};

/** What every coupler of the family must get right. */
export const couplingFixture: SolverFixture<MinimumEntropyCouplingProblem, MinimumEntropyCouplingSolution> = {
  problems: (random) => [
    { px, py },
    { px: Float64Array.of(0.25, 0.25, 0.5), py: Float64Array.of(0.5, 0.25, 0.25) },
    { px: Float64Array.of(0, 1), py: Float64Array.of(0.3, 0, 0.7) },
    { px: uniformWeights(4, random), py: uniformWeights(3, random) },
  ],
  invalid: changed<MinimumEntropyCouplingProblem>({ px, py }, { ...badMasses('px'), ...badMasses('py') }),
  verify(problem, { coupling, jointEntropy, lowerBound, ixy }) {
    assertCoupling(coupling, problem.px, problem.py);
    const sums = csrToDense(coupling);
    for (let x = 0; x < sums.rows; x++) {
      const row = sums.data.subarray(x * sums.cols, (x + 1) * sums.cols).reduce((sum, v) => sum + v, 0);
      assert(Math.abs(row - problem.px[x]!) < 1e-12, `row ${x} sums to ${row}`);
    }
    assert(
      Math.abs(entropy(coupling.values) - jointEntropy) < 1e-12,
      'the entropy is not that of the coupling',
    );
    assert(jointEntropy >= lowerBound - 1e-9, 'less joint entropy than there can be');
    assert(
      Math.abs(ixy - (entropy(problem.px) + entropy(problem.py) - jointEntropy)) < 1e-9,
      'I(X;Y) does not fit the entropies',
    );
  },
};

/** What holds for methods without luck. */
export const couplingRelations: NonNullable<typeof couplingFixture.relations> = [
  {
    name: 'exchanging X and Y leaves the joint entropy alone',
    transform: ({ px: a, py: b }) => ({
      problem: { px: b, py: a },
      check: (one, other) =>
        assert(Math.abs(one.jointEntropy - other.jointEntropy) < 1e-12, 'the entropies differ'),
    }),
  },
  {
    name: 'symbols without probability change nothing',
    transform: ({ px: a, py: b }) => ({
      problem: { px: Float64Array.of(0, ...a), py: Float64Array.of(...b, 0) },
      check: (one, other) =>
        assert(Math.abs(one.jointEntropy - other.jointEntropy) < 1e-12, 'the entropies differ'),
    }),
  },
];

/** What every rate-limited coupler must get right. */
export const bottleneckFixture: SolverFixture<BottleneckCouplingProblem, BottleneckCouplingSolution> = {
  problems: (random) => [
    { px, py, R: 0.9 },
    { px: uniformWeights(9, random), py: uniformWeights(6, random), rate: 0.5 },
    { px: uniformWeights(20, random), py: uniformWeights(30, random), compressionRate: 3 },
    { px: Float64Array.of(1), py: Float64Array.of(0.5, 0.5), R: 1 },
  ],
  invalid: {
    ...changed<BottleneckCouplingProblem>(
      { px, py, R: 1 },
      { ...badMasses('px'), ...badMasses('py'), ...badLimits },
    ),
    'an unknown mode': { px, py, R: 1, mode: 'dense' as never },
  },
  verify(problem, { encoder, pt, pty, pxy, budget, ixt, ity, ixy, ht, jointEntropy }) {
    assertEncoder(encoder, problem.px, budget);
    assertCoupling(pty, pt, problem.py);
    assertCoupling(pxy!, problem.px, problem.py);
    const joint = entropy(pxy!.values);
    assert(Math.abs(joint - jointEntropy) < 1e-9, 'the entropy is not that of the coupling');
    assert(
      Math.abs(entropy(problem.px) + entropy(problem.py) - joint - ixy) < 1e-9,
      'I(X;Y) is not that of the coupling',
    );
    assert(ixy >= ixt + ity - ht - 1e-9, 'less than the decomposition promises');
    assert(ixy <= Math.min(ixt, ity) + 1e-9, 'data processing: Y cannot know more of X than T does');
  },
  relations: [
    {
      name: 'outputs without probability change nothing',
      transform: (problem) => ({
        problem: { ...problem, py: Float64Array.of(0, ...problem.py, 0) },
        check: (one, other) => assert(Math.abs(one.ixy - other.ixy) < 1e-12, 'other information'),
      }),
    },
  ],
};

const smallWorld = gridWorld({
  shape: [3, 3],
  goal: [0, 2],
  trap: [1, 2],
  obstacles: [[1, 1]],
  start: [2, 0],
});
const game: MarkovCodingGameProblem = {
  world: smallWorld,
  temperature: 0.05,
  messages: 4,
  rate: 0.5,
  episodes: 12,
  maxSteps: 50,
};

/** What every player of the game must get right. */
export const gameFixture: SolverFixture<MarkovCodingGameProblem, MarkovCodingGameSolution> = {
  problems: () => [
    game,
    { ...game, temperature: 0, rate: 1 },
    {
      ...game,
      messages: undefined as never,
      prior: [Float64Array.of(0.5, 0.5), Float64Array.of(0.2, 0.3, 0.5)],
    },
  ],
  invalid: {
    ...changed(game, {
      'a negative temperature': { temperature: -1 },
      'no episodes': { episodes: 0 },
      'a fraction of an episode': { episodes: 1.5 },
      'a discount above 1': { discount: 1.1 },
      'no steps': { maxSteps: 0 },
      'no iterations': { iterations: 0 },
      'no messages': { messages: 0 },
      'messages and prior': { prior: Float64Array.of(0.5, 0.5) },
      'neither messages nor prior': { messages: undefined },
      'a prior that is none': { messages: undefined, prior: Float64Array.of(0.5, 0.4) },
      'no blocks': { messages: undefined, prior: [] },
      'a rate above 1': { rate: 2 },
      'two limits': { R: 1 },
      'a start outside the world': { world: { ...smallWorld, start: 9 } },
      'rewards that are not finite': {
        world: { ...smallWorld, rewards: new Float64Array(9).fill(Number.NaN) },
      },
      'transitions of another size': { world: { ...smallWorld, states: 8 } },
      'transitions that are no laws': {
        world: {
          ...smallWorld,
          transitions: { ...smallWorld.transitions, values: smallWorld.transitions.values.map((v) => v / 2) },
        },
      },
    }),
  },
  verify(problem, solution) {
    const { episodes, accuracy, messages, guesses, entropyCurve } = solution;
    assert(episodes === problem.episodes, 'not all episodes were played');
    const blocks = messages.length / episodes;
    const right = Array.from({ length: episodes }, (_, e) =>
      messages
        .subarray(e * blocks, (e + 1) * blocks)
        .every((symbol, k) => symbol === guesses[e * blocks + k]),
    ).filter(Boolean).length;
    assert(Math.abs(right / episodes - accuracy) < 1e-12, 'the accuracy is not that of the guesses');
    assert(
      entropyCurve[0]! >= entropyCurve.at(-1)! - 1e-9,
      'the message is known less at the end than before',
    );
  },
  feasible: (problem, { episodes }) => assert(episodes >= 1 && episodes <= problem.episodes, 'no episodes'),
};
