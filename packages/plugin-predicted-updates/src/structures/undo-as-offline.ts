import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import type { OfflineStructure } from '../offline-structure.js';
import type { UndoStructure } from '../undo-structure.js';

/** Any structure with insertion and undo under the offline lift: a level is its fixed elements, inserted, and undone with it. */
export class UndoAsOffline implements OfflineStructure {
  readonly #structure: UndoStructure;
  readonly #counts: number[] = [];
  /** The present element, while it is inserted on top of the deepest level. */
  #shown = -1;

  constructor(structure: UndoStructure) {
    this.#structure = structure;
  }

  get work(): number {
    return this.#structure.work;
  }

  push(fixed: readonly number[]): void {
    this.#show(-1);
    for (const element of fixed) this.#structure.insert(element);
    this.#counts.push(fixed.length);
  }

  pop(): void {
    this.#show(-1);
    for (let count = this.#counts.pop()!; count > 0; count--) this.#structure.undo();
  }

  cost(fixed: number): number {
    return this.#structure.unit * fixed;
  }

  value(present: number): GraphValue {
    this.#show(present);
    return this.#structure.value();
  }

  answer(query: GraphQuery, present: number): GraphValue {
    this.#show(present);
    return this.#structure.answer(query);
  }

  #show(present: number): void {
    if (present === this.#shown) return;
    if (this.#shown >= 0) this.#structure.undo();
    if (present >= 0) this.#structure.insert(present);
    this.#shown = present;
  }
}
