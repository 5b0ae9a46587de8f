import type { GoldenFile, GoldenRunner, GoldenRunners, Json, JsonObject } from '@espalier/core';
import type { ElementId, GraphElement, GraphQuery, GraphUpdate, GraphValue } from './dynamic-graph.js';
import { finish } from './engine.js';
import { IncrementalLift } from './lifts/incremental-lift.js';
import { OfflineLift, type OfflineStep } from './lifts/offline-lift.js';
import { predictedUpdates } from './predicted-updates.js';
import { replay, type Workload } from './replay.js';
import { Connectivity } from './structures/connectivity.js';
import { OfflineConnectivity } from './structures/connectivity-offline.js';
import { eventKey } from './timeline.js';
import { Universe } from './universe.js';

type Edge = readonly [id: ElementId, u: number, v: number, weight?: number];

const elementsOf = (edges: readonly Edge[]): GraphElement[] =>
  edges.map(([id, u, v, weight]) => ({ id, u, v, ...(weight !== undefined && { weight }) }));

/** A runner over the cases of a file; all of this package are exact unless the file says otherwise. */
function overCases<Case>(run: (given: Case) => JsonObject): GoldenRunner {
  return {
    async run(file) {
      return { cases: (file as GoldenFile & { readonly cases: readonly Case[] }).cases.map(run) };
    },
    tolerance: (_path, { tolerance }) => ({
      absolute: typeof tolerance === 'number' ? tolerance : 0,
      relative: 0,
    }),
  };
}

interface TimelineCase {
  readonly n: number;
  readonly edges: readonly Edge[];
  readonly horizon: number;
  readonly splits: readonly (readonly [number, number, number])[];
  readonly predicted: readonly (GraphUpdate | null)[];
  readonly realised: readonly GraphUpdate[];
}

/** The offline lift with given splits: every step of its bookkeeping. Events on a present or absent element only take their slot. */
const timeline = overCases<TimelineCase>((given) => {
  const universe = new Universe(given.n, elementsOf(given.edges));
  const keyOf = (update: GraphUpdate | null) => {
    const element = update && universe.indexOf(update[1]);
    return element === null || element === undefined ? -1 : eventKey(element, update![0] === 'ins');
  };
  const steps: OfflineStep[] = [];
  const lift = new OfflineLift(universe, new OfflineConnectivity(universe), {
    expected: given.predicted.map(keyOf),
    horizon: given.horizon,
    split: given.splits,
    missPolicy: 'rebuild',
    seed: 0,
    onStep: (step) => steps.push(step),
  });
  const present = new Set<number>();
  const components = given.realised.map((update, slot) => {
    const element = keyOf(update) >> 1;
    const insert = update[0] === 'ins';
    const changes = present.has(element) !== insert;
    if (insert) present.add(element);
    else present.delete(element);
    finish(lift.begin({ element, insert, changes, slot, expected: null }));
    return lift.value();
  });
  const { totalShifts, misses } = lift.report();
  return {
    steps: steps.map(
      ({ hit, foundAt, lca, dropped, computed }, i): JsonObject => ({
        hit,
        foundAt,
        lca,
        dropped,
        computed: computed.map(([l, r, fixed]) => [l, r, namesOf(universe, fixed)]),
        components: components[i] as number,
      }),
    ),
    totalShifts,
    misses,
  };
});

function namesOf(universe: Universe, elements: readonly number[]): ElementId[] {
  return [...elements]
    .sort((a, b) => universe.compare(a, b))
    .map((element): ElementId => universe.ids[element]);
}

interface CoverCase {
  readonly n: number;
  readonly edges: readonly Edge[];
  readonly horizon: number;
  readonly shift: number;
  readonly steps: readonly {
    readonly kind: 'ins' | 'del';
    readonly edge: ElementId;
    readonly predictedDeletion: number | null;
  }[];
}

/** The incremental lift with a given shift: the cover of every insertion, and the counters after every event. */
const incrementalCover = overCases<CoverCase>((given) => {
  const universe = new Universe(given.n, elementsOf(given.edges));
  let cover: Json = [];
  const lift = new IncrementalLift(() => new Connectivity(universe), {
    horizon: given.horizon,
    shift: given.shift,
    seed: 0,
    extension: 'doubling',
    repair: 'layer',
    onCover: (_element, slots) => {
      cover = slots.map(([from, to]) => [from, to]);
    },
  });
  const steps = given.steps.map(({ kind, edge, predictedDeletion }, slot): JsonObject => {
    const insert = kind === 'ins';
    const element = universe.indexOf(edge)!;
    finish(lift.begin({ element, insert, changes: true, slot, expected: predictedDeletion }));
    const { inserts, undos, extensions, earlyRepairs } = lift.report();
    const counters = { inserts, undos, extensions, earlyRepairs };
    return { ...counters, components: lift.value() as number, ...(insert && { cover }) };
  });
  return { steps };
});

