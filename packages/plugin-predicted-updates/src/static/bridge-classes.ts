import { type EdgeList, incidenceOf } from '../structures/edge-list.js';

/** The 2-edge-connected classes of a graph. */
export interface BridgeClasses {
  readonly classes: number;
  /** Class of each vertex. */
  readonly classOf: Int32Array;
  /** 1 for each edge that is a bridge: the ends of no other edge are in different classes. */
  readonly bridge: Uint8Array;
}

/** Depth-first search with low points (Tarjan 1974), without recursion. Parallel edges are no bridges, self loops neither. O(n + m). */
export function bridgeClasses(vertices: number, edges: EdgeList): BridgeClasses {
  const { start, edge } = incidenceOf(vertices, edges);
  const order = new Int32Array(vertices).fill(-1);
  const low = new Int32Array(vertices);
  const next = start.slice(0, vertices);
  const entry = new Int32Array(vertices).fill(-1);
  const path: number[] = [];
  const open: number[] = [];
  const classOf = new Int32Array(vertices);
  const bridge = new Uint8Array(edges.count);
  let [time, classes] = [0, 0];
  for (let root = 0; root < vertices; root++) {
    if (order[root] >= 0) continue;
    path.push(root);
    open.push(root);
    order[root] = low[root] = time++;
    while (path.length > 0) {
      const x = path[path.length - 1];
      if (next[x] < start[x + 1]) {
        const e = edge[next[x]++];
        if (e === entry[x]) continue;
        const y = edges.a[e] === x ? edges.b[e] : edges.a[e];
        if (order[y] >= 0) {
          low[x] = Math.min(low[x], order[y]);
          continue;
        }
        entry[y] = e;
        order[y] = low[y] = time++;
        path.push(y);
        open.push(y);
        continue;
      }
      path.pop();
      if (low[x] === order[x]) {
        if (entry[x] >= 0) bridge[entry[x]] = 1;
        for (let y = -1; y !== x; ) {
          y = open.pop()!;
          classOf[y] = classes;
        }
        classes++;
      }
      const above = path[path.length - 1];
      if (above !== undefined) low[above] = Math.min(low[above], low[x]);
    }
  }
  return { classes, classOf, bridge };
}
