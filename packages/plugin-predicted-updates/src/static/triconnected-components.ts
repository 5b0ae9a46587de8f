import { PalmTree } from './palm-tree.js';

/** Edges of a biconnected graph without parallel edges: edge i joins from[i] and to[i]. Virtual edges are appended to these lists. */
export interface SplitEdges {
  readonly from: number[];
  readonly to: number[];
}

/** One split component: a bond (parallel edges), a polygon, or a rigid (3-connected) graph of four or more vertices. */
export interface SplitComponent {
  readonly kind: 'bond' | 'polygon' | 'rigid';
  readonly edges: readonly number[];
}

/**
 * The split components of a biconnected graph of at least three vertices (Hopcroft and Tarjan 1973, with the corrections of Gutwenger
 * and Mutzel 2001); neighbouring bonds or polygons are not merged. Every virtual edge is in exactly two components. O(n + m), without recursion.
 * @param edges gets the virtual edges
 */
export function triconnectedComponents(vertices: number, edges: SplitEdges): SplitComponent[] {
  return new PathSearch(vertices, edges).run();
}

const NONE = -1;

class PathSearch extends PalmTree {
  readonly #components: SplitComponent[] = [];
  /** Edges that are in no component yet. */
  readonly #open: number[] = [];
  /** Candidates for separation pairs: (h, a, b); a = 0 ends those of one path. */
  readonly #candidates: number[] = [];

  run(): SplitComponent[] {
    this.#pathSearch();
    if (this.#open.length > 0) this.#finish(this.#open.splice(0));
    return this.#components;
  }

  /** Finds separation pairs along the paths and splits components off. */
  #pathSearch(): void {
    const candidates = this.#candidates;
    candidates.push(0, 0, 0);
    const frames = [{ v: 0, slot: this.firstSlot[0], left: this.outDegree(0), arc: NONE }];
    while (frames.length > 0) {
      const frame = frames[frames.length - 1];
      const { v, slot } = frame;
      if (slot < 0) {
        frames.pop();
        continue;
      }
      // An arc that was followed may have been replaced in its slot since.
      const e = frame.arc < 0 ? this.slotEdge[slot] : frame.arc;
      const w = this.to[e];
      if (frame.arc < 0) {
        if (this.isTree[e] === 0) {
          if (this.starts[e] === 1) this.#openPath(v, this.number[w], this.number[v]);
          this.#open.push(e);
          frame.slot = this.slotNext[slot];
          frame.left--;
          continue;
        }
        if (this.starts[e] === 1) {
          this.#openPath(v, this.low1[w], this.number[w] + this.descendants[w] - 1);
          candidates.push(0, 0, 0);
        }
        frame.arc = e;
        frames.push({ v: w, slot: this.firstSlot[w], left: this.outDegree(w), arc: NONE });
        continue;
      }
      frame.arc = NONE;
      const next = this.slotNext[slot];
      this.#open.push(this.treeArc[w]);
      const child = this.#splitPairsOfType2(v, w, slot);
      this.#splitPairOfType1(v, child, slot, frame.left);
      if (this.starts[e] === 1) {
        while (candidates[candidates.length - 2] !== 0) candidates.length -= 3;
        candidates.length -= 3;
      }
      const vnum = this.number[v];
      for (;;) {
        const [h, a, b] = candidates.slice(-3);
        if (a === 0 || b === vnum || this.high(v) <= h) break;
        candidates.length -= 3;
      }
      frame.slot = next;
      frame.left--;
    }
  }

