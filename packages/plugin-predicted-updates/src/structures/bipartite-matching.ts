import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import { IntStack } from '../int-stack.js';
import { unknownQuery } from '../queries.js';
import type { UndoStructure } from '../undo-structure.js';
import type { Universe } from '../universe.js';
import { DancingAdjacency } from './dancing-adjacency.js';

const INSERTED = -1;
const REMOVED = -2;

/**
 * Size of a maximum matching between n left and n right vertices (element u, v joins left u and right v), by insertion, removal and
 * undo: each changes it by at most one, which augmenting searches find, O(m). Which matching it is depends on the past, so only its size
 * is an answer. Value: size.
 */
export class BipartiteMatching implements UndoStructure {
  work = 0;
  readonly unit = 16;
  readonly #universe: Universe;
  readonly #n: number;
  /** Lefts are 0..n-1, rights n..2n-1. */
  readonly #adjacency: DancingAdjacency;
  /** The matched element of each vertex, -1: free. */
  readonly #matched: Int32Array;
  /** Triples (vertex, old matched element) ... ended by (element, INSERTED or REMOVED). */
  readonly #log = new IntStack();
  readonly #marks = new IntStack();
  readonly #seen: Int32Array;
  /** The element by which a search came to a vertex. */
  readonly #entry: Int32Array;
  #token = 0;
  #size = 0;

  constructor(universe: Universe) {
    this.#universe = universe;
    this.#n = universe.vertices;
    this.#adjacency = new DancingAdjacency(2 * this.#n);
    this.#matched = new Int32Array(2 * this.#n).fill(-1);
    this.#seen = new Int32Array(2 * this.#n);
    this.#entry = new Int32Array(2 * this.#n);
  }

  insert(element: number): void {
    this.work++;
    this.#marks.push(this.#log.length);
    const [left, right] = this.#ends(element);
    this.#adjacency.hook(2 * element, left);
    this.#adjacency.hook(2 * element + 1, right);
    this.#log.push(element);
    this.#log.push(INSERTED);
    // An augmenting path uses the new element: it leads on to a free right vertex and comes from a free left one. The two
    // halves cannot meet, or there had been an augmenting path before.
    const to = this.#search(right);
    if (to < 0) return;
    const onward = this.#pathTo(to, right);
    const from = this.#search(left);
    if (from < 0) return;
    this.#exchange([...onward, ...this.#pathTo(from, left), element]);
  }

  remove(element: number): void {
    this.work++;
    this.#marks.push(this.#log.length);
    const [left, right] = this.#ends(element);
    this.#adjacency.unhook(2 * element, left);
    this.#adjacency.unhook(2 * element + 1, right);
    this.#log.push(element);
    this.#log.push(REMOVED);
    if (this.#matched[left] !== element) return;
    this.#setMatched(left, -1);
    this.#setMatched(right, -1);
    this.#size--;
    // A new augmenting path starts at one of the two freed ends, or there had been one before.
    for (const freed of [left, right]) {
      const to = this.#searchFree(freed);
      if (to < 0) continue;
      this.#exchange(this.#pathTo(to, freed));
      return;
    }
  }

  undo(): void {
    const mark = this.#marks.pop();
    let sizeChange = 0;
    this.work += 1 + (this.#log.length - mark) / 2;
    while (this.#log.length > mark) {
      const kind = this.#log.pop();
      const subject = this.#log.pop();
      if (kind >= 0) {
        // kind - 1 is what the vertex was matched by.
        sizeChange += Number(kind > 0) - Number(this.#matched[subject] >= 0);
        this.#matched[subject] = kind - 1;
        continue;
      }
      const [left, right] = this.#ends(subject);
      const adjacency = this.#adjacency;
      if (kind === INSERTED) {
        adjacency.unhook(2 * subject + 1, right);
        adjacency.unhook(2 * subject, left);
      } else {
        adjacency.rehook(2 * subject + 1, right);
        adjacency.rehook(2 * subject, left);
      }
    }
    this.#size += sizeChange / 2;
  }

  value(): number {
    return this.#size;
  }

  answer(query: GraphQuery): GraphValue {
    throw unknownQuery(query, []);
  }

  #ends(element: number): readonly [number, number] {
    return [this.#universe.u[element], this.#n + this.#universe.v[element]];
  }

  #other(element: number, vertex: number): number {
    const [left, right] = this.#ends(element);
    return vertex === left ? right : left;
  }

  /** From a vertex that is itself free or matched: the free vertex of the same side at the end of an alternating path, -1: none. */
  #search(from: number): number {
    if (this.#matched[from] < 0) {
      this.#entry[from] = -1;
      return from;
    }
    return this.#alternate(from, true);
  }

  /** From a free vertex: a free vertex of the other side at the end of an alternating path, -1: none. */
  #searchFree(from: number): number {
    return this.#alternate(from, false);
  }

  /** Breadth-first along alternating paths; `matchedFirst`: the first element of the path is a matched one. */
  #alternate(from: number, matchedFirst: boolean): number {
    const { first, next } = this.#adjacency;
    const token = ++this.#token;
    this.#seen[from] = token;
    this.#entry[from] = -1;
    // Vertices from which unmatched elements lead on.
    const queue: number[] = [];
    const follow = (vertex: number) => {
      const element = this.#matched[vertex];
      const mate = this.#other(element, vertex);
      if (this.#seen[mate] === token) return;
      this.#seen[mate] = token;
      this.#entry[mate] = element;
      queue.push(mate);
    };
    if (matchedFirst) follow(from);
    else queue.push(from);
    for (let at = 0; at < queue.length; at++) {
      const x = queue[at];
      for (let half = first[x]; half >= 0; half = next[half]) {
        this.work++;
        const element = half >> 1;
        const y = this.#other(element, x);
        if (this.#seen[y] === token || element === this.#matched[x]) continue;
        this.#seen[y] = token;
        this.#entry[y] = element;
        if (this.#matched[y] < 0) return y;
        follow(y);
      }
    }
    return -1;
  }

  /** The elements by which the last search came to `to`. */
  #pathTo(to: number, from: number): number[] {
    const path: number[] = [];
    for (let x = to; x !== from; ) {
      const element = this.#entry[x];
      path.push(element);
      x = this.#other(element, x);
    }
    return path;
  }

  /** Matched elements of an augmenting path become unmatched, and the others matched. */
  #exchange(path: readonly number[]): void {
    const added = path.filter((element) => this.#matched[this.#ends(element)[0]] !== element);
    for (const element of added) for (const x of this.#ends(element)) this.#setMatched(x, element);
    this.#size++;
  }

  #setMatched(vertex: number, element: number): void {
    this.#log.push(vertex);
    this.#log.push(this.#matched[vertex] + 1);
    this.#matched[vertex] = element;
  }
}
