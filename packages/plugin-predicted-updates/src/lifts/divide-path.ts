import type { ActiveSet } from '../active-set.js';
import type { OfflineStructure } from '../offline-structure.js';
import type { Universe } from '../universe.js';

/**
 * The cached nodes from the root of the divide tree towards the leaf of the current slot, and with them the levels of a structure.
 * Node I = [l, r) has its touched elements (named by an event of its slots) and its fixed ones: permanent in I, not in its parent.
 */
export class DividePath {
  readonly left: number[] = [];
  readonly right: number[] = [];
  readonly #touched: (readonly number[])[] = [];
  /** Fixed elements of each node. */
  readonly fixed: (readonly number[])[] = [];
  readonly #structure: OfflineStructure;
  readonly #universe: Universe;
  #mark = new Int32Array(64);
  #token = 0;

  constructor(universe: Universe, structure: OfflineStructure) {
    this.#universe = universe;
    this.#structure = structure;
  }

  get depth(): number {
    return this.left.length;
  }

  /** Whether the node at `level` names the element in one of its slots. */
  touches(level: number, element: number): boolean {
    return this.#touched[level].includes(element);
  }

  /** Upper bound of the elements that computing a child of the deepest node looks at. */
  frontier(active: ActiveSet): number {
    return this.depth === 0 ? active.size : this.#touched[this.depth - 1].length;
  }

  pop(): void {
    this.left.pop();
    this.right.pop();
    this.#touched.pop();
    this.fixed.pop();
    this.#structure.pop();
  }

  /** Computes node [l, r), a child of the deepest one, or the root. Step 2 of the specification. */
  push(l: number, r: number, elementAt: (slot: number) => number, active: ActiveSet): void {
    const touched = this.#touchedIn(l, r, elementAt);
    const above = this.depth === 0 ? active.elements() : this.#touched[this.depth - 1];
    const [mark, token] = [this.#mark, this.#token];
    const fixed: number[] = [];
    for (let i = 0; i < above.length; i++) {
      const element = above[i];
      if (mark[element] !== token && active.has(element)) fixed.push(element);
    }
    this.left.push(l);
    this.right.push(r);
    this.#touched.push(touched);
    this.fixed.push(fixed);
    this.#structure.push(fixed, touched);
  }

  /** The elements of these slots, each once; they carry the current mark. */
  #touchedIn(l: number, r: number, elementAt: (slot: number) => number): number[] {
    if (this.#mark.length < this.#universe.size) this.#mark = new Int32Array(2 * this.#universe.size);
    const [mark, token] = [this.#mark, ++this.#token];
    const touched: number[] = [];
    for (let slot = l; slot < r; slot++) {
      const element = elementAt(slot);
      if (element < 0 || mark[element] === token) continue;
      mark[element] = token;
      touched.push(element);
    }
    return touched;
  }
}
