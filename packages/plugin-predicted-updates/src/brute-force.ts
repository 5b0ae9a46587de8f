import type { GraphElement, GraphQuery, GraphQuestion, GraphValue } from './dynamic-graph.js';
import { compareIds } from './universe.js';

/** The present graph, and everything about it computed from the definition. Slow; for checks. */
export class BruteForce {
  readonly #n: number;
  readonly #present: readonly GraphElement[];

  constructor(vertices: number, present: readonly GraphElement[]) {
    this.#n = vertices;
    this.#present = present;
  }

  /** What the structure of a question gives as its value. */
  value({ structure, k = 2, source = 0, sink = 0 }: GraphQuestion): GraphValue {
    const values: Readonly<Record<string, () => GraphValue>> = {
      connectivity: () => this.#components(this.#present),
      'minimum-spanning-forest': () => this.#forest().reduce((sum, { weight = 1 }) => sum + weight, 0),
      bridges: () => this.#present.filter((element) => this.#isBridge(element)).length,
      'all-pairs-shortest-paths': () => this.#sumOfDistances(),
      'bipartite-matching': () => this.#matching(),
      'k-core': () => this.#core(k).size,
      'triangle-count': () => this.#triangles(),
      'max-flow': () => this.#maxFlow(source, sink),
      'dfs-tree': () => this.#depthFirst().height,
      reachability: () => this.#sumOver((d) => (d < Number.POSITIVE_INFINITY ? 1 : 0)),
    };
    return values[structure]?.() ?? null;
  }

