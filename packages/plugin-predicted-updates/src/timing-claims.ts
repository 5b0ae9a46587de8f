import { type ClaimContext, type Clock, defineClaim, type Measurements } from '@espalier/core';
import { Recompute } from './backstops/recompute.js';
import { hdtConnectivity, type recomputeGraph } from './baselines.js';
import { staticStructure } from './catalogue.js';
import { finish } from './engine.js';
import { noisyOrder, randomUpdates, roadUpdates } from './generated-workloads.js';
import { predictedUpdates } from './predicted-updates.js';
import { streamOf, type Workload } from './replay.js';
import { Universe } from './universe.js';

type Algorithm = ReturnType<typeof recomputeGraph.create>;

/** Microseconds an update, with its answers, over the updates from `from` on. */
export function microsecondsAnUpdate(algorithm: Algorithm, workload: Workload, from: number): number {
  const [start, ...updates] = streamOf(workload);
  algorithm.process(start);
  for (const event of updates.slice(0, from)) algorithm.process(event);
  const timed = updates.slice(from);
  const began = performance.now();
  for (const event of timed) algorithm.process(event);
  return (1_000 * (performance.now() - began)) / timed.length;
}

/** The same for recomputation, over `count` updates; what comes before them is not answered, which would take too long. */
export function microsecondsOfRecomputing(
  workload: Workload,
  from: number,
  count: number,
  clock: Clock = performance,
): number {
  const { vertices, elements, question, updates } = workload;
  const universe = new Universe(vertices, elements);
  const engine = new Recompute(staticStructure(universe, question));
  const begin = (slot: number) => {
    const [op, id] = updates[slot];
    const element = universe.indexOf(id)!;
    return engine.begin({ element, insert: op === 'ins', changes: true, slot, expected: null });
  };
  for (let slot = 0; slot < from; slot++) begin(slot);
  const began = clock.now();
  for (let slot = from; slot < from + count; slot++) {
    finish(begin(slot));
    engine.value();
    for (const query of question.watch ?? []) engine.answer(query);
  }
  return (1_000 * (clock.now() - began)) / count;
}

/** n = 20,000, on average 1.5 n present edges, T = 2^17 (the build-up included), sigma = 4. */
export function largeConnectivity(seed: number): Workload {
  const sequence = randomUpdates({ vertices: 20_000, slots: 2 ** 17, present: 30_000, seed });
  return {
    ...sequence,
    question: { structure: 'connectivity' },
    expectations: { predictions: noisyOrder(sequence.updates, 4, seed) },
  };
}

/** A grid of one-way roads, of which some close and open again; the distance between two corners. */
export function roadDistances(seed: number, side: number): Workload {
  const sequence = roadUpdates({ side, slots: 1_024, seed });
  return {
    ...sequence,
    question: { structure: 'planar-distances', watch: [['distance', 0, side * side - 1]] },
    expectations: { predictions: noisyOrder(sequence.updates, 4, seed) },
  };
}

/** On average 1.5 n present edges; are two vertices joined by three edge-disjoint paths? */
export function threeEdgePairs(seed: number, vertices: number): Workload {
  const sequence = randomUpdates({ vertices, slots: 4 * vertices, present: 1.5 * vertices, seed });
  return {
    ...sequence,
    question: { structure: 'k-edge-connectivity', k: 3, watch: [['k-edge-connected', 0, vertices - 1]] },
    expectations: { predictions: noisyOrder(sequence.updates, 4, seed) },
  };
}

/** On average 1.5 n present edges; do no two other vertices separate two? */
export function triconnectedPairs(seed: number, vertices: number): Workload {
  const sequence = randomUpdates({ vertices, slots: 3 * vertices, present: 1.5 * vertices, seed });
  return {
    ...sequence,
    question: { structure: 'triconnectivity', watch: [['triconnected', 0, vertices - 1]] },
    expectations: { predictions: noisyOrder(sequence.updates, 4, seed) },
  };
}

/** Updates after which the graph of `largeConnectivity` has its size; all sides are timed from there. */
const BUILD_UP = 40_000;

const liftAlone = () => predictedUpdates.create({ lift: 'offline', backstop: 'none' });

const connectivityTime = defineClaim({
  name: 'connectivity-time',
  tier: 'full',
  statement:
    'Connectivity, n = 20,000, T = 2^17, 1.5 n edges present, sigma = 4: the offline lift answers at least 100 times faster than recomputation.',
  paper: {
    figure: 'polylog an update; no experiments',
    setting: 'goal of the specification of this package',
  },
  async measure({ seed, signal, onProgress }: ClaimContext) {
    const workload = largeConnectivity(seed);
    onProgress?.('offline lift');
    const lift = microsecondsAnUpdate(liftAlone(), workload, BUILD_UP);
    signal?.throwIfAborted();
    onProgress?.('with backstop');
    const both = microsecondsAnUpdate(predictedUpdates.create(), workload, BUILD_UP);
    signal?.throwIfAborted();
    onProgress?.('HDT');
    const hdt = microsecondsAnUpdate(hdtConnectivity.create(), workload, BUILD_UP);
    signal?.throwIfAborted();
    onProgress?.('recomputation');
    const recompute = microsecondsOfRecomputing(workload, BUILD_UP, 500);
    return { lift, both, hdt, recompute };
  },
  figure: (m) =>
    `${show(m.lift!)} us an update; with backstop ${show(m.both!)}, HDT ${show(m.hdt!)}, recomputation ${show(m.recompute!)}`,
  judge: (m) => judgeTimes(m, 100),
});

/** A claim of the offline lift against recomputation. */
function pairClaim(
  name: string,
  statement: string,
  make: (seed: number) => Workload,
  from: (w: Workload) => number,
) {
  return defineClaim({
    name,
    tier: 'full',
    statement,
    paper: {
      figure: 'polylog or sqrt(n) polylog an update; no experiments',
      setting: 'goal of the specification of this package',
    },
    async measure({ seed, signal, onProgress }: ClaimContext) {
      const workload = make(seed);
      onProgress?.('offline lift');
      const lift = microsecondsAnUpdate(liftAlone(), workload, from(workload));
      signal?.throwIfAborted();
      onProgress?.('recomputation');
      const recompute = microsecondsOfRecomputing(workload, from(workload), 200);
      return { lift, recompute };
    },
    figure: (m) => `${show(m.lift!)} us an update against ${show(m.recompute!)}`,
    judge: (m) => judgeTimes(m, 20),
  });
}

function judgeTimes(m: Measurements, wanted: number) {
  const ratio = m.recompute! / m.lift!;
  return {
    verdict:
      ratio >= wanted ? ('holds' as const) : ratio > 1 ? ('partly' as const) : ('does not hold' as const),
    reason: `${show(ratio)} times faster than recomputation; ${wanted} are wanted.`,
  };
}

function show(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

export default [
  connectivityTime,
  ...[2_000, 20_000].map((n) =>
    pairClaim(
      `three-edge-time-${n}`,
      `3-edge-connectivity of a pair, n = ${n}, 1.5 n edges present, sigma = 4: the offline lift is at least 20 times faster than recomputation.`,
      (seed) => threeEdgePairs(seed, n),
      () => 2 * n,
    ),
  ),
  ...[60, 100].map((side) =>
    pairClaim(
      `road-distance-time-${side}`,
      `Distance across a ${side} x ${side} grid of roads that close and open, sigma = 4: the offline lift is at least 20 times faster than recomputation.`,
      (seed) => roadDistances(seed, side),
      ({ updates }) => updates.length - 1_024,
    ),
  ),
];
