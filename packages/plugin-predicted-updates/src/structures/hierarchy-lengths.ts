import { IntStack } from '../int-stack.js';
import { type ContractionHierarchy, edgeBetween } from './contraction-hierarchy.js';
import { MinHeap } from './min-heap.js';

/**
 * The core is so many times sqrt(vertices) vertices: an addition ends there, and a query searches it. Ours; on grids it is about the
 * largest separators, over which most of the work of an addition would go.
 */
const CORE = 3;

/**
 * The lengths of a contraction hierarchy (Dibbelt, Strasser, Wagner 2016): each edge holds, each way, the length of a shortest path between its
 * ends over lower vertices alone. Arcs are added, which makes edges shorter, from low to high, as far as anything changes; a
 * log takes that back. Vertices are called by rank.
 */
export class HierarchyLengths {
  work = 0;
  readonly #hierarchy: ContractionHierarchy;
  /** Length of edge e upwards at 2e, downwards at 2e + 1; Infinity: no path. */
  readonly #length: Float64Array;
  /** Changed places of `#length`, and what was there. */
  readonly #changed = new IntStack();
  readonly #before: number[] = [];
  /** Lower ends of edges that have become shorter, and for each of them a list of these places. */
  readonly #lowest = new MinHeap();
  readonly #first: Int32Array;
  readonly #next: Int32Array;
  readonly #waits: Uint8Array;
  readonly #forward: Float64Array;
  readonly #backward: Float64Array;
  /** The first vertex of the core: nothing is handed on over it and those above. */
  readonly #core: number;
  readonly #coreArcs: CoreArcs;
  readonly #open: Int32Array;

  constructor(hierarchy: ContractionHierarchy) {
    this.#hierarchy = hierarchy;
    const [places, { vertices }] = [2 * hierarchy.head.length, hierarchy];
    this.#length = new Float64Array(places).fill(Number.POSITIVE_INFINITY);
    this.#next = new Int32Array(places);
    this.#waits = new Uint8Array(places);
    this.#first = new Int32Array(vertices).fill(-1);
    this.#forward = new Float64Array(vertices).fill(Number.POSITIVE_INFINITY);
    this.#backward = new Float64Array(vertices).fill(Number.POSITIVE_INFINITY);
    const size = Math.min(vertices, Math.ceil(CORE * Math.sqrt(vertices)));
    this.#core = vertices - size;
    this.#open = new Int32Array(size);
    this.#coreArcs = coreArcs(hierarchy, this.#core);
  }

  /** Height of the log. */
  get height(): number {
    return this.#changed.length;
  }

  /** Adds an arc between two vertices that the hierarchy joins; `propagate` comes after one or several. */
  add(from: number, to: number, length: number): void {
    if (from === to) return;
    if (from < to) this.#shorten(from, 2 * edgeBetween(this.#hierarchy, from, to), length);
    else this.#shorten(to, 2 * edgeBetween(this.#hierarchy, to, from) + 1, length);
  }