  answer([name, ...args]: GraphQuery, { structure, k = 2 }: GraphQuestion): GraphValue {
    const [u, v] = args as [number, number];
    switch (name) {
      case 'connected':
        return this.#reach(u, this.#present, false).has(v);
      case 'edges':
        return this.#forest()
          .map(({ id }) => id)
          .sort(compareIds);
      case 'two-edge-connected':
        return this.#present
          .concat([{ id: '', u: 0, v: 0 }])
          .every((element) => this.#reach(u, this.#without(element), false).has(v));
      case 'biconnected':
        return this.#inseparable(u, v, 1);
      case 'triconnected':
        return this.#inseparable(u, v, 2);
      case 'k-edge-connected':
        return this.#edgeConnected(u, v, structure === 'three-edge-connectivity' ? 3 : k);
      case 'distance':
        return shown(this.#distances(u)[v]);
      case 'matrix':
        return Array.from({ length: this.#n }, (_, x) => this.#distances(x).map(shown));
      case 'in-core':
        return this.#core(k).has(u);
      case 'reachable':
        return this.#reach(u, this.#present, true).has(v);
      case 'parent':
        return this.#depthFirst().parent[u];
      case 'ancestor': {
        const { parent } = this.#depthFirst();
        let x = v;
        while (x !== u && x >= 0) x = parent[x];
        return x === u;
      }
      default:
        throw new Error(`Brute force knows no query '${name}'.`);
    }
  }

  #without(element: GraphElement): GraphElement[] {
    return this.#present.filter((other) => other !== element);
  }

  #reach(from: number, elements: readonly GraphElement[], directed: boolean, closed: readonly number[] = []) {
    const found = new Set([from]);
    for (const x of found) {
      for (const { u, v } of elements) {
        if (u === x && !closed.includes(v)) found.add(v);
        if (!directed && v === x && !closed.includes(u)) found.add(u);
      }
    }
    return found;
  }

  #components(elements: readonly GraphElement[]): number {
    const left = new Set(Array.from({ length: this.#n }, (_, x) => x));
    let count = 0;
    for (const x of left) {
      count++;
      for (const y of this.#reach(x, elements, false)) left.delete(y);
    }
    return count;
  }

  #isBridge(element: GraphElement): boolean {
    return !this.#reach(element.u, this.#without(element), false).has(element.v);
  }

  #forest(): GraphElement[] {
    const component = Array.from({ length: this.#n }, (_, x) => x);
    const sorted = this.#present.toSorted(
      (a, b) => (a.weight ?? 1) - (b.weight ?? 1) || compareIds(a.id, b.id),
    );
    return sorted.filter(({ u, v }) => {
      const [a, b] = [component[u], component[v]];
      if (a === b) return false;
      for (let x = 0; x < this.#n; x++) if (component[x] === b) component[x] = a;
      return true;
    });
  }

  /** No set of at most `size` other vertices separates them; elements between the two cannot be cut. */
  #inseparable(u: number, v: number, size: number): boolean {
    const others = Array.from({ length: this.#n }, (_, x) => x).filter((x) => x !== u && x !== v);
    const together = (closed: readonly number[]) => this.#reach(u, this.#present, false, closed).has(v);
    if (!together([])) return false;
    if (!others.every((x) => together([x]))) return false;
    return size < 2 || others.every((x) => others.every((y) => together([x, y])));
  }

  #edgeConnected(u: number, v: number, k: number): boolean {
    if (u === v) return true;
    const arcs = this.#present.flatMap((e) => [
      { from: e.u, to: e.v },
      { from: e.v, to: e.u },
    ]);
    return (
      augment(
        this.#n,
        arcs.map((arc) => ({ ...arc, room: 1 })),
        u,
        v,
      ) >= k
    );
  }

  #maxFlow(source: number, sink: number): number {
    const arcs = this.#present.flatMap((e) => [
      { from: e.u, to: e.v, room: e.weight ?? 1 },
      { from: e.v, to: e.u, room: 0 },
    ]);
    return augment(this.#n, arcs, source, sink);
  }

  /** Bellman-Ford from one vertex. */
  #distances(from: number): number[] {
    const distance = new Array<number>(this.#n).fill(Number.POSITIVE_INFINITY);
    distance[from] = 0;
    for (let changed = true; changed; ) {
      changed = false;
      for (const { u, v, weight = 1 } of this.#present) {
        if (distance[u] + weight >= distance[v]) continue;
        distance[v] = distance[u] + weight;
        changed = true;
      }
    }
    return distance;
  }

  #sumOver(measure: (distance: number) => number): number {
    let sum = 0;
    for (let x = 0; x < this.#n; x++)
      this.#distances(x).forEach((d, y) => {
        if (x !== y) sum += measure(d);
      });
    return sum;
  }

  #sumOfDistances(): number {
    return this.#sumOver((d) => (d < Number.POSITIVE_INFINITY ? d : 0));
  }

  /** Kuhn's algorithm. */
  #matching(): number {
    const matchOf = new Map<number, number>();
    const tryFrom = (left: number, seen: Set<number>): boolean =>
      this.#present.some(({ u, v }) => {
        if (u !== left || seen.has(v)) return false;
        seen.add(v);
        const other = matchOf.get(v);
        if (other !== undefined && !tryFrom(other, seen)) return false;
        matchOf.set(v, left);
        return true;
      });
    let size = 0;
    for (let left = 0; left < this.#n; left++) if (tryFrom(left, new Set())) size++;
    return size;
  }

  #core(k: number): Set<number> {
    const core = new Set(Array.from({ length: this.#n }, (_, x) => x));
    for (let changed = true; changed; ) {
      changed = false;
      for (const x of core) {
        const degree = this.#present.filter(
          ({ u, v }) => u !== v && core.has(u) && core.has(v) && (u === x || v === x),
        ).length;
        if (degree < k) changed = core.delete(x);
      }
    }
    return core;
  }

  #triangles(): number {
    const near = Array.from({ length: this.#n }, () => new Set<number>());
    for (const { u, v } of this.#present) {
      if (u === v) continue;
      near[u].add(v);
      near[v].add(u);
    }
    let count = 0;
    for (let x = 0; x < this.#n; x++)
      for (const y of near[x]) for (const z of near[y]) if (x < y && y < z && near[x].has(z)) count++;
    return count;
  }

  #depthFirst(): { readonly parent: number[]; readonly height: number } {
    const parent = new Array<number>(this.#n).fill(-1);
    const seen = new Set<number>();
    let height = 0;
    const visit = (x: number, depth: number): void => {
      seen.add(x);
      height = Math.max(height, depth);
      const next = this.#present.flatMap(({ u, v }) => (u === x ? [v] : v === x ? [u] : []));
      for (const y of next.sort((a, b) => a - b)) {
        if (seen.has(y)) continue;
        parent[y] = x;
        visit(y, depth + 1);
      }
    };
    for (let root = 0; root < this.#n; root++) if (!seen.has(root)) visit(root, 0);
    return { parent, height };
  }
}

const shown = (d: number) => (d === Number.POSITIVE_INFINITY ? -1 : d);

/** Ford-Fulkerson; arcs 2i and 2i + 1 are each other's reverse. */
function augment(
  n: number,
  arcs: { from: number; to: number; room: number }[],
  source: number,
  sink: number,
): number {
  const seen = new Uint8Array(n);
  const push = (x: number, amount: number): number => {
    if (x === sink) return amount;
    seen[x] = 1;
    for (const [i, arc] of arcs.entries()) {
      if (arc.from !== x || arc.room === 0 || seen[arc.to] === 1) continue;
      const pushed = push(arc.to, Math.min(amount, arc.room));
      if (pushed === 0) continue;
      arc.room -= pushed;
      arcs[i ^ 1].room += pushed;
      return pushed;
    }
    return 0;
  };
  let flow = 0;
  for (let pushed = -1; pushed !== 0; flow += Math.max(0, pushed)) {
    seen.fill(0);
    pushed = push(source, Number.POSITIVE_INFINITY);
  }
  return flow;
}
