import type { GraphQuery, GraphValue } from '../dynamic-graph.js';
import { unknownQuery, vertexArguments } from '../queries.js';
import { bridgeClasses } from '../static/bridge-classes.js';
import { GONE, ON_EDGE, pruneForest } from './bridge-forest.js';
import { type ContractedLevel, ContractionStack, type PlacedElements } from './contraction-stack.js';
import { EdgeBuffer, type EdgeList } from './edge-list.js';

interface Level extends ContractedLevel {
  /** The forest of bridges between the vertices, and how many bridges each edge stands for. */
  readonly forest: EdgeList;
  readonly length: Int32Array;
  /** Bridges that hang off: no later element can put them on a cycle. */
  readonly certain: number;
  /** For each edge of the forest above: where it has come to, a vertex or a code of the pruned forest. */
  readonly edgeOf: Int32Array;
  /** For each edge of the forest above: the class that swallowed it, or -1 where it is a bridge still. */
  readonly swallowedBy: Int32Array;
  /** Class of each vertex above, to tell apart what is no vertex any more. */
  readonly classOf: Int32Array;
}

/** Where a vertex of the graph has come to: a vertex, inside an edge, or gone; `name` tells classes apart once it is no vertex. */
interface Place {
  readonly at: number;
  readonly name: number;
}

/** A level has fewer vertices than this. */
const LEVEL = 2 ** 31;

/**
 * Bridges and 2-edge-connected classes for the offline lift: classes of the fixed elements are contracted, and of the forest
 * of bridges between them only the paths between terminals are kept, each as one edge with its number of bridges.
 * Value: number of bridges. Query: `two-edge-connected`.
 */
export class OfflineBridges extends ContractionStack<Level> {
  protected ground(): Level {
    const { vertices } = this.universe;
    const none = new Int32Array(0);
    return {
      vertices,
      vertexOf: Int32Array.from({ length: vertices }, (_, x) => x),
      forest: new EdgeBuffer(0),
      length: none,
      certain: 0,
      edgeOf: none,
      swallowedBy: none,
      classOf: none,
    };
  }

  protected contract(parent: Level, fixed: PlacedElements, terminals: readonly number[]): Level {
    const old = parent.forest.count;
    const all = new EdgeBuffer(old + fixed.count);
    for (let e = 0; e < old; e++) all.add(parent.forest.a[e], parent.forest.b[e]);
    for (let i = 0; i < fixed.count; i++) all.add(fixed.ends[i], fixed.ends[fixed.count + i]);
    this.work += all.count;
    const { classes, classOf, bridge } = bridgeClasses(parent.vertices, all);
    const between = new EdgeBuffer(all.count);
    const length: number[] = [];
    const place = new Int32Array(old).fill(-1);
    for (let e = 0; e < all.count; e++) {
      if (bridge[e] === 0) continue;
      if (e < old) place[e] = between.count;
      between.add(classOf[all.a[e]], classOf[all.b[e]]);
      length.push(e < old ? parent.length[e] : 1);
    }
    const isTerminal = new Uint8Array(classes);
    for (let i = 0; i < terminals.length; i++) isTerminal[classOf[terminals[i]]] = 1;
    const pruned = pruneForest(classes, between, length, isTerminal);
    return {
      vertices: pruned.vertices,
      vertexOf: classOf.map((c) => pruned.vertexOf[c]),
      forest: { count: pruned.a.length, a: pruned.a, b: pruned.b },
      length: pruned.length,
      certain: parent.certain + pruned.gone,
      edgeOf: place.map((at, e) =>
        at >= 0 ? pruned.edgeOf[at] : pruned.vertexOf[classOf[parent.forest.a[e]]],
      ),
      swallowedBy: place.map((at, e) => (at >= 0 ? -1 : classOf[parent.forest.a[e]])),
      classOf,
    };
  }

  value(present: number): number {
    const { length, certain } = this.top();
    const all = length.reduce((sum, count) => sum + count, certain);
    if (present < 0) return all;
    const [a, b] = this.endsOf(present);
    if (a === b) return all;
    const path = this.#path(a, b);
    return path ? all - path.reduce((sum, e) => sum + length[e], 0) : all + 1;
  }

  answer(query: GraphQuery, present: number): GraphValue {
    if (query[0] !== 'two-edge-connected') throw unknownQuery(query, ['two-edge-connected']);
    const [u, v] = vertexArguments(query, 2, this.universe.vertices);
    const [p, q] = [this.#locate(u), this.#locate(v)];
    const cycle = this.#cycle(present);
    const classOf = ({ at, name }: Place) => (cycle.has(at) ? -1 : at >= 0 ? at : name + LEVEL);
    return classOf(p) === classOf(q);
  }

  /** Vertices and inside-of-edge codes on the cycle that the present element closes. */
  #cycle(present: number): Set<number> {
    if (present < 0) return new Set();
    const [a, b] = this.endsOf(present);
    const path = a === b ? undefined : this.#path(a, b);
    if (!path) return new Set();
    const { forest } = this.top();
    return new Set(path.flatMap((e) => [forest.a[e], forest.b[e], ON_EDGE - e]));
  }

  /** Follows a vertex of the graph down the levels. */
  #locate(vertex: number): Place {
    let [at, name] = [vertex, 0];
    this.levels.forEach(({ vertexOf, edgeOf, swallowedBy, classOf }, level) => {
      if (at === GONE) return;
      const own = at >= 0 ? classOf[at] : swallowedBy[ON_EDGE - at];
      if (own >= 0) name = level * LEVEL + own;
      at = at >= 0 ? vertexOf[at] : edgeOf[ON_EDGE - at];
    });
    return { at, name };
  }

  /** Edges of the deepest forest between two of its vertices, if it joins them. */
  #path(from: number, to: number): readonly number[] | undefined {
    const { vertices, forest } = this.top();
    const entry = new Int32Array(vertices).fill(-2);
    entry[from] = -1;
    // Levels near a leaf have a handful of edges: going through all of them again and again is the fastest search.
    const queue = [from];
    for (let x = queue.pop(); x !== undefined && entry[to] === -2; x = queue.pop()) {
      for (let e = 0; e < forest.count; e++) {
        const y = forest.a[e] === x ? forest.b[e] : forest.b[e] === x ? forest.a[e] : -1;
        if (y < 0 || entry[y] !== -2) continue;
        entry[y] = e;
        queue.push(y);
      }
    }
    if (entry[to] === -2) return undefined;
    const path: number[] = [];
    for (let x = to; x !== from; ) {
      const e = entry[x];
      path.push(e);
      x = forest.a[e] === x ? forest.b[e] : forest.a[e];
    }
    return path;
  }
}