  /** Takes back all changes above a height of the log. */
  undoTo(height: number): void {
    this.work += this.#changed.length - height;
    while (this.#changed.length > height) this.#length[this.#changed.pop()] = this.#before.pop()!;
  }

  /** Takes what has become shorter over the lower vertices to the edges above them, the lowest first: each edge once. */
  propagate(): void {
    const heap = this.#lowest;
    while (heap.size > 0) {
      const x = heap.pop();
      for (let place = this.#first[x]; place >= 0; place = this.#next[place]) {
        this.#waits[place] = 0;
        this.#shortenOver(x, place);
      }
      this.#first[x] = -1;
    }
  }

  /** The length of a shortest path, Infinity where there is none: upward searches from both ends, which meet on a common path to the root. */
  distance(source: number, sink: number): number {
    const { start, head } = this.#hierarchy;
    const length = this.#length;
    const [forward, backward] = [this.#forward, this.#backward];
    forward[source] = 0;
    backward[sink] = 0;
    let [x, y, best, work] = [source, sink, Number.POSITIVE_INFINITY, 0];
    const climb = (z: number, reached: Float64Array, direction: number) => {
      const so = reached[z];
      if (so >= best) return;
      for (let e = start[z]; e < start[z + 1]; e++) {
        const through = so + length[2 * e + direction];
        if (through < reached[head[e]]) reached[head[e]] = through;
      }
      work += start[z + 1] - start[z];
    };
    const parent = (z: number) => (start[z] < start[z + 1] ? head[start[z]] : -1);
    const below = (z: number) => z >= 0 && z < this.#core;
    // The paths to the core, or to a root of the elimination forest; what both have in common is gone once.
    while (x !== y && (below(x) || below(y))) {
      if (!below(y) || (below(x) && x < y)) {
        climb(x, forward, 0);
        x = parent(x);
      } else {
        climb(y, backward, 1);
        y = parent(y);
      }
    }
    for (; below(x); x = parent(x)) {
      best = Math.min(best, forward[x] + backward[x]);
      climb(x, forward, 0);
      climb(x, backward, 1);
    }
    this.work += work;
    best = this.#acrossCore(best);
    for (let z = source; below(z); z = parent(z)) forward[z] = Number.POSITIVE_INFINITY;
    for (let z = sink; below(z); z = parent(z)) backward[z] = Number.POSITIVE_INFINITY;
    return best;
  }

  /** The least of `best` and the paths over the core: Dijkstra without a heap, from all vertices that the search has reached. */
  #acrossCore(best: number): number {
    const [forward, backward, length, core] = [this.#forward, this.#backward, this.#length, this.#core];
    const { start, neighbour, place } = this.#coreArcs;
    const size = forward.length - core;
    const open = this.#open;
    for (let i = 0; i < size; i++) open[i] = i;
    let [least, work] = [best, 0];
    for (let count = size; count > 0; count--) {
      let at = 0;
      for (let i = 1; i < count; i++) if (forward[core + open[i]] < forward[core + open[at]]) at = i;
      const x = open[at];
      open[at] = open[count - 1];
      const so = forward[core + x];
      if (so >= least) break;
      least = Math.min(least, so + backward[core + x]);
      for (let i = start[x]; i < start[x + 1]; i++) {
        const through = so + length[place[i]];
        if (through < forward[core + neighbour[i]]) forward[core + neighbour[i]] = through;
      }
      work += start[x + 1] - start[x] + count;
    }
    forward.fill(Number.POSITIVE_INFINITY, core);
    backward.fill(Number.POSITIVE_INFINITY, core);
    this.work += work;
    return least;
  }

  /** Sets the length at a place of an edge with this lower end, if that is shorter. */
  #shorten(lower: number, place: number, length: number): void {
    const old = this.#length[place];
    if (length >= old) return;
    this.#changed.push(place);
    this.#before.push(old);
    this.#length[place] = length;
    if (lower >= this.#core || this.#waits[place] === 1) return;
    this.#waits[place] = 1;
    if (this.#first[lower] < 0) this.#lowest.push(lower, lower);
    this.#next[place] = this.#first[lower];
    this.#first[lower] = place;
  }

  /**
   * The edges above x, the lower end of a shortened edge, for paths that go over both. Where the edge leads up to y, they come from
   * the other upper neighbours z of x; where it leads down from y, they go there.
   */
  #shortenOver(x: number, place: number): void {
    const { start, head } = this.#hierarchy;
    const length = this.#length;
    const edge = place >> 1;
    const y = head[edge];
    const [up, down] = place % 2 === 0 ? [0, 1] : [1, 0];
    const so = length[place];
    for (let e = start[x]; e < edge; e++) {
      const through = so + length[2 * e + down];
      if (through === Number.POSITIVE_INFINITY) continue;
      const z = head[e];
      this.#shorten(z, 2 * edgeBetween(this.#hierarchy, z, y) + up, through);
    }
    // The upper neighbours of x above y are upper neighbours of y too.
    let e = start[y];
    for (let f = edge + 1; f < start[x + 1]; f++) {
      const z = head[f];
      while (head[e] !== z) e++;
      const through = so + length[2 * f + down];
      if (through < length[2 * e + down]) this.#shorten(y, 2 * e + down, through);
    }
    this.work += start[x + 1] - start[x];
  }
}

/** Arcs among the last vertices, called 0, 1, ... here: those of x go to `neighbour[i]` and have their length at `place[i]`, i from start[x] on. */
interface CoreArcs {
  readonly start: Int32Array;
  readonly neighbour: Int32Array;
  readonly place: Int32Array;
}

function coreArcs({ vertices, start, head }: ContractionHierarchy, core: number): CoreArcs {
  const arcs: (readonly [neighbour: number, place: number])[][] = Array.from(
    { length: vertices - core },
    () => [],
  );
  for (let x = core; x < vertices; x++) {
    for (let e = start[x]; e < start[x + 1]; e++) {
      arcs[x - core].push([head[e] - core, 2 * e]);
      arcs[head[e] - core].push([x - core, 2 * e + 1]);
    }
  }
  const first = new Int32Array(arcs.length + 1);
  arcs.forEach((list, x) => {
    first[x + 1] = first[x] + list.length;
  });
  return {
    start: first,
    neighbour: Int32Array.from(arcs.flat(), ([neighbour]) => neighbour),
    place: Int32Array.from(arcs.flat(), ([, place]) => place),
  };
}
