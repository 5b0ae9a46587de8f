import type { DisjointSets } from '../structures/disjoint-sets.js';
import { type EdgeList, incidenceOf } from '../structures/edge-list.js';

/**
 * The 3-edge-connected classes of a multigraph (any two vertices of a class are joined by three edge-disjoint paths), as sets.
 * One depth-first search that keeps, for each subtree, the path of vertices that are still joined to the rest by two edges, and absorbs
 * a vertex into its parent once it is seen to be 3-edge-connected with it (Tsin 2007). Without recursion. O(n + m).
 * @param sets holds the classes afterwards
 */
export function threeEdgeClasses(vertices: number, edges: EdgeList, sets: DisjointSets): void {
  sets.reset(vertices);
  const { start, edge } = incidenceOf(vertices, edges);
  const next = start.slice(0, vertices);
  const order = new Int32Array(vertices).fill(-1);
  const last = new Int32Array(vertices);
  const low = new Int32Array(vertices).fill(vertices);
  /** Edges that leave the class of a vertex, as far as they are seen. */
  const degree = new Int32Array(vertices);
  /** The next vertex of the path below, -1 at its end. */
  const below = new Int32Array(vertices).fill(-1);
  const entry = new Int32Array(vertices).fill(-1);
  const stack: number[] = [];
  let time = 0;

  const absorb = (into: number, from: number) => {
    for (let w = from; w >= 0; w = below[w]) {
      sets.union(into, w);
      degree[into] += degree[w];
    }
  };
  /** A back edge that comes up from y: the path down to y is 3-edge-connected with x. */
  const closeFrom = (x: number, y: number) => {
    degree[x]--;
    let w = below[x];
    while (w >= 0 && order[w] <= order[y] && order[y] <= last[w]) {
      sets.union(x, w);
      degree[x] += degree[w];
      w = below[w];
    }
    below[x] = w;
  };
  /** The subtree of child y is done. */
  const join = (x: number, y: number) => {
    let path = y;
    if (below[y] < 0 && degree[y] <= 1) {
      // A bridge, or a pair of edges that can be spliced: y is a class of its own.
      degree[x] += degree[y];
      low[x] = Math.min(low[x], low[y]);
      return;
    }
    if (degree[y] === 0) path = below[y];
    if (low[y] < low[x]) {
      low[x] = low[y];
      [path, below[x]] = [below[x], path];
    }
    absorb(x, path);
  };

  for (let root = 0; root < vertices; root++) {
    if (order[root] >= 0) continue;
    order[root] = time++;
    stack.push(root);
    while (stack.length > 0) {
      const x = stack[stack.length - 1];
      if (next[x] === start[x + 1]) {
        last[x] = time - 1;
        stack.pop();
        const above = stack[stack.length - 1];
        if (above !== undefined) join(above, x);
        continue;
      }
      const e = edge[next[x]++];
      const y = edges.a[e] === x ? edges.b[e] : edges.a[e];
      if (y === x || e === entry[x]) continue;
      if (order[y] < 0) {
        entry[y] = e;
        order[y] = time++;
        stack.push(y);
      } else if (order[y] < order[x]) {
        degree[x]++;
        if (order[y] < low[x]) {
          low[x] = order[y];
          absorb(x, below[x]);
          below[x] = -1;
        }
      } else closeFrom(x, y);
    }
  }
}
