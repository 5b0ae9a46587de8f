import type { EdgeList } from './edge-list.js';

/** A forest of which only what lies between terminals is kept, in paths that are each one edge. */
export interface PrunedForest {
  readonly vertices: number;
  /** New vertex of each old one; `ON_EDGE - j` where it lies inside new edge j; `GONE` where it hangs off. */
  readonly vertexOf: Int32Array;
  /** The same for each old edge: it lies inside a new edge, or it is gone. */
  readonly edgeOf: Int32Array;
  readonly a: Int32Array;
  readonly b: Int32Array;
  /** Old lengths, added up along each new edge. */
  readonly length: Int32Array;
  /** Lengths of all edges that are gone. */
  readonly gone: number;
}

/** Code of what hangs off the kept part. */
export const GONE = -1;
/** Code of what lies inside edge 0; of edge j it is j less. */
export const ON_EDGE = -2;

/**
 * Keeps the parts of a forest that lie on paths between terminals: other leaves fall off one after the other, then inner vertices of
 * degree 2 that are no terminals are spliced out. At most twice as many vertices as terminals are left. O(vertices).
 */
export function pruneForest(
  vertices: number,
  edges: EdgeList,
  length: ArrayLike<number>,
  isTerminal: Uint8Array,
): PrunedForest {
  const degree = new Int32Array(vertices);
  // The edges at a vertex, xor-ed: at a leaf this is its only edge.
  const mixed = new Int32Array(vertices);
  for (let e = 0; e < edges.count; e++) {
    for (const x of [edges.a[e], edges.b[e]]) {
      degree[x]++;
      mixed[x] ^= e;
    }
  }
  const otherEnd = (e: number, x: number) => (edges.a[e] === x ? edges.b[e] : edges.a[e]);
  const cut = new Uint8Array(edges.count);
  const vertexOf = new Int32Array(vertices);
  let gone = 0;
  for (let leaf = 0; leaf < vertices; leaf++) {
    for (let x = leaf; degree[x] <= 1 && isTerminal[x] === 0 && vertexOf[x] !== GONE; ) {
      vertexOf[x] = GONE;
      if (degree[x] === 0) break;
      const e = mixed[x];
      cut[e] = 1;
      gone += length[e];
      degree[x] = 0;
      const y = otherEnd(e, x);
      degree[y]--;
      mixed[y] ^= e;
      x = y;
    }
  }
  const inner = (x: number) => degree[x] === 2 && isTerminal[x] === 0;
  let kept = 0;
  for (let x = 0; x < vertices; x++) if (vertexOf[x] !== GONE && !inner(x)) vertexOf[x] = kept++;
  const edgeOf = new Int32Array(edges.count).fill(GONE);
  const [a, b, lengths]: [number[], number[], number[]] = [[], [], []];
  for (let e = 0; e < edges.count; e++) {
    if (cut[e] === 1 || edgeOf[e] !== GONE) continue;
    const from = inner(edges.a[e]) ? edges.b[e] : edges.a[e];
    if (inner(from)) continue; // a path is walked from its end
    let total = 0;
    let [at, x] = [e, from];
    for (;;) {
      edgeOf[at] = ON_EDGE - a.length;
      total += length[at];
      x = otherEnd(at, x);
      if (!inner(x)) break;
      vertexOf[x] = ON_EDGE - a.length;
      at ^= mixed[x];
    }
    a.push(vertexOf[from]);
    b.push(vertexOf[x]);
    lengths.push(total);
  }
  return {
    vertices: kept,
    vertexOf,
    edgeOf,
    a: Int32Array.from(a),
    b: Int32Array.from(b),
    length: Int32Array.from(lengths),
    gone,
  };
}
