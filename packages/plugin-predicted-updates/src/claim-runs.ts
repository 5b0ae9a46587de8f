import { BruteForce } from './brute-force.js';
import type { ElementId, GraphElement, GraphQuery, GraphQuestion, GraphUpdate } from './dynamic-graph.js';
import { finish } from './engine.js';
import { lifetimeUpdates, type UpdateSequence } from './generated-workloads.js';
import { IncrementalLift } from './lifts/incremental-lift.js';
import { OfflineLift } from './lifts/offline-lift.js';
import { predictedUpdates } from './predicted-updates.js';
import { replay } from './replay.js';
import { Connectivity } from './structures/connectivity.js';
import { OfflineConnectivity } from './structures/connectivity-offline.js';
import { eventKey } from './timeline.js';
import { Universe } from './universe.js';

/** What the offline lift did on one list of predictions. */
export interface LiftWork {
  /** Sum of the sizes of computed nodes. */
  readonly nodeSlots: number;
  readonly nodes: number;
  readonly l1: number;
  readonly misses: number;
}

/** Runs the offline lift for connectivity over a sequence in one epoch. */
export function offlineLiftWork(
  { vertices, elements, updates }: UpdateSequence,
  predicted: readonly GraphUpdate[],
  seed: number,
  split: 'random' | 'midpoint' = 'random',
): LiftWork {
  const universe = new Universe(vertices, elements);
  const keys = (list: readonly GraphUpdate[]) =>
    list.map(([op, id]) => eventKey(universe.indexOf(id)!, op === 'ins'));
  const lift = new OfflineLift(universe, new OfflineConnectivity(universe), {
    expected: keys(predicted),
    horizon: updates.length,
    split,
    missPolicy: 'rebuild',
    seed,
  });
  keys(updates).forEach((key, slot) => {
    finish(lift.begin({ element: key >> 1, insert: key % 2 === 0, changes: true, slot, expected: null }));
  });
  return lift.report() as unknown as LiftWork;
}

/** Insertions a slot and l1 / horizon of the incremental lift, on lifetimes with mean 200. */
export function incrementalLiftWork(
  slots: number,
  sigma: number,
  seed: number,
): { readonly inserts: number; readonly l1: number } {
  const sequence = lifetimeUpdates({ vertices: 200, slots, meanLifetime: 200, sigma, seed });
  const universe = new Universe(sequence.vertices, sequence.elements);
  const predicted = new Map(sequence.predictedDeletions);
  const lift = new IncrementalLift(() => new Connectivity(universe), {
    horizon: slots,
    seed,
    extension: 'doubling',
    repair: 'layer',
  });
  let l1 = 0;
  sequence.updates.forEach(([op, id], slot) => {
    const insert = op === 'ins';
    const expected = insert ? predicted.get(id)! : null;
    if (!insert) l1 += Math.abs(Math.min(slots, predicted.get(id)!) - slot);
    finish(lift.begin({ element: universe.indexOf(id)!, insert, changes: true, slot, expected }));
  });
  const { inserts } = lift.report();
  return { inserts: inserts as number, l1 };
}

/** Slope of log y against log x by least squares; points with a zero are left out. */
export function logSlope(points: readonly (readonly [x: number, y: number])[]): number {
  const logs = points.filter(([x, y]) => x > 0 && y > 0).map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  const [mx, my] = [mean(logs.map(([x]) => x)), mean(logs.map(([, y]) => y))];
  const [sxy, sxx] = logs.reduce(([a, b], [x, y]) => [a + (x - mx) * (y - my), b + (x - mx) ** 2], [0, 0]);
  return sxy / sxx;
}

/** What one run compares: a question with pairs to watch. */
export interface ExactnessCase {
  readonly question: GraphQuestion;
  readonly lifts: readonly ('offline' | 'incremental' | 'decremental')[];
}

/** The queries of a structure about vertices u and v. */
export function queriesOf(structure: string, u: number, v: number): GraphQuery[] {
  const byStructure: Readonly<Record<string, readonly GraphQuery[]>> = {
    connectivity: [['connected', u, v]],
    'minimum-spanning-forest': [['edges']],
    bridges: [['two-edge-connected', u, v]],
    biconnectivity: [['biconnected', u, v]],
    triconnectivity: [['triconnected', u, v]],
    'three-edge-connectivity': [['k-edge-connected', u, v]],
    'k-edge-connectivity': [['k-edge-connected', u, v]],
    'planar-distances': [['distance', u, v]],
    'all-pairs-shortest-paths': [['matrix']],
    'k-core': [['in-core', u]],
    'dfs-tree': [
      ['parent', u],
      ['ancestor', u, v],
    ],
    reachability: [['reachable', u, v]],
  };
  return [...(byStructure[structure] ?? [])];
}

/** Answers to one question that differ from brute force, over every list of predictions and lift; and how many updates there were. */
export function countWrongAnswers(
  { vertices, elements, updates }: UpdateSequence,
  { question, lifts }: ExactnessCase,
  lists: Readonly<Record<string, readonly (GraphUpdate | null)[]>>,
): { readonly wrong: number; readonly updates: number } {
  const expected = bruteForceAnswers(vertices, elements, updates, question);
  let [wrong, count] = [0, 0];
  for (const lift of lifts) {
    for (const predictions of Object.values(lists)) {
      const algorithm = predictedUpdates.create({ lift, backstop: 'none' });
      const answers = replay(algorithm, {
        vertices,
        elements,
        updates,
        question,
        expectations: { predictions },
      });
      count += answers.length;
      answers.forEach((answer, i) => {
        if (JSON.stringify(answer) !== expected[i]) wrong++;
      });
    }
  }
  return { wrong, updates: count };
}

/** The answers as text, from the definition. */
export function bruteForceAnswers(
  vertices: number,
  elements: readonly GraphElement[],
  updates: readonly GraphUpdate[],
  question: GraphQuestion,
): string[] {
  const byId = new Map(elements.map((element) => [element.id, element]));
  const present = new Map<ElementId, GraphElement>();
  return updates.map(([op, id]) => {
    if (op === 'ins') present.set(id, byId.get(id)!);
    else present.delete(id);
    const graph = new BruteForce(vertices, [...present.values()]);
    const value = graph.value(question);
    const watched = question.watch?.map((query) => graph.answer(query, question));
    return JSON.stringify({ value, ...(watched && watched.length > 0 && { watched }) });
  });
}
