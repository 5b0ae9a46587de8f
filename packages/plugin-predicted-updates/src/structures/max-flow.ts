import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import { IntStack } from '../int-stack.js';
import { unknownQuery } from '../queries.js';
import type { UndoStructure } from '../undo-structure.js';
import type { Universe } from '../universe.js';
import { DancingAdjacency } from './dancing-adjacency.js';

/**
 * Value of a maximum flow from source to sink by insertion and undo: a new arc (capacity: its weight) is followed by shortest augmenting
 * paths until there is none (Edmonds and Karp 1972); the flow that was there before is in the log. Value: flow.
 */
export class MaxFlow implements UndoStructure {
  work = 0;
  readonly unit = 16;
  readonly #universe: Universe;
  readonly #source: number;
  readonly #sink: number;
  readonly #adjacency: DancingAdjacency;
  /** Flow along each element. */
  #flow = new Float64Array(64);
  readonly #changed = new IntStack();
  readonly #old: number[] = [];
  readonly #marks = new IntStack();
  readonly #inserted = new IntStack();
  readonly #seen: Int32Array;
  /** Half-edge by which the search came to a vertex. */
  readonly #entry: Int32Array;
  readonly #queue: Int32Array;
  #token = 0;
  #value = 0;

  /** @param source, sink two different vertices */
  constructor(universe: Universe, source: number, sink: number) {
    this.#universe = universe;
    this.#source = source;
    this.#sink = sink;
    const { vertices } = universe;
    this.#adjacency = new DancingAdjacency(vertices);
    this.#seen = new Int32Array(vertices);
    this.#entry = new Int32Array(vertices);
    this.#queue = new Int32Array(vertices);
  }

  insert(element: number): void {
    this.work++;
    const { u, v, weight } = this.#universe;
    if (element >= this.#flow.length) {
      const grown = new Float64Array(2 * element + 2);
      grown.set(this.#flow);
      this.#flow = grown;
    }
    this.#marks.push(this.#changed.length);
    this.#inserted.push(element);
    this.#adjacency.hook(2 * element, u[element]);
    this.#adjacency.hook(2 * element + 1, v[element]);
    if (weight[element] === 0 || u[element] === v[element]) return;
    while (this.#augment());
  }

  undo(): void {
    const mark = this.#marks.pop();
    this.work += 1 + this.#changed.length - mark;
    while (this.#changed.length > mark) {
      const element = this.#changed.pop();
      this.#set(element, this.#old.pop()!);
    }
    const element = this.#inserted.pop();
    this.#adjacency.unhook(2 * element + 1, this.#universe.v[element]);
    this.#adjacency.unhook(2 * element, this.#universe.u[element]);
  }

  value(): number {
    return this.#value;
  }

  answer(query: GraphQuery): GraphValue {
    throw unknownQuery(query, []);
  }

  /** What can still be pushed along a half-edge: forward at the tail, back at the head. */
  #residual(half: number): number {
    const element = half >> 1;
    return half % 2 === 0 ? this.#universe.weight[element] - this.#flow[element] : this.#flow[element];
  }

  #augment(): boolean {
    const { u, v } = this.#universe;
    const { first, next } = this.#adjacency;
    const token = ++this.#token;
    const [seen, entry, queue] = [this.#seen, this.#entry, this.#queue];
    seen[this.#source] = token;
    queue[0] = this.#source;
    let filled = 1;
    for (let at = 0; at < filled && seen[this.#sink] !== token; at++) {
      for (let half = first[queue[at]]; half >= 0; half = next[half]) {
        this.work++;
        const to = half % 2 === 0 ? v[half >> 1] : u[half >> 1];
        if (seen[to] === token || this.#residual(half) === 0) continue;
        seen[to] = token;
        entry[to] = half;
        queue[filled++] = to;
      }
    }
    if (seen[this.#sink] !== token) return false;
    const tailOf = (half: number) => (half % 2 === 0 ? u[half >> 1] : v[half >> 1]);
    let amount = Number.POSITIVE_INFINITY;
    for (let x = this.#sink; x !== this.#source; x = tailOf(entry[x]))
      amount = Math.min(amount, this.#residual(entry[x]));
    for (let x = this.#sink; x !== this.#source; x = tailOf(entry[x])) {
      const element = entry[x] >> 1;
      this.#changed.push(element);
      this.#old.push(this.#flow[element]);
      this.#set(element, this.#flow[element] + (entry[x] % 2 === 0 ? amount : -amount));
    }
    return true;
  }

  /** Sets the flow of an element, and with it the value: what leaves the source, less what comes back. */
  #set(element: number, flow: number): void {
    const change = flow - this.#flow[element];
    this.#flow[element] = flow;
    if (this.#universe.u[element] === this.#source) this.#value += change;
    if (this.#universe.v[element] === this.#source) this.#value -= change;
  }
}
