import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import type { OfflineStructure } from '../offline-structure.js';
import type { Universe } from '../universe.js';

/** One level of a contracted graph. */
export interface ContractedLevel {
  /** Vertices of this level: 0..vertices-1. */
  readonly vertices: number;
  /** For each vertex of the level above: its vertex here, or a negative code where it is not one any more. */
  readonly vertexOf: ArrayLike<number>;
}

/** Elements with their ends as vertices of one level: those of element i are ends[i] and ends[count + i]. */
export interface PlacedElements {
  readonly count: number;
  readonly elements: readonly number[];
  readonly ends: readonly number[];
}

/**
 * The common part of structures that contract the fixed part of a graph: a stack of levels, each with vertices of its own. Terminals of
 * a level (ends of its touched elements, and the pinned vertices) stay vertices; all else may be merged or taken out.
 */
export abstract class ContractionStack<Level extends ContractedLevel> implements OfflineStructure {
  work = 0;
  protected readonly universe: Universe;
  /** Vertices of the graph that stay vertices on every level. */
  protected readonly pins: readonly number[];
  protected readonly levels: Level[] = [];
  readonly #touched: PlacedElements[] = [];
  readonly #pinned: (readonly number[])[] = [];
  readonly #fixed: (readonly number[])[] = [];
  #position = new Int32Array(64);

  constructor(universe: Universe, pins: readonly number[] = []) {
    this.universe = universe;
    this.pins = [...new Set(pins)];
  }

  /** The graph without fixed elements: every vertex is one of its own. */
  protected abstract ground(): Level;

  /**
   * The level below `parent` with the elements of `fixed` added. Ends are vertices of the parent.
   * @param terminals vertices of the parent that must stay vertices: first ends, then second ends of the touched elements, then the pins
   */
  protected abstract contract(parent: Level, fixed: PlacedElements, terminals: readonly number[]): Level;

  abstract value(present: number): GraphValue;
  abstract answer(query: GraphQuery, present: number): GraphValue;

  cost(fixed: number, touched: number): number {
    return fixed + touched + this.top().vertices;
  }

  push(fixed: readonly number[], touched: readonly number[]): void {
    const parent = this.top();
    const above = this.#touched.at(-1);
    if (above) this.#remember(above.elements);
    const ends = this.#endsAmong(touched, above);
    const pins = this.#pinned.at(-1) ?? this.pins;
    const placed = { count: fixed.length, elements: fixed, ends: this.#endsAmong(fixed, above) };
    this.work += fixed.length + touched.length + parent.vertices;
    const level = this.contract(parent, placed, pins.length === 0 ? ends : ends.concat(pins));
    const { vertexOf } = level;
    for (let i = 0; i < ends.length; i++) ends[i] = vertexOf[ends[i]];
    this.levels.push(level);
    this.#touched.push({ count: touched.length, elements: touched, ends });
    this.#pinned.push(pins.length === 0 ? pins : pins.map((x) => vertexOf[x]));
    this.#fixed.push(fixed);
  }

  pop(): void {
    this.levels.pop();
    this.#touched.pop();
    this.#pinned.pop();
    this.#fixed.pop();
  }

  /** The deepest level. */
  protected top(): Level {
    return this.levels.at(-1) ?? this.#ground;
  }

  /** The pinned vertex `pin` of the graph as a vertex of the deepest level; undefined where it is not pinned. */
  protected pinnedVertex(pin: number): number | undefined {
    const at = this.pins.indexOf(pin);
    return at < 0 ? undefined : (this.#pinned.at(-1) ?? this.pins)[at];
  }

  /** The ends of a touched element on the deepest level. */
  protected endsOf(element: number): readonly [number, number] {
    const touched = this.#touched.at(-1);
    if (!touched) return [this.universe.u[element], this.universe.v[element]];
    const at = touched.elements.indexOf(element);
    return [touched.ends[at], touched.ends[touched.count + at]];
  }

  /** Goes down the same levels with another stack, e.g. one that pins more vertices. */
  protected replayInto(other: ContractionStack<Level>): void {
    for (const [level, fixed] of this.#fixed.entries()) other.push(fixed, this.#touched[level].elements);
  }

  get #ground(): Level {
    this.#groundLevel ??= this.ground();
    return this.#groundLevel;
  }
  #groundLevel: Level | undefined;

  #remember(elements: readonly number[]): void {
    if (this.#position.length < this.universe.size) this.#position = new Int32Array(2 * this.universe.size);
    const position = this.#position;
    for (let i = 0; i < elements.length; i++) position[elements[i]] = i;
  }

  /** Ends of some touched elements of the level above (of any elements, on the first level). */
  #endsAmong(elements: readonly number[], above: PlacedElements | undefined): number[] {
    const count = elements.length;
    const ends = new Array<number>(2 * count);
    const { u, v } = this.universe;
    const position = this.#position;
    for (let i = 0; i < count; i++) {
      const at = elements[i];
      ends[i] = above ? above.ends[position[at]] : u[at];
      ends[count + i] = above ? above.ends[above.count + position[at]] : v[at];
    }
    return ends;
  }
}
