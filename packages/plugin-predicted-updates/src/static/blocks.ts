/**
 * The blocks (biconnected components) of a simple graph as lists of vertices, a bridge being a block of two. Isolated vertices are in none.
 * Depth-first search with low points (Hopcroft and Tarjan 1973), without recursion.
 * @param neighbours the neighbours of each vertex, without itself
 */
export function blocksOf(neighbours: readonly (readonly number[])[]): number[][] {
  const count = neighbours.length;
  const order = new Int32Array(count).fill(-1);
  const low = new Int32Array(count);
  const next = new Int32Array(count);
  const parent = new Int32Array(count).fill(-1);
  const blocks: number[][] = [];
  const path: number[] = [];
  const open: number[] = [];
  let time = 0;
  for (let root = 0; root < count; root++) {
    if (order[root] >= 0) continue;
    order[root] = low[root] = time++;
    path.push(root);
    while (path.length > 0) {
      const x = path[path.length - 1];
      if (next[x] < neighbours[x].length) {
        const y = neighbours[x][next[x]++];
        if (order[y] < 0) {
          parent[y] = x;
          order[y] = low[y] = time++;
          path.push(y);
          open.push(y);
        } else if (y !== parent[x]) low[x] = Math.min(low[x], order[y]);
        continue;
      }
      path.pop();
      const above = parent[x];
      if (above < 0) continue;
      low[above] = Math.min(low[above], low[x]);
      if (low[x] < order[above]) continue;
      const block = [above];
      for (let y = -1; y !== x; ) {
        y = open.pop()!;
        block.push(y);
      }
      blocks.push(block);
    }
  }
  return blocks;
}
