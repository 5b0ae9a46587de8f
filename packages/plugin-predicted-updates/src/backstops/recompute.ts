import type { JsonObject } from '@espalier/core';
import { ActiveSet } from '../active-set.js';
import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import type { Engine, Update } from '../engine.js';
import type { OfflineStructure } from '../offline-structure.js';

/**
 * The simplest fully dynamic algorithm: computes the answer anew, from all present elements, when it is asked for. Nothing is kept from
 * one update to the next.
 */
export class Recompute implements Engine {
  readonly skippable = true;
  readonly #structure: OfflineStructure;
  readonly #active = new ActiveSet();
  /** The structure is down one level, with all present elements fixed. */
  #computed = false;
  #computations = 0;

  constructor(structure: OfflineStructure) {
    this.#structure = structure;
  }

  get work(): number {
    return this.#structure.work;
  }

  begin({ element, insert, changes }: Update): Iterator<number, void, void> {
    if (changes) {
      this.#discard();
      if (insert) this.#active.add(element);
      else this.#active.delete(element);
    }
    return this.#steps();
  }

  value(): GraphValue {
    this.#compute();
    return this.#structure.value(-1);
  }

  answer(query: GraphQuery): GraphValue {
    this.#compute();
    return this.#structure.answer(query, -1);
  }

  restart(present: Iterable<number>): void {
    this.#discard();
    this.#active.clear();
    for (const element of present) this.#active.add(element);
  }

  report(): JsonObject {
    return { lift: 'none', computations: this.#computations, work: this.work };
  }

  *#steps(): Generator<number, void, void> {
    if (this.#computed) return;
    yield this.#structure.cost(this.#active.size, 0);
    this.#compute();
  }

  #compute(): void {
    if (this.#computed) return;
    this.#structure.push([...this.#active.elements()], []);
    this.#computed = true;
    this.#computations++;
  }

  #discard(): void {
    if (this.#computed) this.#structure.pop();
    this.#computed = false;
  }
}