interface AnswersCase {
  readonly n: number;
  readonly edges: readonly Edge[];
  readonly updates: readonly GraphUpdate[];
  readonly predictions: Readonly<Record<string, readonly (GraphUpdate | null)[]>>;
  readonly pairQueries: readonly (readonly (readonly [u: number, v: number, ...rest: number[]])[])[];
}

/** Values and pair queries after every update, with every list of predictions; they must all agree. */
const graphAnswers = overCases<AnswersCase>((given) => {
  const lists = Object.entries(given.predictions);
  const results = lists.map(([name, predictions]) => ({ name, outputs: answersWith(given, predictions) }));
  for (const { name, outputs } of results)
    if (JSON.stringify(outputs) !== JSON.stringify(results[0].outputs))
      throw new Error(`The answers with the predictions '${name}' are not those with '${lists[0][0]}'.`);
  return results[0].outputs;
});

function answersWith(given: AnswersCase, predictions: readonly (GraphUpdate | null)[]): JsonObject {
  const run = (structure: string, queryName?: string) => {
    const algorithm = predictedUpdates.create({ lift: 'offline', backstop: 'none' });
    const workload = { ...workloadOf(given), question: { structure }, expectations: { predictions } };
    const queries = given.pairQueries.map((pairs) =>
      queryName ? pairs.map(([u, v]): GraphQuery => [queryName, u, v]) : [],
    );
    return replayWithQueries(algorithm, workload, queries);
  };
  const components = run('connectivity', 'connected');
  const forest = run('minimum-spanning-forest');
  const bridges = run('bridges', 'two-edge-connected');
  return {
    components: components.values,
    msfWeight: forest.values,
    bridges: bridges.values,
    pairQueries: given.pairQueries.map((pairs, slot) =>
      pairs.map(([u, v], i) => [u, v, Number(components.answers[slot][i]), Number(bridges.answers[slot][i])]),
    ),
  };
}

function replayWithQueries(
  algorithm: ReturnType<typeof predictedUpdates.create>,
  { vertices, elements, question, updates, expectations }: Workload,
  queries: readonly (readonly GraphQuery[])[],
): { readonly values: number[]; readonly answers: GraphValue[][] } {
  algorithm.process({ op: 'start', vertices, elements, question, ...expectations });
  const values: number[] = [];
  const answers: GraphValue[][] = [];
  updates.forEach(([op, id], slot) => {
    values.push(algorithm.process({ op, id }).value as number);
    answers.push(queries[slot].map((query) => algorithm.process({ op: 'query', query }).value));
  });
  return { values, answers };
}

const workloadOf = ({ n, edges, updates }: Pick<AnswersCase, 'n' | 'edges' | 'updates'>) => ({
  vertices: n,
  elements: elementsOf(edges),
  updates,
});

interface DistancesCase {
  readonly n: number;
  readonly edges: readonly Edge[];
  readonly updates: readonly GraphUpdate[];
  readonly predictedDeletion: readonly (readonly [ElementId, number])[];
}

/** Distances, matching and 2-core after every update, by the incremental lift. */
const apspMatchingKcore = overCases<DistancesCase>((given) => {
  const run = (question: Workload['question']) =>
    replay(predictedUpdates.create({ lift: 'incremental', backstop: 'none' }), {
      ...workloadOf(given),
      question,
      expectations: { predictedDeletions: given.predictedDeletion },
    });
  const distances = run({ structure: 'all-pairs-shortest-paths', watch: [['matrix']] });
  return {
    distances: distances.map(({ watched }) => watched![0] as number[][]),
    matchingSize: run({ structure: 'bipartite-matching' }).map(({ value }) => value as number),
    twoCoreSize: run({ structure: 'k-core', k: 2 }).map(({ value }) => value as number),
  };
});

const golden: GoldenRunners = {
  timeline,
  'incremental-cover': incrementalCover,
  'graph-answers': graphAnswers,
  'apsp-matching-kcore': apspMatchingKcore,
};
export default golden;
