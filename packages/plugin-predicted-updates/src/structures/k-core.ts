import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import { IntStack } from '../int-stack.js';
import { unknownQuery, vertexArguments } from '../queries.js';
import type { UndoStructure } from '../undo-structure.js';
import type { Universe } from '../universe.js';
import { DancingAdjacency } from './dancing-adjacency.js';

/** Entries of the log, each with a vertex or an element. */
const INSERTED = 0;
const REMOVED = 1;
const ENTERED = 2;
const LEFT = 3;
const MORE = 4;
const LESS = 5;

/**
 * The k-core (the largest part in which every vertex has degree k or more) by insertion, removal and undo. Removal peels: vertices that fall
 * below k leave one after the other. Insertion looks at the vertices outside that could come in: those joined to the new element by
 * others of degree k or more. Parallel elements count, self loops do not. Value: vertices in the core. Query: `in-core` v.
 */
export class KCore implements UndoStructure {
  work = 0;
  readonly unit = 8;
  readonly #universe: Universe;
  readonly #k: number;
  readonly #adjacency: DancingAdjacency;
  /** Present elements at each vertex. */
  readonly #degree: Int32Array;
  readonly #inCore: Uint8Array;
  /** For vertices of the core: elements that lead to others of the core. */
  readonly #coreDegree: Int32Array;
  readonly #log = new IntStack();
  readonly #marks = new IntStack();
  #size = 0;

  constructor(universe: Universe, k: number) {
    this.#universe = universe;
    this.#k = k;
    const { vertices } = universe;
    this.#adjacency = new DancingAdjacency(vertices);
    this.#degree = new Int32Array(vertices);
    this.#inCore = new Uint8Array(vertices);
    this.#coreDegree = new Int32Array(vertices);
  }

  insert(element: number): void {
    this.#marks.push(this.#log.length);
    const [u, v] = [this.#universe.u[element], this.#universe.v[element]];
    if (u === v) return;
    this.#hook(element, u, v);
    this.#note(INSERTED, element);
    if (this.#inCore[u] === 1 && this.#inCore[v] === 1) {
      this.#change(u, MORE);
      this.#change(v, MORE);
      return;
    }
    this.#admit(this.#candidates([u, v]));
  }

  remove(element: number): void {
    this.#marks.push(this.#log.length);
    const [u, v] = [this.#universe.u[element], this.#universe.v[element]];
    if (u === v) return;
    this.#unhook(element, u, v);
    this.#note(REMOVED, element);
    if (this.#inCore[u] === 0 || this.#inCore[v] === 0) return;
    const queue: number[] = [];
    for (const x of [u, v]) this.#lose(x, queue);
    for (let x = queue.pop(); x !== undefined; x = queue.pop())
      for (const y of this.#neighbours(x)) if (this.#inCore[y] === 1) this.#lose(y, queue);
  }

  undo(): void {
    const mark = this.#marks.pop();
    this.work += 1 + (this.#log.length - mark) / 2;
    while (this.#log.length > mark) {
      const kind = this.#log.pop();
      const subject = this.#log.pop();
      if (kind === MORE) this.#coreDegree[subject]--;
      else if (kind === LESS) this.#coreDegree[subject]++;
      else if (kind === ENTERED) this.#setInCore(subject, 0);
      else if (kind === LEFT) this.#setInCore(subject, 1);
      else {
        const [u, v] = [this.#universe.u[subject], this.#universe.v[subject]];
        if (kind === INSERTED) this.#unhook(subject, u, v);
        else this.#rehook(subject, u, v);
      }
    }
  }

  value(): number {
    return this.#size;
  }

  answer(query: GraphQuery): GraphValue {
    if (query[0] !== 'in-core') throw unknownQuery(query, ['in-core']);
    return this.#inCore[vertexArguments(query, 1, this.#universe.vertices)[0]] === 1;
  }

  /** Vertices outside the core, of degree k or more, that are joined to the given ones by such. */
  #candidates(from: readonly number[]): number[] {
    const able = (x: number) => this.#inCore[x] === 0 && this.#degree[x] >= this.#k;
    const found = new Set(from.filter(able));
    // A set is gone through in the order in which it grows.
    for (const x of found) for (const y of this.#neighbours(x)) if (able(y)) found.add(y);
    return [...found];
  }

  /** Lets those candidates in that have k neighbours among core and candidates, after peeling the others off. */
  #admit(candidates: readonly number[]): void {
    const rest = new Set(candidates);
    const within = new Map<number, number>();
    for (const x of candidates) {
      let count = 0;
      for (const y of this.#neighbours(x)) if (this.#inCore[y] === 1 || rest.has(y)) count++;
      within.set(x, count);
    }
    const queue = candidates.filter((x) => within.get(x)! < this.#k);
    for (const x of queue) rest.delete(x);
    for (let x = queue.pop(); x !== undefined; x = queue.pop()) {
      for (const y of this.#neighbours(x)) {
        if (!rest.has(y)) continue;
        within.set(y, within.get(y)! - 1);
        if (within.get(y)! >= this.#k) continue;
        rest.delete(y);
        queue.push(y);
      }
    }
    for (const x of rest) {
      for (const y of this.#neighbours(x)) {
        if (this.#inCore[y] === 0) continue;
        this.#change(x, MORE);
        this.#change(y, MORE);
      }
      this.#setInCore(x, 1);
      this.#note(ENTERED, x);
    }
  }

  #lose(x: number, queue: number[]): void {
    this.#change(x, LESS);
    if (this.#coreDegree[x] >= this.#k) return;
    this.#setInCore(x, 0);
    this.#note(LEFT, x);
    queue.push(x);
  }

  #change(x: number, kind: typeof MORE | typeof LESS): void {
    this.#coreDegree[x] += kind === MORE ? 1 : -1;
    this.#note(kind, x);
  }

  #setInCore(x: number, flag: 0 | 1): void {
    this.#size += flag - this.#inCore[x];
    this.#inCore[x] = flag;
  }

  #note(kind: number, subject: number): void {
    this.#log.push(subject);
    this.#log.push(kind);
  }

  *#neighbours(x: number): Generator<number> {
    const { u, v } = this.#universe;
    for (let half = this.#adjacency.first[x]; half >= 0; half = this.#adjacency.next[half]) {
      this.work++;
      yield half % 2 === 0 ? v[half >> 1] : u[half >> 1];
    }
  }

  #hook(element: number, u: number, v: number): void {
    this.#adjacency.hook(2 * element, u);
    this.#adjacency.hook(2 * element + 1, v);
    this.#countDegree(u, v, 1);
  }

  #unhook(element: number, u: number, v: number): void {
    this.#adjacency.unhook(2 * element + 1, v);
    this.#adjacency.unhook(2 * element, u);
    this.#countDegree(u, v, -1);
  }

  #rehook(element: number, u: number, v: number): void {
    this.#adjacency.rehook(2 * element, u);
    this.#adjacency.rehook(2 * element + 1, v);
    this.#countDegree(u, v, 1);
  }

  #countDegree(u: number, v: number, change: number): void {
    this.#degree[u] += change;
    this.#degree[v] += change;
  }
}
