import { type EdgeList, incidenceOf } from '../structures/edge-list.js';

/** Whether k edge-disjoint paths join two different vertices of an undirected multigraph: at most k augmenting searches, O(k m). */
export function hasEdgeDisjointPaths(
  vertices: number,
  edges: EdgeList,
  source: number,
  sink: number,
  k: number,
): boolean {
  const { start, edge } = incidenceOf(vertices, edges);
  // Flow of an edge: 1 from a to b, -1 from b to a.
  const flow = new Int8Array(edges.count);
  const entry = new Int32Array(vertices);
  const queue = new Int32Array(vertices);
  for (let paths = 0; paths < k; paths++) {
    entry.fill(-1);
    entry[source] = edges.count;
    queue[0] = source;
    let filled = 1;
    for (let at = 0; at < filled && entry[sink] < 0; at++) {
      const x = queue[at];
      for (let i = start[x]; i < start[x + 1]; i++) {
        const e = edge[i];
        const forward = edges.a[e] === x;
        const y = forward ? edges.b[e] : edges.a[e];
        if (entry[y] >= 0 || flow[e] === (forward ? 1 : -1)) continue;
        entry[y] = e;
        queue[filled++] = y;
      }
    }
    if (entry[sink] < 0) return false;
    for (let y = sink; y !== source; ) {
      const e = entry[y];
      const forward = edges.b[e] === y;
      flow[e] += forward ? 1 : -1;
      y = forward ? edges.a[e] : edges.b[e];
    }
  }
  return true;
}
