import { type LinkGraph, REAL } from '../structures/link-graph.js';

/**
 * Whether no set of fewer than k other vertices separates two different vertices: a real edge joins them, or k internally disjoint paths do
 * (Menger). At most k augmenting searches over vertices that are split into an entry and an exit.
 */
export function hasDisjointPaths(graph: LinkGraph, source: number, sink: number, k: number): boolean {
  const direct = graph.neighbours[source].get(sink) ?? 0;
  if (direct === REAL) return true;
  const search = new SplitSearch(graph, source, sink);
  for (let paths = direct; paths < k; paths++) if (!search.augment()) return false;
  return true;
}

/** Paths that are disjoint but for their ends: each inner vertex has at most one predecessor and successor. */
class SplitSearch {
  readonly #graph: LinkGraph;
  readonly #source: number;
  readonly #sink: number;
  /** The next and the previous vertex on the path through a vertex; -1: no path goes through it. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  constructor(graph: LinkGraph, source: number, sink: number) {
    this.#graph = graph;
    this.#source = source;
    this.#sink = sink;
    this.#next = new Int32Array(graph.vertices).fill(-1);
    this.#previous = new Int32Array(graph.vertices).fill(-1);
  }

  /** One more path, if there is one. State 2x: at the entry of x; 2x + 1: at its exit. */
  augment(): boolean {
    const [source, sink, next, previous] = [this.#source, this.#sink, this.#next, this.#previous];
    const from = new Int32Array(2 * this.#graph.vertices).fill(-1);
    const start = 2 * source + 1;
    from[start] = start;
    const queue = [start];
    const reach = (state: number, by: number) => {
      if (from[state] >= 0) return;
      from[state] = by;
      queue.push(state);
    };
    for (let at = 0; at < queue.length; at++) {
      const state = queue[at];
      const x = state >> 1;
      if (state % 2 === 0) {
        // Entered: through, if no path is there; else only back along the path that is.
        if (previous[x] < 0) reach(state + 1, state);
        else if (previous[x] !== source) reach(2 * previous[x] + 1, state);
        continue;
      }
      // An exit that was reached backwards, over the edge that leaves it: the path through x may be taken back to its entry.
      if (x !== source && previous[x] >= 0) reach(2 * x, state);
      for (const y of this.#graph.neighbours[x].keys()) {
        if (y === source || next[x] === y) continue;
        if (x === source && (y === sink || previous[y] === source)) continue;
        if (y === sink) {
          this.#apply(from, state);
          return true;
        }
        reach(2 * y, state);
      }
    }
    return false;
  }

  /** Exchanges along the search's path from the exit `last` back to the source. */
  #apply(from: Int32Array, last: number): void {
    const edges: [number, number][] = [[last >> 1, this.#sink]];
    const undone: [number, number][] = [];
    for (let state = last; from[state] !== state; state = from[state]) {
      const [x, y] = [from[state] >> 1, state >> 1];
      if (x === y) continue;
      if (state % 2 === 0) edges.push([x, y]);
      else undone.push([y, x]);
    }
    for (const [x, y] of undone) {
      if (x !== this.#source) this.#next[x] = -1;
      this.#previous[y] = -1;
    }
    for (const [x, y] of edges) {
      if (x !== this.#source) this.#next[x] = y;
      if (y !== this.#sink) this.#previous[y] = x;
    }
  }
}
