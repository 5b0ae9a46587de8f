import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import { unknownQuery, vertexArguments } from '../queries.js';
import { type ContractedLevel, ContractionStack, type PlacedElements } from './contraction-stack.js';
import { type ArcMaps, addArc, type EliminatedVertex, eliminateVertices } from './eliminate-vertices.js';
import { MinHeap } from './min-heap.js';

interface Level extends ContractedLevel {
  readonly arcs: ArcMaps;
  /** Arcs that were fixed since `arcs` was made: from, to, length, one after the other. */
  readonly extra: readonly number[];
  /** Vertices of the level above that were taken out, in order, and the place of each in that order (-1: it stayed). */
  readonly eliminated: readonly EliminatedVertex[];
  readonly rank: ArrayLike<number>;
}

/** A level is made anew where it has this many vertices for each terminal; else it shares the arcs of the one above. Ours. */
const VERTICES_A_TERMINAL = 4;

/** Distances from one vertex to those that were taken out, a map a level, and to vertices of the deepest level. */
interface Upward {
  readonly taken: readonly ReadonlyMap<number, number>[];
  readonly kept: ReadonlyMap<number, number>;
}

/**
 * Distances in a digraph for the offline lift. At each level vertices that are no terminals are eliminated with shortcuts, those with few arcs
 * first; a query climbs over the eliminated vertices from both ends, as in contraction hierarchies, and meets among them or in
 * what is left. Right for every digraph, fast for planar ones, where elimination adds few shortcuts. After the idea of dense
 * distance graphs (Das, Kipouridis, Gutenberg, Wulff-Nilsen 2022). Query: `distance` u v (-1: unreachable).
 */
export class OfflineDistances extends ContractionStack<Level> {
  readonly #same = Int32Array.from({ length: this.universe.vertices }, (_, x) => x);
  readonly #none = new Int32Array(this.universe.vertices).fill(-1);

  protected ground(): Level {
    const { vertices } = this.universe;
    return this.#sharing({ vertices, arcs: emptyArcs(vertices), extra: [] });
  }

  protected contract(parent: Level, fixed: PlacedElements, terminals: readonly number[]): Level {
    const { weight } = this.universe;
    if (parent.vertices < VERTICES_A_TERMINAL * terminals.length) {
      const extra = [...parent.extra];
      for (let i = 0; i < fixed.count; i++)
        extra.push(fixed.ends[i], fixed.ends[fixed.count + i], weight[fixed.elements[i]]);
      return this.#sharing({ ...parent, extra });
    }
    const arcs: ArcMaps = {
      out: parent.arcs.out.map((row) => new Map(row)),
      into: parent.arcs.into.map((row) => new Map(row)),
    };
    for (let i = 0; i < fixed.count; i++)
      addArc(arcs, fixed.ends[i], fixed.ends[fixed.count + i], weight[fixed.elements[i]]);
    for (let i = 0; i < parent.extra.length; i += 3)
      addArc(arcs, parent.extra[i], parent.extra[i + 1], parent.extra[i + 2]);
    const isTerminal = new Uint8Array(parent.vertices);
    for (let i = 0; i < terminals.length; i++) isTerminal[terminals[i]] = 1;
    const eliminated = eliminateVertices(arcs, isTerminal);
    const rank = new Int32Array(parent.vertices).fill(-1);
    eliminated.forEach(({ vertex }, i) => {
      rank[vertex] = i;
    });
    const vertexOf = new Int32Array(parent.vertices).fill(-1);
    let vertices = 0;
    for (let x = 0; x < parent.vertices; x++) if (rank[x] < 0) vertexOf[x] = vertices++;
    const kept = emptyArcs(vertices);
    for (let x = 0; x < parent.vertices; x++) {
      if (rank[x] >= 0) continue;
      for (const [y, length] of arcs.out[x]) addArc(kept, vertexOf[x], vertexOf[y], length);
      this.work += arcs.out[x].size;
    }
    return { vertices, vertexOf, arcs: kept, extra: [], eliminated, rank };
  }

