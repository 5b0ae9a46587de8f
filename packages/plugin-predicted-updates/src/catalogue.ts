import { InvalidProblemError, nearestNames } from '@espalier/core';
import type { GraphQuery, GraphQuestion } from './dynamic-graph.js';
import type { OfflineStructure } from './offline-structure.js';
import { AllPairsShortestPaths } from './structures/all-pairs-shortest-paths.js';
import { BipartiteMatching } from './structures/bipartite-matching.js';
import { OfflineBridges } from './structures/bridges-offline.js';
import { Connectivity } from './structures/connectivity.js';
import { OfflineConnectivity } from './structures/connectivity-offline.js';
import { DfsTree } from './structures/dfs-tree.js';
import { OfflineEdgeConnectivity } from './structures/edge-connectivity-offline.js';
import { KCore } from './structures/k-core.js';
import { MaxFlow } from './structures/max-flow.js';
import { PlainGraph } from './structures/plain-graph.js';
import { OfflineDistances } from './structures/planar-distances.js';
import { Reachability } from './structures/reachability.js';
import { SpanningForest } from './structures/spanning-forest.js';
import { OfflineSpanningForest } from './structures/spanning-forest-offline.js';
import { TriangleCount } from './structures/triangle-count.js';
import { UndoAsOffline } from './structures/undo-as-offline.js';
import { OfflineVertexConnectivity } from './structures/vertex-connectivity-offline.js';
import type { UndoStructure } from './undo-structure.js';
import type { Universe } from './universe.js';

/** How one question is answered. */
export interface StructureEntry {
  readonly summary: string;
  /** A structure for the offline lift; absent where the one with undo serves. */
  offline?(universe: Universe, question: GraphQuestion): OfflineStructure;
  /** A structure with insertion and undo, for the incremental lift. */
  undo?(universe: Universe, question: GraphQuestion): UndoStructure;
  /** The plain static algorithm, for recomputation, where the offline structure prepares for more than one answer. */
  recompute?(universe: Universe, question: GraphQuestion): OfflineStructure;
  /** The one with undo also removes: it serves the decremental lift. */
  readonly decremental?: true;
  /** Dense tables over all vertices: more than this many are refused. */
  readonly mostVertices?: number;
}

const plain = (universe: Universe, question: GraphQuestion) => new PlainGraph(universe, question);

/** Everything that can be asked, by name. */
export const STRUCTURES: Readonly<Record<string, StructureEntry>> = {
  connectivity: {
    summary: 'number of connected components',
    offline: (universe) => new OfflineConnectivity(universe),
    undo: (universe) => new Connectivity(universe),
  },
  'minimum-spanning-forest': {
    summary: 'weight of a minimum spanning forest',
    offline: (universe) => new OfflineSpanningForest(universe),
    undo: (universe) => new SpanningForest(universe),
  },
  bridges: { summary: 'number of bridges', offline: (universe) => new OfflineBridges(universe) },
  biconnectivity: {
    summary: 'pairs that no single other vertex separates',
    offline: (universe, question) => new OfflineVertexConnectivity(universe, watchedVertices(question), 2),
    recompute: plain,
  },
  triconnectivity: {
    summary: 'pairs that no two other vertices separate',
    offline: (universe, question) => new OfflineVertexConnectivity(universe, watchedVertices(question), 3),
    recompute: plain,
  },
  'three-edge-connectivity': {
    summary: 'pairs joined by three edge-disjoint paths',
    offline: (universe, question) => new OfflineEdgeConnectivity(universe, watchedVertices(question), 3),
    recompute: plain,
  },
  'k-edge-connectivity': {
    summary: 'pairs joined by k edge-disjoint paths',
    offline: (universe, question) =>
      new OfflineEdgeConnectivity(universe, watchedVertices(question), question.k ?? 2),
    recompute: plain,
  },
  'planar-distances': {
    summary: 'distances between pairs in a digraph, fast where it is planar',
    offline: (universe) => new OfflineDistances(universe),
    recompute: plain,
  },
  'all-pairs-shortest-paths': {
    summary: 'sum of all finite distances of a digraph',
    undo: (universe) => new AllPairsShortestPaths(universe),
    mostVertices: 8_192,
  },
  'bipartite-matching': {
    summary: 'size of a maximum matching, u left and v right',
    undo: (universe) => new BipartiteMatching(universe),
    decremental: true,
  },
  'k-core': {
    summary: 'number of vertices in the k-core',
    undo: (universe, { k = 2 }) => new KCore(universe, k),
    decremental: true,
  },
  'triangle-count': {
    summary: 'number of triangles',
    undo: (universe) => new TriangleCount(universe),
    decremental: true,
  },
  'max-flow': {
    summary: 'value of a maximum flow from source to sink, weights as capacities',
    undo: (universe, { source, sink }) => new MaxFlow(universe, source!, sink!),
  },
  'dfs-tree': {
    summary: 'height of the lexicographic depth-first forest',
    undo: (universe) => new DfsTree(universe),
  },
  reachability: {
    summary: 'number of ordered pairs of a digraph with a path',
    undo: (universe) => new Reachability(universe),
    mostVertices: 65_536,
  },
};

