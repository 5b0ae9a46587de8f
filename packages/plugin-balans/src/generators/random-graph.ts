import type { RandomSource } from '@espalier/core';

/** An undirected edge, smaller node first. */
export type Edge = readonly [u: number, v: number];

/** Erdos-Renyi G(n, p): each of the n (n - 1) / 2 edges with probability p. */
export function erdosRenyi(n: number, p: number, random: RandomSource): Edge[] {
  const edges: Edge[] = [];
  for (let u = 0; u < n; u++) {
    for (let v = u + 1; v < n; v++) if (random.uniform() < p) edges.push([u, v]);
  }
  return edges;
}

/**
 * Barabasi-Albert: after m + 1 nodes that are all joined, each new node is joined to m different nodes, drawn in proportion to their
 * degrees.
 */
export function barabasiAlbert(n: number, m: number, random: RandomSource): Edge[] {
  const edges: Edge[] = [];
  // Each node stands here once for each of its edges.
  const ends: number[] = [];
  const join = (u: number, v: number) => {
    edges.push([u, v]);
    ends.push(u, v);
  };
  for (let u = 0; u <= m; u++) for (let v = u + 1; v <= m; v++) join(u, v);
  for (let node = m + 1; node < n; node++) {
    const targets = new Set<number>();
    while (targets.size < m) targets.add(ends[random.integer(ends.length)]!);
    for (const target of targets) join(target, node);
  }
  return edges;
}
