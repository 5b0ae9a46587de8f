import { InvalidProblemError } from '@espalier/core';
import type { Universe } from '../universe.js';
import { EdgeBuffer, incidenceOf } from './edge-list.js';
import { nestedDissection } from './nested-dissection.js';

/** Edges and shortcuts of a hierarchy to begin with; beyond that the graph is far from planar, and the memory large. */
export const MOST_EDGES = 2 ** 24;

/**
 * A graph with the shortcuts of an elimination order, without lengths. Vertices are called by their rank in the order. The upper neighbours
 * of x are `head[start[x]..start[x+1]-1]`, ascending; any two of them are neighbours: what eliminating x can connect, is connected.
 */
export interface ContractionHierarchy {
  readonly vertices: number;
  /** Rank of each vertex of the graph. */
  readonly rank: Int32Array;
  readonly start: Int32Array;
  readonly head: Int32Array;
}

/**
 * The hierarchy over all elements of a universe, in nested dissection order. O(edges log edges).
 * @param most edges and shortcuts that are allowed
 * @throws InvalidProblemError when there would be more
 */
export function contractionHierarchy(
  { vertices, u, v, size }: Universe,
  most: number = MOST_EDGES,
): ContractionHierarchy {
  const edges = new EdgeBuffer(size);
  for (let element = 0; element < size; element++)
    if (u[element] !== v[element]) edges.add(u[element], v[element]);
  const incidence = incidenceOf(vertices, edges);
  const neighbour = new Int32Array(2 * edges.count);
  for (let x = 0; x < vertices; x++) {
    for (let i = incidence.start[x]; i < incidence.start[x + 1]; i++) {
      const e = incidence.edge[i];
      neighbour[i] = edges.a[e] === x ? edges.b[e] : edges.a[e];
    }
  }
  const order = nestedDissection(vertices, incidence, neighbour);
  const rank = new Int32Array(vertices);
  for (let place = 0; place < vertices; place++) rank[order[place]] = place;
  return { vertices, rank, ...chordal(order, rank, incidence.start, neighbour, most) };
}

/** Upper neighbours by rank: those in the graph, and those that lower neighbours hand on when they are eliminated. */
function chordal(
  order: Int32Array,
  rank: Int32Array,
  start: Int32Array,
  neighbour: Int32Array,
  most: number,
): { readonly start: Int32Array; readonly head: Int32Array } {
  const vertices = order.length;
  const upper: Int32Array[] = [];
  /** Children in the elimination tree: a vertex hands its upper neighbours to the lowest of them. */
  const handed: number[][] = Array.from({ length: vertices }, () => []);
  const seen = new Int32Array(vertices).fill(-1);
  let total = 0;
  for (let x = 0; x < vertices; x++) {
    const list: number[] = [];
    const offer = (y: number) => {
      if (y <= x || seen[y] === x) return;
      seen[y] = x;
      list.push(y);
    };
    const vertex = order[x];
    for (let i = start[vertex]; i < start[vertex + 1]; i++) offer(rank[neighbour[i]]);
    for (const child of handed[x]) for (const y of upper[child]) offer(y);
    const sorted = Int32Array.from(list).sort();
    upper.push(sorted);
    if (sorted.length > 0) handed[sorted[0]].push(x);
    total += sorted.length;
    if (total > most)
      throw new InvalidProblemError(
        `Eliminating the vertices of this graph takes more than ${most} shortcuts: it is far from planar.`,
        { remedy: "Ask for 'all-pairs-shortest-paths', or recompute with the algorithm recompute-graph." },
      );
  }
  const first = new Int32Array(vertices + 1);
  for (let x = 0; x < vertices; x++) first[x + 1] = first[x] + upper[x].length;
  const head = new Int32Array(total);
  for (let x = 0; x < vertices; x++) head.set(upper[x], first[x]);
  return { start: first, head };
}

/** The edge between two vertices, lower one first; -1 where there is none. */
export function edgeBetween(
  { start, head }: Pick<ContractionHierarchy, 'start' | 'head'>,
  lower: number,
  upper: number,
): number {
  let [low, high] = [start[lower], start[lower + 1]];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (head[middle] < upper) low = middle + 1;
    else high = middle;
  }
  return low < start[lower + 1] && head[low] === upper ? low : -1;
}