/** The entry of a checked question. @throws InvalidProblemError for an unknown name or a parameter that is not allowed */
export function structureOf(universe: Universe, question: GraphQuestion): StructureEntry {
  const { structure, k, source, sink, watch } = question ?? {};
  const entry = Object.hasOwn(STRUCTURES, String(structure)) ? STRUCTURES[structure] : undefined;
  if (!entry) {
    const names = Object.keys(STRUCTURES);
    const near = nearestNames(String(structure), names);
    throw new InvalidProblemError(
      `There is no structure '${String(structure)}'; there are: ${names.join(', ')}.`,
      near.length > 0 ? { remedy: `Did you mean '${near[0]}'?` } : {},
    );
  }
  const n = universe.vertices;
  if (k !== undefined && (!Number.isSafeInteger(k) || k < 1))
    throw new InvalidProblemError(`k is a positive integer; given ${String(k)}.`);
  const isVertex = (x: number | undefined) => Number.isInteger(x) && x! >= 0 && x! < n;
  if (structure === 'max-flow' && (!isVertex(source) || !isVertex(sink) || source === sink))
    throw new InvalidProblemError(
      `A maximum flow needs two different vertices of 0 to ${n - 1} as source and sink; given ${String(source)} and ${String(sink)}.`,
    );
  if (entry.mostVertices !== undefined && n > entry.mostVertices)
    throw new InvalidProblemError(
      `'${structure}' keeps a table over all pairs and takes up to ${entry.mostVertices} vertices; given ${n}.`,
    );
  if (watch !== undefined && !(Array.isArray(watch) && watch.every((query) => isQuery(query))))
    throw new InvalidProblemError(
      `watch is a list of queries [name, ...arguments]; given ${JSON.stringify(watch)}.`,
    );
  return entry;
}

/** A structure for recomputation. */
export function staticStructure(universe: Universe, question: GraphQuestion): OfflineStructure {
  return (
    structureOf(universe, question).recompute?.(universe, question) ?? offlineStructure(universe, question)
  );
}

/** A structure for the offline lift. */
export function offlineStructure(universe: Universe, question: GraphQuestion): OfflineStructure {
  const entry = structureOf(universe, question);
  return entry.offline?.(universe, question) ?? new UndoAsOffline(entry.undo!(universe, question));
}

/** Whether this is a query by its form. */
export function isQuery(query: unknown): query is GraphQuery {
  return (
    Array.isArray(query) &&
    typeof query[0] === 'string' &&
    query.slice(1).every((argument) => typeof argument === 'number' || typeof argument === 'string')
  );
}

function watchedVertices({ watch = [] }: GraphQuestion): number[] {
  return watch.flatMap((query) => query.slice(1).filter((argument) => typeof argument === 'number'));
}
