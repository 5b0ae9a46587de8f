/** An element between the two vertices: no set of other vertices separates them. */
export const REAL = 2 ** 20;

/**
 * A graph for questions of vertex connectivity. Between two vertices there is a real edge (`REAL`), or a number of virtual ones: each stands
 * for one path through vertices that were taken out, disjoint from what the others stand for. More than `cap` paths count as `cap`.
 */
export class LinkGraph {
  readonly neighbours: Map<number, number>[];
  readonly #cap: number;

  constructor(vertices: number, cap: number) {
    this.neighbours = Array.from({ length: vertices }, () => new Map());
    this.#cap = cap;
  }

  get vertices(): number {
    return this.neighbours.length;
  }

  /** Adds a real edge, or `links` virtual ones; self loops are left out. */
  add(a: number, b: number, links: number): void {
    if (a === b) return;
    const had = this.neighbours[a].get(b) ?? 0;
    const sum = had === REAL || links === REAL ? REAL : Math.min(this.#cap, had + links);
    this.neighbours[a].set(b, sum);
    this.neighbours[b].set(a, sum);
  }

  /** Replaces what is between two vertices. */
  remove(a: number, b: number): void {
    this.neighbours[a].delete(b);
    this.neighbours[b].delete(a);
  }

  /** All edges once, a < b. */
  visitEdges(visit: (a: number, b: number, links: number) => void): void {
    this.neighbours.forEach((row, a) => {
      for (const [b, links] of row) if (a < b) visit(a, b, links);
    });
  }
}

/**
 * Takes out vertices that are no terminals while they have at most two neighbours: at most one of disjoint paths goes through such
 * a vertex, so one virtual edge between its neighbours says the same.
 * @returns 1 for each vertex that was taken out
 */
export function spliceVertices(graph: LinkGraph, isTerminal: Uint8Array): Uint8Array {
  const taken = new Uint8Array(graph.vertices);
  const queue: number[] = [];
  for (let x = 0; x < graph.vertices; x++) queue.push(x);
  for (let x = queue.pop(); x !== undefined; x = queue.pop()) {
    const row = graph.neighbours[x];
    if (taken[x] === 1 || isTerminal[x] === 1 || row.size > 2) continue;
    taken[x] = 1;
    const ends = [...row.keys()];
    for (const y of ends) {
      graph.remove(x, y);
      queue.push(y);
    }
    if (ends.length === 2) graph.add(ends[0], ends[1], 1);
  }
  return taken;
}
