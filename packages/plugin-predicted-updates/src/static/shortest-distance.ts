import type { EdgeList } from '../structures/edge-list.js';
import { MinHeap } from '../structures/min-heap.js';

/** Length of a shortest path in a digraph of arcs from a[i] to b[i], Infinity where there is none. Dijkstra, until the sink is reached. */
export function shortestDistance(
  vertices: number,
  { count, a, b }: EdgeList,
  lengths: ArrayLike<number>,
  source: number,
  sink: number,
): number {
  const start = new Int32Array(vertices + 1);
  for (let i = 0; i < count; i++) start[a[i] + 1]++;
  for (let x = 0; x < vertices; x++) start[x + 1] += start[x];
  const fill = start.slice(0, vertices);
  const arcs = new Int32Array(count);
  for (let i = 0; i < count; i++) arcs[fill[a[i]]++] = i;
  const distance = new Float64Array(vertices).fill(Number.POSITIVE_INFINITY);
  distance[source] = 0;
  const heap = new MinHeap();
  heap.push(0, source);
  while (heap.size > 0) {
    const key = heap.least;
    const x = heap.pop();
    if (x === sink) return key;
    if (key > distance[x]) continue;
    for (let i = start[x]; i < start[x + 1]; i++) {
      const y = b[arcs[i]];
      const length = key + lengths[arcs[i]];
      if (length >= distance[y]) continue;
      distance[y] = length;
      heap.push(length, y);
    }
  }
  return Number.POSITIVE_INFINITY;
}
