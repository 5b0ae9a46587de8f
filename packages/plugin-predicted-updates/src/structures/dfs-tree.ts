import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import { unknownQuery, vertexArguments } from '../queries.js';
import type { UndoStructure } from '../undo-structure.js';
import type { Universe } from '../universe.js';

/** The forest of a depth-first search. */
interface Forest {
  /** -1 at a root. */
  readonly parent: Int32Array;
  /** Place in the order of discovery, and the last place in the subtree. */
  readonly first: Int32Array;
  readonly last: Int32Array;
  readonly height: number;
}

/**
 * The lexicographic depth-first forest of an undirected graph (smallest root, smallest neighbour first), by insertion and undo: unlike other
 * depth-first forests it is determined by the graph. An element that the search would not have followed leaves the forest as it is: O(depth);
 * any other has the search done anew, O(n + m), and the old forest goes to the log. Value: height (elements on the longest path from
 * a root). Queries: `parent` v (-1 at a root), `ancestor` u v (u is v, or above it).
 */
export class DfsTree implements UndoStructure {
  work = 0;
  readonly unit = 8;
  readonly #universe: Universe;
  /** Neighbours in order, one entry an element. */
  readonly #neighbours: number[][];
  #forest: Forest;
  readonly #log: { readonly element: number; readonly forest: Forest }[] = [];

  constructor(universe: Universe) {
    this.#universe = universe;
    this.#neighbours = Array.from({ length: universe.vertices }, () => []);
    this.#forest = this.#search();
  }

  insert(element: number): void {
    const [u, v] = [this.#universe.u[element], this.#universe.v[element]];
    this.work++;
    this.#log.push({ element, forest: this.#forest });
    if (u === v) return;
    insertSorted(this.#neighbours[u], v);
    insertSorted(this.#neighbours[v], u);
    if (this.#wouldFollow(u, v)) this.#forest = this.#search();
  }

  undo(): void {
    const { element, forest } = this.#log.pop()!;
    const [u, v] = [this.#universe.u[element], this.#universe.v[element]];
    this.work++;
    this.#forest = forest;
    if (u === v) return;
    removeSorted(this.#neighbours[u], v);
    removeSorted(this.#neighbours[v], u);
  }

  value(): number {
    return this.#forest.height;
  }

  answer(query: GraphQuery): GraphValue {
    const n = this.#universe.vertices;
    if (query[0] === 'parent') return this.#forest.parent[vertexArguments(query, 1, n)[0]];
    if (query[0] !== 'ancestor') throw unknownQuery(query, ['parent', 'ancestor']);
    const [u, v] = vertexArguments(query, 2, n);
    return this.#isAbove(u, v);
  }

  #isAbove(u: number, v: number): boolean {
    const { first, last } = this.#forest;
    return first[u] <= first[v] && first[v] <= last[u];
  }

  /** Whether the search, when it looks along the new element, finds a vertex that it has not seen. */
  #wouldFollow(u: number, v: number): boolean {
    const { first, parent } = this.#forest;
    const [up, down] = first[u] < first[v] ? [u, v] : [v, u];
    // Found only after the subtree of `up` was done: now it is found from there.
    if (!this.#isAbove(up, down)) return true;
    let child = down;
    for (; parent[child] !== up; child = parent[child]) this.work++;
    // `down` was found through `child`; the new element is looked at before that if it comes first.
    return down < child;
  }

  #search(): Forest {
    const n = this.#universe.vertices;
    const [parent, first, last] = [new Int32Array(n).fill(-1), new Int32Array(n).fill(-1), new Int32Array(n)];
    const next = new Int32Array(n);
    const path: number[] = [];
    let [time, height] = [0, 0];
    for (let root = 0; root < n; root++) {
      if (first[root] >= 0) continue;
      first[root] = time++;
      path.push(root);
      while (path.length > 0) {
        const x = path[path.length - 1];
        if (next[x] === this.#neighbours[x].length) {
          last[x] = time - 1;
          path.pop();
          continue;
        }
        this.work++;
        const y = this.#neighbours[x][next[x]++];
        if (first[y] >= 0) continue;
        parent[y] = x;
        first[y] = time++;
        height = Math.max(height, path.length);
        path.push(y);
      }
    }
    this.work += n;
    return { parent, first, last, height };
  }
}

/** The first place whose value is not smaller. */
function placeOf(list: readonly number[], value: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (list[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function insertSorted(list: number[], value: number): void {
  list.splice(placeOf(list, value), 0, value);
}

function removeSorted(list: number[], value: number): void {
  list.splice(placeOf(list, value), 1);
}