  /** A path starts at v that reaches up to `low`: candidates that reach less far are one with it. `height`: the largest number in its subtree. */
  #openPath(v: number, low: number, height: number): void {
    const candidates = this.#candidates;
    let [h, b] = [height, this.number[v]];
    while (candidates[candidates.length - 2] > low) {
      b = candidates[candidates.length - 1];
      h = Math.max(h, candidates[candidates.length - 3]);
      candidates.length -= 3;
    }
    candidates.push(h, low, b);
  }

  /** Pairs (v, b) with b below v. Returns the child of v that is left. */
  #splitPairsOfType2(v: number, child: number, slot: number): number {
    const [candidates, number] = [this.#candidates, this.number];
    const vnum = number[v];
    let w = child;
    const hangs = () =>
      this.degree[w] === 2 &&
      this.firstSlot[w] >= 0 &&
      number[this.to[this.slotEdge[this.firstSlot[w]]]] > number[w];
    while (vnum !== 1 && (candidates[candidates.length - 2] === vnum || hangs())) {
      const [h, a, b] = candidates.slice(-3);
      if (a === vnum && this.father[this.vertexAt[b]] === v) {
        candidates.length -= 3;
        continue;
      }
      let direct = NONE;
      let virtual: number;
      let x: number;
      if (hangs()) {
        const first = this.#open.pop()!;
        const second = this.#open.pop()!;
        x = this.to[second];
        virtual = this.newEdge(v, x);
        this.#components.push({ kind: 'polygon', edges: [first, second, virtual] });
        this.degree[x]--;
        this.degree[v]--;
        const top = this.#open.at(-1) ?? NONE;
        if (top >= 0 && this.from[top] === x && this.to[top] === v) {
          direct = this.#open.pop()!;
          this.removeSlot(this.slotOf[direct]);
          this.removeHigh(direct);
        }
      } else {
        candidates.length -= 3;
        const part: number[] = [];
        for (let top = this.#open.at(-1) ?? NONE; top >= 0; top = this.#open.at(-1) ?? NONE) {
          const [p, q] = [number[this.from[top]], number[this.to[top]]];
          if (!(a <= p && p <= h && a <= q && q <= h)) break;
          this.#open.pop();
          if ((p === a && q === b) || (q === a && p === b)) {
            direct = top;
            this.removeSlot(this.slotOf[top]);
            this.removeHigh(top);
            continue;
          }
          if (this.slotOf[top] !== slot) {
            this.removeSlot(this.slotOf[top]);
            this.removeHigh(top);
          }
          part.push(top);
          this.degree[this.from[top]]--;
          this.degree[this.to[top]]--;
        }
        x = this.vertexAt[b];
        virtual = this.newEdge(this.vertexAt[a], x);
        part.push(virtual);
        this.#finish(part);
      }
      if (direct >= 0) {
        const again = this.newEdge(v, x);
        this.#components.push({ kind: 'bond', edges: [direct, virtual, again] });
        virtual = again;
        this.degree[x]--;
        this.degree[v]--;
      }
      this.#open.push(virtual);
      this.putInSlot(virtual, slot);
      this.degree[x]++;
      this.degree[v]++;
      this.father[x] = v;
      this.treeArc[x] = virtual;
      this.isTree[virtual] = 1;
      w = x;
    }
    return w;
  }

  /** The pair of v and the lowest point of its child w. */
  #splitPairOfType1(v: number, w: number, slot: number, left: number): void {
    const number = this.number;
    const [vnum, wnum, low] = [number[v], number[w], this.low1[w]];
    if (!(this.low2[w] >= vnum && low < vnum && (this.father[v] !== 0 || left >= 2))) return;
    const part: number[] = [];
    const inside = (x: number) => wnum <= x && x < wnum + this.descendants[w];
    let [p, q] = [0, 0];
    for (let top = this.#open.at(-1) ?? NONE; top >= 0; top = this.#open.at(-1) ?? NONE) {
      [p, q] = [number[this.from[top]], number[this.to[top]]];
      if (!inside(p) && !inside(q)) break;
      part.push(this.#open.pop()!);
      this.removeHigh(top);
      this.degree[this.from[top]]--;
      this.degree[this.to[top]]--;
    }
    const ancestor = this.vertexAt[low];
    let virtual = this.newEdge(v, ancestor);
    part.push(virtual);
    this.#finish(part);
    if ((p === vnum && q === low) || (q === vnum && p === low)) {
      const direct = this.#open.pop()!;
      if (this.slotOf[direct] !== slot) this.removeSlot(this.slotOf[direct]);
      const again = this.newEdge(v, ancestor);
      this.#components.push({ kind: 'bond', edges: [direct, virtual, again] });
      this.highOf[again] = this.highOf[direct] ?? NONE;
      virtual = again;
      this.degree[v]--;
      this.degree[ancestor]--;
    }
    if (ancestor !== this.father[v]) {
      this.#open.push(virtual);
      this.putInSlot(virtual, slot);
      if ((this.highOf[virtual] ?? NONE) < 0 && this.high(ancestor) < vnum)
        this.pushHigh(virtual, ancestor, vnum);
      this.degree[v]++;
      this.degree[ancestor]++;
      return;
    }
    this.removeSlot(slot);
    const again = this.newEdge(ancestor, v);
    const arc = this.treeArc[v];
    this.#components.push({ kind: 'bond', edges: [virtual, again, arc] });
    this.treeArc[v] = again;
    this.isTree[again] = 1;
    this.putInSlot(again, this.slotOf[arc]);
  }

  /** A polygon where there are three edges, else a rigid component. */
  #finish(edges: readonly number[]): void {
    this.#components.push({ kind: edges.length > 3 ? 'rigid' : 'polygon', edges });
  }
}
