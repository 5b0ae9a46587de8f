import type { ElementId, GraphQuery, GraphValue } from '../dynamic-graph.js';
import { unknownQuery } from '../queries.js';
import type { Universe } from '../universe.js';
import { type ContractedLevel, ContractionStack, type PlacedElements } from './contraction-stack.js';
import { DisjointSets } from './disjoint-sets.js';

/** Elements with their ends. */
interface OpenElements {
  readonly elements: Int32Array;
  readonly a: Int32Array;
  readonly b: Int32Array;
}

/** Its own elements are the fixed ones whose place in the forest is open, lightest first. */
interface Level extends ContractedLevel, OpenElements {
  /** Elements that became certain on this level, and the weight of all that are certain. */
  readonly certain: readonly number[];
  readonly weight: number;
}

/** Lightest first, ties by id: the forest is then unique. */
export function lighterFirst(universe: Universe): (x: number, y: number) => number {
  return (x, y) => universe.weight[x] - universe.weight[y] || universe.compare(x, y);
}

/**
 * Minimum spanning forest for the offline lift, by contraction and reduction (Eppstein 1994): a fixed element that is in the forest
 * even if all touched ones weigh nothing is contracted; one that is not in it even without them is deleted. What remains
 * is as large as the touched part. Value: weight. Query: `edges` (ids in order).
 */
export class OfflineSpanningForest extends ContractionStack<Level> {
  readonly #sets = new DisjointSets();
  readonly #order = lighterFirst(this.universe);

  protected ground(): Level {
    const { vertices } = this.universe;
    const none = new Int32Array(0);
    const vertexOf = Int32Array.from({ length: vertices }, (_, x) => x);
    return { vertices, vertexOf, elements: none, a: none, b: none, certain: [], weight: 0 };
  }

  protected contract(parent: Level, fixed: PlacedElements, terminals: readonly number[]): Level {
    const open = this.#merge(parent, fixed);
    this.work += open.elements.length;
    const kept = this.#reduce(parent.vertices, open);
    const touchedCount = (terminals.length - this.pins.length) / 2;
    const sets = this.#sets;
    sets.reset(parent.vertices);
    for (let i = 0; i < touchedCount; i++) sets.union(terminals[i], terminals[touchedCount + i]);
    const stillOpen: number[] = [];
    const certain: number[] = [];
    let { weight } = parent;
    for (const i of kept) {
      if (!sets.union(open.a[i], open.b[i])) stillOpen.push(i);
      else {
        certain.push(i);
        weight += this.universe.weight[open.elements[i]];
      }
    }
    sets.reset(parent.vertices);
    for (const i of certain) sets.union(open.a[i], open.b[i]);
    const { vertexOf, vertices } = this.#relabel(parent.vertices, open, stillOpen, terminals);
    return {
      vertices,
      vertexOf,
      elements: Int32Array.from(stillOpen, (i) => open.elements[i]),
      a: Int32Array.from(stillOpen, (i) => vertexOf[open.a[i]]),
      b: Int32Array.from(stillOpen, (i) => vertexOf[open.b[i]]),
      certain: certain.map((i) => open.elements[i]),
      weight,
    };
  }

  value(present: number): number {
    const { weight } = this.top();
    return this.#atLeaf(present).reduce((sum, element) => sum + this.universe.weight[element], weight);
  }

  answer(query: GraphQuery, present: number): GraphValue {
    if (query[0] !== 'edges') throw unknownQuery(query, ['edges']);
    const elements = [...this.levels.flatMap(({ certain }) => certain), ...this.#atLeaf(present)];
    return elements
      .sort((x, y) => this.universe.compare(x, y))
      .map((element): ElementId => this.universe.ids[element]);
  }

  /** The open elements of the parent and the fixed ones, lightest first. */
  #merge(parent: Level, fixed: PlacedElements): OpenElements {
    const count = parent.elements.length + fixed.count;
    const [elements, a, b] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
    const added = Array.from({ length: fixed.count }, (_, i) => i).sort((i, j) =>
      this.#order(fixed.elements[i], fixed.elements[j]),
    );
    let [i, j] = [0, 0];
    for (let k = 0; k < count; k++) {
      const old =
        j === added.length ||
        (i < parent.elements.length && this.#order(parent.elements[i], fixed.elements[added[j]]) < 0);
      const at = old ? i++ : added[j++];
      elements[k] = old ? parent.elements[at] : fixed.elements[at];
      a[k] = old ? parent.a[at] : fixed.ends[at];
      b[k] = old ? parent.b[at] : fixed.ends[fixed.count + at];
    }
    return { elements, a, b };
  }

  /** Those of the sorted elements that are in their own minimum forest: no other can ever be in a forest. */
  #reduce(vertices: number, open: OpenElements): number[] {
    this.#sets.reset(vertices);
    const kept: number[] = [];
    for (let i = 0; i < open.elements.length; i++) if (this.#sets.union(open.a[i], open.b[i])) kept.push(i);
    return kept;
  }

  /** New vertices: the contracted classes with a terminal or an open element. */
  #relabel(
    count: number,
    open: OpenElements,
    stillOpen: readonly number[],
    terminals: readonly number[],
  ): { readonly vertexOf: Int32Array; readonly vertices: number } {
    const sets = this.#sets;
    const label = new Int32Array(count).fill(-1);
    let vertices = 0;
    const keep = (x: number) => {
      const root = sets.find(x);
      if (label[root] < 0) label[root] = vertices++;
    };
    for (let i = 0; i < terminals.length; i++) keep(terminals[i]);
    for (const i of stillOpen) {
      keep(open.a[i]);
      keep(open.b[i]);
    }
    const vertexOf = new Int32Array(count);
    for (let x = 0; x < count; x++) vertexOf[x] = label[sets.find(x)];
    return { vertexOf, vertices };
  }

  /** The open elements of the deepest level, with the present one, that are in the forest. */
  #atLeaf(present: number): number[] {
    const { vertices, elements, a, b } = this.top();
    if (present < 0 && elements.length === 0) return [];
    const sets = this.#sets;
    sets.reset(vertices);
    const chosen: number[] = [];
    let waiting = present >= 0;
    const offer = () => {
      waiting = false;
      const [x, y] = this.endsOf(present);
      if (sets.union(x, y)) chosen.push(present);
    };
    for (let i = 0; i < elements.length; i++) {
      if (waiting && this.#order(present, elements[i]) < 0) offer();
      if (sets.union(a[i], b[i])) chosen.push(elements[i]);
    }
    if (waiting) offer();
    return chosen;
  }
}