  /** A level with all vertices of the one above. */
  #sharing({ vertices, arcs, extra }: Pick<Level, 'vertices' | 'arcs' | 'extra'>): Level {
    return { vertices, arcs, extra, vertexOf: this.#same, eliminated: [], rank: this.#none };
  }

  value(): null {
    return null;
  }

  answer(query: GraphQuery, present: number): GraphValue {
    if (query[0] !== 'distance') throw unknownQuery(query, ['distance']);
    const [u, v] = vertexArguments(query, 2, this.universe.vertices);
    if (u === v) return 0;
    const [down, up] = [this.#climb(u, 'out'), this.#climb(v, 'into')];
    let best = Number.POSITIVE_INFINITY;
    down.taken.forEach((reached, level) => {
      for (const [x, there] of reached) best = Math.min(best, there + (up.taken[level].get(x) ?? Infinity));
    });
    best = Math.min(best, this.#across(down.kept, up.kept, present));
    return best === Number.POSITIVE_INFINITY ? -1 : best;
  }

  /** From a vertex of the graph over eliminated vertices, in the order in which they went, down to the deepest level. */
  #climb(vertex: number, side: 'out' | 'into'): Upward {
    const taken: Map<number, number>[] = [];
    let at = new Map([[vertex, 0]]);
    const heap = new MinHeap();
    for (const { eliminated, rank, vertexOf } of this.levels) {
      const passed = new Map<number, number>();
      heap.clear();
      for (const x of at.keys()) if (rank[x] >= 0) heap.push(rank[x], x);
      while (heap.size > 0) {
        const x = heap.pop();
        if (passed.has(x)) continue;
        const so = at.get(x)!;
        passed.set(x, so);
        for (const [y, length] of eliminated[rank[x]][side]) {
          this.work++;
          if (so + length >= (at.get(y) ?? Number.POSITIVE_INFINITY)) continue;
          at.set(y, so + length);
          if (rank[y] >= 0) heap.push(rank[y], y);
        }
      }
      taken.push(passed);
      const below = new Map<number, number>();
      for (const [x, length] of at) if (rank[x] < 0) below.set(vertexOf[x], length);
      at = below;
    }
    return { taken, kept: at };
  }

  /** Dijkstra on the deepest level, with the present element, from all sources to the nearest sink. */
  #across(sources: ReadonlyMap<number, number>, sinks: ReadonlyMap<number, number>, present: number): number {
    const { vertices, arcs, extra } = this.top();
    const added = new Map<number, number[]>();
    const add = (from: number, to: number, length: number) => {
      const list = added.get(from);
      if (list) list.push(to, length);
      else added.set(from, [to, length]);
    };
    for (let i = 0; i < extra.length; i += 3) add(extra[i], extra[i + 1], extra[i + 2]);
    if (present >= 0) add(...this.endsOf(present), this.universe.weight[present]);
    const distance = new Float64Array(vertices).fill(Number.POSITIVE_INFINITY);
    const heap = new MinHeap();
    const relax = (x: number, length: number) => {
      this.work++;
      if (length >= distance[x]) return;
      distance[x] = length;
      heap.push(length, x);
    };
    for (const [x, length] of sources) relax(x, length);
    let best = Number.POSITIVE_INFINITY;
    while (heap.size > 0) {
      const key = heap.least;
      if (key >= best) break;
      const x = heap.pop();
      if (key > distance[x]) continue;
      best = Math.min(best, key + (sinks.get(x) ?? Number.POSITIVE_INFINITY));
      for (const [y, length] of arcs.out[x]) relax(y, key + length);
      const list = added.get(x) ?? [];
      for (let i = 0; i < list.length; i += 2) relax(list[i], key + list[i + 1]);
    }
    return best;
  }
}

function emptyArcs(vertices: number): ArcMaps {
  return {
    out: Array.from({ length: vertices }, () => new Map()),
    into: Array.from({ length: vertices }, () => new Map()),
  };
}
