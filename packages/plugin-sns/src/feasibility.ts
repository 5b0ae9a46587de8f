import type { Matrix } from '@espalier/linalg';

/**
 * Whether a plan with marginals `a` and `b` exists that uses finite entries of `c` only: a maximum flow from rows to columns
 * (Dinic's algorithm on the bipartite graph) carries all mass but a relative 1e-9.
 */
export function isFeasible(c: Matrix, a: Float64Array, b: Float64Array): boolean {
  const { rows, cols } = c;
  const flow = new Float64Array(rows * cols);
  const [supply, demand] = [a.slice(), b.slice()];
  const mass = a.reduce((s, v) => s + v, 0);
  const tiny = 1e-12 * mass;
  const levels = new Int32Array(rows + cols);
  const next = new Int32Array(rows + cols);
  const allowed = (i: number, j: number) => c.data[i * cols + j] !== Number.POSITIVE_INFINITY;

  /** Breadth-first levels from the rows with supply; whether a column with demand is reached. */
  const layer = (): boolean => {
    levels.fill(-1);
    let queue: number[] = [];
    for (let i = 0; i < rows; i++) {
      if (supply[i]! > tiny) {
        levels[i] = 0;
        queue.push(i);
      }
    }
    let reached = false;
    for (let level = 1; queue.length > 0 && !reached; level++) {
      const following: number[] = [];
      for (const node of queue) {
        const others = node < rows ? cols : rows;
        for (let k = 0; k < others; k++) {
          const target = node < rows ? rows + k : k;
          if (levels[target]! >= 0) continue;
          const open = node < rows ? allowed(node, k) : flow[k * cols + node - rows]! > tiny;
          if (!open) continue;
          levels[target] = level;
          following.push(target);
          if (target >= rows && demand[target - rows]! > tiny) reached = true;
        }
      }
      queue = following;
    }
    return reached;
  };

  /** Pushes at most `limit` from `node` along ascending levels; what went through. */
  const push = (node: number, limit: number): number => {
    let sent = 0;
    if (node >= rows) {
      const j = node - rows;
      sent = Math.min(limit, demand[j]!);
      demand[j]! -= sent;
    }
    const others = node < rows ? cols : rows;
    for (; next[node]! < others && limit - sent > tiny; next[node]!++) {
      const k = next[node]!;
      const target = node < rows ? rows + k : k;
      if (levels[target] !== levels[node]! + 1) continue;
      const at = node < rows ? node * cols + k : k * cols + node - rows;
      const capacity = node < rows ? (allowed(node, k) ? Number.POSITIVE_INFINITY : 0) : flow[at]!;
      if (capacity <= tiny) continue;
      const through = push(target, Math.min(limit - sent, capacity));
      flow[at]! += node < rows ? through : -through;
      sent += through;
      if (limit - sent <= tiny) break;
    }
    return sent;
  };

  while (layer()) {
    next.fill(0);
    for (let i = 0; i < rows; i++) if (levels[i] === 0) supply[i]! -= push(i, supply[i]!);
  }
  return supply.reduce((s, v) => s + v, 0) <= 1e-9 * mass;
}
