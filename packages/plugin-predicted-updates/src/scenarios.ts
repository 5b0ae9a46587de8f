import { defineDynamicScenario, type Instance, InvalidProblemError, type JsonObject } from '@espalier/core';
import { recomputeGraph } from './baselines.js';
import { type DynamicGraphAnswer, dynamicGraph } from './dynamic-graph.js';
import { lifetimeUpdates, noisyOrder, randomUpdates, roadUpdates } from './generated-workloads.js';
import { replay, streamOf, type Workload } from './replay.js';

/** How an instance is made. `sigma`: standard deviation of the predicted slots; null: nothing is predicted; -1: in reverse order. */
type Parameters =
  | {
      readonly kind: 'random';
      readonly structure: string;
      readonly k?: number;
      readonly vertices: number;
      readonly present: number;
      readonly slots: number;
      readonly sigma: number | null;
      readonly seed: number;
    }
  | {
      readonly kind: 'roads';
      readonly side: number;
      readonly slots: number;
      readonly sigma: number;
      readonly seed: number;
    }
  | {
      readonly kind: 'lifetimes';
      readonly structure: string;
      readonly vertices: number;
      readonly slots: number;
      readonly sigma: number;
      readonly seed: number;
    };

const instance = (name: string, parameters: Parameters, seconds: number): Instance => ({
  name,
  source: 'generated',
  parameters: parameters as unknown as JsonObject,
  timeLimitMs: seconds * 1_000,
});

const REVERSED = -1;

/** Every algorithm of the family on streams with good, bad and no predictions: time an update, every answer checked. */
const dynamicGraphs = defineDynamicScenario({
  name: 'dynamic-graph',
  summary:
    'Graphs whose edges come and go, with good, bad and no predictions; a wrong answer fails the trial.',
  family: dynamicGraph,
  score: { name: 'time an update', direction: 'minimize', unit: 'microseconds', scale: 'log' },
  async instances({ suite }) {
    return suite === 'quick' ? quickInstances() : fullInstances();
  },
  async load({ parameters }) {
    const workload = makeWorkload(parameters as unknown as Parameters);
    return { workload, events: streamOf(workload) };
  },
  evaluate({ workload }, { answers, eventsMs, stopped, statistics }) {
    const [, ...toUpdates] = answers;
    checkAnswers(workload, toUpdates);
    const updates = toUpdates.length;
    const work = statistics?.['work'];
    return {
      score: (1_000 * eventsMs) / updates,
      metrics: { updates, ...(typeof work === 'number' && { workAnUpdate: work / updates }) },
      stopped,
    };
  },
  curve: ({ answers, eventsMs }) => (1_000 * eventsMs) / (answers.length - 1),
});

function quickInstances(): Instance[] {
  const common = { kind: 'random', structure: 'connectivity', vertices: 400, present: 500, seed: 1 } as const;
  return [
    instance('connectivity-400-sigma-4', { ...common, slots: 1_536, sigma: 4 }, 2),
    instance(
      'spanning-forest-lifetimes',
      {
        kind: 'lifetimes',
        structure: 'minimum-spanning-forest',
        vertices: 150,
        slots: 1_024,
        sigma: 4,
        seed: 1,
      },
      2,
    ),
  ];
}

function fullInstances(): Instance[] {
  const common = {
    kind: 'random',
    structure: 'connectivity',
    vertices: 5_000,
    present: 7_500,
    slots: 32_768,
    seed: 1,
  } as const;
  const small = { kind: 'random', vertices: 500, present: 750, slots: 8_192, sigma: 4, seed: 1 } as const;
  return [
    ...quickInstances(),
    ...[0, 4, 64, REVERSED].map((sigma) =>
      instance(
        sigma === REVERSED ? 'connectivity-5000-reversed' : `connectivity-5000-sigma-${sigma}`,
        { ...common, sigma },
        120,
      ),
    ),
    instance('connectivity-5000-no-predictions', { ...common, sigma: null }, 120),
    ...['minimum-spanning-forest', 'bridges', 'triangle-count', 'k-core'].map((structure) =>
      instance(`${structure}-500`, { ...small, structure }, 60),
    ),
    instance('three-edge-500', { ...small, structure: 'three-edge-connectivity' }, 60),
    instance('roads-30', { kind: 'roads', side: 30, slots: 4_096, sigma: 4, seed: 1 }, 120),
    instance(
      'matching-lifetimes',
      { kind: 'lifetimes', structure: 'bipartite-matching', vertices: 400, slots: 8_192, sigma: 16, seed: 1 },
      60,
    ),
  ];
}

/** The workload of an instance. */
export function makeWorkload(parameters: Parameters): Workload {
  if (parameters.kind === 'lifetimes') {
    const { structure, vertices, slots, sigma, seed } = parameters;
    const { predictedDeletions, ...sequence } = lifetimeUpdates({
      vertices,
      slots,
      meanLifetime: 200,
      sigma,
      seed,
    });
    return { ...sequence, question: { structure }, expectations: { predictedDeletions, horizon: slots } };
  }
  if (parameters.kind === 'roads') {
    const { side, slots, sigma, seed } = parameters;
    const sequence = roadUpdates({ side, slots, seed });
    return {
      ...sequence,
      question: { structure: 'planar-distances', watch: [['distance', 0, side * side - 1]] },
      expectations: { predictions: noisyOrder(sequence.updates, sigma, seed) },
    };
  }
  const { structure, k, vertices, present, slots, sigma, seed } = parameters;
  const sequence = randomUpdates({ vertices, present, slots, seed, maxWeight: 1_000 });
  const pair = [0, vertices - 1] as const;
  const watch = structure.endsWith('edge-connectivity') ? [['k-edge-connected', ...pair] as const] : [];
  return {
    ...sequence,
    question: { structure, ...(k !== undefined && { k }), watch },
    expectations:
      sigma === null
        ? {}
        : {
            predictions:
              sigma === REVERSED ? sequence.updates.toReversed() : noisyOrder(sequence.updates, sigma, seed),
          },
  };
}

/** Compares with recomputation after every event. @throws InvalidProblemError that names the first wrong answer */
function checkAnswers(workload: Workload, answers: readonly DynamicGraphAnswer[]): void {
  const updates = workload.updates.slice(0, answers.length);
  const expected = replay(recomputeGraph.create(), { ...workload, updates });
  const wrong = expected.findIndex((answer, i) => JSON.stringify(answer) !== JSON.stringify(answers[i]));
  if (wrong >= 0)
    throw new InvalidProblemError(
      `The answer to update ${wrong} is ${JSON.stringify(answers[wrong])}; recomputation gives ${JSON.stringify(expected[wrong])}.`,
    );
}

export default [dynamicGraphs];
