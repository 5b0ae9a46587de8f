import { type EdgeList, incidenceOf } from '../structures/edge-list.js';

/**
 * For each edge the number (from 1) of the forest that takes it in the decomposition of Nagamochi and Ibaraki (1992): vertices are scanned
 * in maximum-adjacency order. The ends of an edge in forest i are i-edge-connected, and the first k forests keep every cut
 * up to k. Self loops get 0. O(m + n) with buckets.
 */
export function forestDecomposition(vertices: number, edges: EdgeList): Int32Array {
  const { start, edge } = incidenceOf(vertices, edges);
  const forest = new Int32Array(edges.count);
  const reached = new Int32Array(vertices);
  const done = new Uint8Array(vertices);
  // Lazy buckets: a vertex stands in the bucket of every value it had.
  const buckets: number[][] = [Array.from({ length: vertices }, (_, x) => x)];
  for (let level = 0; level >= 0; ) {
    const x: number | undefined = buckets[level].pop();
    if (x === undefined) {
      level--;
      continue;
    }
    if (done[x] === 1 || reached[x] !== level) continue;
    done[x] = 1;
    for (let i = start[x]; i < start[x + 1]; i++) {
      const e = edge[i];
      const y: number = edges.a[e] === x ? edges.b[e] : edges.a[e];
      if (y === x || done[y] === 1) continue;
      forest[e] = ++reached[y];
      while (buckets.length <= reached[y]) buckets.push([]);
      buckets[reached[y]].push(y);
      level = Math.max(level, reached[y]);
    }
  }
  return forest;
}
