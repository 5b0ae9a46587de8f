import { blocksOf } from '../static/blocks.js';
import { hasDisjointPaths } from '../static/disjoint-paths.js';
import {
  type SplitComponent,
  type SplitEdges,
  triconnectedComponents,
} from '../static/triconnected-components.js';
import { LinkGraph, REAL } from './link-graph.js';

/** Paths that count. */
const PATHS = 3;

/**
 * A graph with the same answers about terminals, whatever elements between terminals are added: can fewer than three vertices separate them?
 * Each block is split into its triconnected components. Those that hang off without terminals become links between the pair that they hang on;
 * a rigid one becomes a wheel of its terminals and of the pairs that lead to others: within it no two vertices separate any.
 * After Peng, Sandlund, Sleator (2019), section on 3-vertex connectivity.
 */
export function terminalSkeleton(graph: LinkGraph, isTerminal: Uint8Array): LinkGraph {
  const skeleton = new LinkGraph(graph.vertices, PATHS);
  const blocks = blocksThatMatter(graph, isTerminal);
  const memberships = new Int32Array(graph.vertices);
  for (const block of blocks) for (const x of block) memberships[x]++;
  const matters = (x: number) => isTerminal[x] === 1 || memberships[x] > 1;
  const local = new Int32Array(graph.vertices).fill(-1);
  for (const block of blocks) {
    block.forEach((x, i) => {
      local[x] = i;
    });
    const edges: SplitEdges = { from: [], to: [] };
    const links: number[] = [];
    for (const [i, x] of block.entries()) {
      for (const [y, count] of graph.neighbours[x]) {
        if (local[y] <= i) continue;
        edges.from.push(i);
        edges.to.push(local[y]);
        links.push(count);
      }
    }
    const keep = Uint8Array.from(block, (x) => (matters(x) ? 1 : 0));
    const emit = (a: number, b: number, count: number) => skeleton.add(block[a], block[b], count);
    if (block.length === 2) emit(0, 1, links[0]);
    else new BlockReduction(block.length, edges, links, keep).emit(emit);
    for (const x of block) local[x] = -1;
  }
  return skeleton;
}

/** Blocks, without those that hang off at one vertex and have no terminal beyond it. */
function blocksThatMatter(graph: LinkGraph, isTerminal: Uint8Array): number[][] {
  const blocks = blocksOf(graph.neighbours.map((row) => [...row.keys()]));
  const blocksAt: number[][] = Array.from({ length: graph.vertices }, () => []);
  for (const [i, block] of blocks.entries()) for (const x of block) blocksAt[x].push(i);
  const memberships = Int32Array.from(blocksAt, (list) => list.length);
  /** For each block the number of its vertices that are terminals or in another block. */
  const anchors = Int32Array.from(
    blocks,
    (block) => block.filter((x) => isTerminal[x] === 1 || memberships[x] > 1).length,
  );
  const gone = new Uint8Array(blocks.length);
  const queue = [...blocks.keys()];
  for (let i = queue.pop(); i !== undefined; i = queue.pop()) {
    if (gone[i] === 1 || anchors[i] > 1) continue;
    gone[i] = 1;
    for (const x of blocks[i]) {
      memberships[x]--;
      if (memberships[x] !== 1 || isTerminal[x] === 1) continue;
      for (const other of blocksAt[x]) {
        if (gone[other] === 1) continue;
        anchors[other]--;
        queue.push(other);
      }
    }
  }
  return blocks.filter((_, i) => gone[i] === 0);
}

/** The components of one block, of which some are folded into links. */
class BlockReduction {
  readonly #edges: SplitEdges;
  readonly #components: readonly SplitComponent[];
  /** Links of each edge; -1: virtual. */
  readonly #links: number[];
  readonly #keep: Uint8Array;
  /** The two components of a virtual edge. */
  readonly #sides = new Map<number, number[]>();
  readonly #gone: Uint8Array;

  constructor(vertices: number, edges: SplitEdges, links: readonly number[], keep: Uint8Array) {
    this.#edges = edges;
    this.#keep = keep;
    this.#components = triconnectedComponents(vertices, edges);
    this.#links = edges.from.map((_, e) => links[e] ?? -1);
    this.#gone = new Uint8Array(this.#components.length);
    for (const [i, component] of this.#components.entries()) {
      for (const e of component.edges) {
        if (this.#links[e] >= 0) continue;
        const sides = this.#sides.get(e);
        if (sides) sides.push(i);
        else this.#sides.set(e, [i]);
      }
    }
    this.#fold();
  }

  /** Hands over the edges of what is left. */
  emit(add: (a: number, b: number, links: number) => void): void {
    const { from, to } = this.#edges;
    for (const [i, component] of this.#components.entries()) {
      if (this.#gone[i] === 1) continue;
      if (component.kind !== 'rigid') {
        for (const e of component.edges) if (this.#links[e] >= 0) add(from[e], to[e], this.#links[e]);
        continue;
      }
      const ends = this.#anchorsOf(component);
      const [hub, ...rim] = ends;
      for (const x of rim) add(hub, x, REAL);
      for (let k = 0; rim.length > 1 && k < rim.length; k++) add(rim[k], rim[(k + 1) % rim.length], REAL);
    }
  }

  /** Vertices of a component that are to be kept, or lead to another. */
  #anchorsOf({ edges }: SplitComponent): number[] {
    const { from, to } = this.#edges;
    const anchors = new Set<number>();
    for (const e of edges)
      for (const x of [from[e], to[e]]) if (this.#keep[x] === 1 || this.#links[e] < 0) anchors.add(x);
    return [...anchors];
  }

  /** Turns components with one virtual edge, and nothing to keep but its ends, into links. */
  #fold(): void {
    const queue = [...this.#components.keys()];
    for (let i = queue.pop(); i !== undefined; i = queue.pop()) {
      if (this.#gone[i] === 1) continue;
      const component = this.#components[i];
      const virtual = component.edges.filter((e) => this.#links[e] < 0);
      if (virtual.length !== 1 || this.#anchorsOf(component).length > 2) continue;
      const [edge] = virtual;
      this.#gone[i] = 1;
      this.#links[edge] = this.#linksBetween(component, edge);
      queue.push(...this.#sides.get(edge)!.filter((side) => side !== i));
    }
  }

  /** Disjoint paths between the ends of an edge of a component, other than the edge itself. */
  #linksBetween({ kind, edges }: SplitComponent, edge: number): number {
    if (kind === 'polygon') return 1;
    const { from, to } = this.#edges;
    const others = edges.filter((e) => e !== edge);
    if (kind === 'bond') {
      if (others.some((e) => this.#links[e] === REAL)) return REAL;
      return Math.min(
        PATHS,
        others.reduce((sum, e) => sum + this.#links[e], 0),
      );
    }
    const place = new Map<number, number>();
    for (const e of edges) for (const x of [from[e], to[e]]) if (!place.has(x)) place.set(x, place.size);
    const rigid = new LinkGraph(place.size, 1);
    for (const e of others) rigid.add(place.get(from[e])!, place.get(to[e])!, 1);
    return hasDisjointPaths(rigid, place.get(from[edge])!, place.get(to[edge])!, PATHS) ? PATHS : 2;
  }
}
