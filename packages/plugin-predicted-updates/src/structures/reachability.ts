import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import { IntStack } from '../int-stack.js';
import { unknownQuery, vertexArguments } from '../queries.js';
import type { UndoStructure } from '../undo-structure.js';
import type { Universe } from '../universe.js';

/**
 * The transitive closure of a digraph by insertion and undo: a bit set of reachable vertices a vertex; an element (a, b) gives those of b to
 * every vertex that reaches a, with the old words in a log. O(n^2 / 32) worst case. Value: ordered pairs u != v with v reachable from u.
 * Query: `reachable` u v.
 */
export class Reachability implements UndoStructure {
  work = 0;
  readonly unit: number;
  readonly #universe: Universe;
  /** Words of one row. */
  readonly #width: number;
  readonly #bits: Int32Array;
  readonly #places = new IntStack();
  readonly #old = new IntStack();
  readonly #marks = new IntStack();
  #pairs = 0;

  constructor(universe: Universe) {
    this.#universe = universe;
    const n = universe.vertices;
    this.unit = n;
    this.#width = (n + 31) >>> 5;
    this.#bits = new Int32Array(n * this.#width);
    for (let x = 0; x < n; x++) this.#bits[x * this.#width + (x >>> 5)] |= 1 << (x & 31);
  }

  insert(element: number): void {
    const { vertices: n, u, v } = this.#universe;
    const [a, b] = [u[element], v[element]];
    this.#marks.push(this.#places.length);
    this.work++;
    if (this.#reaches(a, b)) return;
    this.work += n;
    for (let x = 0; x < n; x++) if (this.#reaches(x, a) && !this.#reaches(x, b)) this.#join(x, b);
  }

  undo(): void {
    const mark = this.#marks.pop();
    this.work += 1 + this.#places.length - mark;
    while (this.#places.length > mark) this.#set(this.#places.pop(), this.#old.pop());
  }

  value(): number {
    return this.#pairs;
  }

  answer(query: GraphQuery): GraphValue {
    if (query[0] !== 'reachable') throw unknownQuery(query, ['reachable']);
    const [u, v] = vertexArguments(query, 2, this.#universe.vertices);
    return this.#reaches(u, v);
  }

  #reaches(from: number, to: number): boolean {
    return ((this.#bits[from * this.#width + (to >>> 5)] >>> (to & 31)) & 1) === 1;
  }

  /** Row x takes over what is in row b. */
  #join(x: number, b: number): void {
    const [width, bits] = [this.#width, this.#bits];
    this.work += width;
    for (let i = 0; i < width; i++) {
      const place = x * width + i;
      const word = bits[place] | bits[b * width + i];
      if (word === bits[place]) continue;
      this.#places.push(place);
      this.#old.push(bits[place]);
      this.#set(place, word);
    }
  }

  #set(place: number, word: number): void {
    this.#pairs += ones(word) - ones(this.#bits[place]);
    this.#bits[place] = word;
  }
}

/** Number of bits that are set. */
function ones(word: number): number {
  let x = word - ((word >>> 1) & 0x55555555);
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
