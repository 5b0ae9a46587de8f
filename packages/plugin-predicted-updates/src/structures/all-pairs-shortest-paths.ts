import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import { IntStack } from '../int-stack.js';
import { unknownQuery, vertexArguments } from '../queries.js';
import type { UndoStructure } from '../undo-structure.js';
import type { Universe } from '../universe.js';

/**
 * All distances of a digraph by insertion and undo: an element (a, b, w) gives D[u][v] = min(D[u][v], D[u][a] + w + D[b][v]), O(n^2), with the
 * old entries in a log. Parallel elements: the lightest counts; self loops do not. Value: sum of the finite distances.
 * Queries: `matrix` (rows, -1 unreachable), `distance` u v.
 */
export class AllPairsShortestPaths implements UndoStructure {
  work = 0;
  readonly unit: number;
  readonly #universe: Universe;
  /** Row-major. */
  readonly #distance: Float64Array;
  readonly #places = new IntStack();
  readonly #old: number[] = [];
  /** Entries of the log before each insertion. */
  readonly #marks = new IntStack();
  #sum = 0;

  constructor(universe: Universe) {
    this.#universe = universe;
    const n = universe.vertices;
    this.unit = n;
    this.#distance = new Float64Array(n * n).fill(Number.POSITIVE_INFINITY);
    for (let x = 0; x < n; x++) this.#distance[x * n + x] = 0;
  }

  insert(element: number): void {
    const { vertices: n, u, v, weight } = this.#universe;
    const D = this.#distance;
    const [a, b, w] = [u[element], v[element], weight[element]];
    this.#marks.push(this.#places.length);
    this.work++;
    if (w >= D[a * n + b]) return;
    this.work += n;
    for (let x = 0; x < n; x++) {
      const there = D[x * n + a] + w;
      // What does not get nearer to b gets nearer to nothing.
      if (!(there < D[x * n + b])) continue;
      this.work += n;
      for (let y = 0; y < n; y++) {
        const length = there + D[b * n + y];
        if (length < D[x * n + y]) this.#set(x * n + y, length);
      }
    }
  }

  undo(): void {
    const mark = this.#marks.pop();
    this.work += 1 + this.#places.length - mark;
    while (this.#places.length > mark) {
      const place = this.#places.pop();
      const old = this.#old.pop()!;
      this.#sum += (old === Number.POSITIVE_INFINITY ? 0 : old) - this.#distance[place];
      this.#distance[place] = old;
    }
  }

  value(): number {
    return this.#sum;
  }

  answer(query: GraphQuery): GraphValue {
    const n = this.#universe.vertices;
    const shown = (d: number) => (d === Number.POSITIVE_INFINITY ? -1 : d);
    if (query[0] === 'matrix') {
      vertexArguments(query, 0, n);
      return Array.from({ length: n }, (_, x) =>
        Array.from(this.#distance.subarray(x * n, x * n + n), shown),
      );
    }
    if (query[0] !== 'distance') throw unknownQuery(query, ['matrix', 'distance']);
    const [u, v] = vertexArguments(query, 2, n);
    return shown(this.#distance[u * n + v]);
  }

  #set(place: number, length: number): void {
    const old = this.#distance[place];
    this.#places.push(place);
    this.#old.push(old);
    this.#sum += length - (old === Number.POSITIVE_INFINITY ? 0 : old);
    this.#distance[place] = length;
  }
}
