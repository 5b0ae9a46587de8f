/** Marks of a node: a vertex with non-tree elements of this level, a tree element of exactly this level. */
export const VERTEX_MARK = 1;
export const EDGE_MARK = 2;

/**
 * Euler tour trees (Henzinger and King 1999) over splay trees: a forest on n vertices whose trees are sequences of nodes, one for each vertex
 * and two for each edge (there and back). Link, cut, connectivity, size, and the search for a marked node are O(log n) amortised.
 * Nodes 1..n are the vertices; 0 is no node.
 */
export class EulerTourForest {
  /** Rotations so far. */
  work = 0;
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  readonly #parent: Int32Array;
  /** Vertices in the splay subtree. */
  readonly #vertices: Int32Array;
  readonly #mark: Uint8Array;
  /** Marks in the splay subtree, or-ed. */
  readonly #marks: Uint8Array;
  /** The element of an edge node. */
  readonly #element: Int32Array;
  readonly #free: number[] = [];
  #used: number;
  readonly #count: number;
  readonly #edges = new Map<number, readonly [there: number, back: number]>();

  constructor(count: number) {
    this.#count = count;
    const nodes = 3 * count + 1;
    this.#left = new Int32Array(nodes);
    this.#right = new Int32Array(nodes);
    this.#parent = new Int32Array(nodes);
    this.#vertices = new Int32Array(nodes);
    this.#mark = new Uint8Array(nodes);
    this.#marks = new Uint8Array(nodes);
    this.#element = new Int32Array(nodes).fill(-1);
    for (let node = 1; node <= count; node++) this.#vertices[node] = 1;
    this.#used = count + 1;
  }

  connected(a: number, b: number): boolean {
    if (a === b) return true;
    this.#splay(a + 1);
    this.#splay(b + 1);
    return this.#parent[a + 1] !== 0;
  }

  /** Vertices in the tree of a. */
  size(a: number): number {
    this.#splay(a + 1);
    return this.#vertices[a + 1];
  }

  /** Joins the trees of a and b by an element; `marked`: it is a tree element of exactly this level. */
  link(element: number, a: number, b: number, marked: boolean): void {
    const [there, back] = [this.#newNode(element), this.#newNode(element)];
    this.#edges.set(element, [there, back]);
    if (marked) this.#setMark(there, EDGE_MARK);
    const x = this.#reroot(a + 1);
    const y = this.#reroot(b + 1);
    this.#join(this.#join(this.#join(x, there), y), back);
  }

  /** Takes a tree element out again. */
  cut(element: number): void {
    const [there, back] = this.#edges.get(element)!;
    this.#edges.delete(element);
    // Rotate the tour so that it starts with one of the two: then what lies between them is one tree, and what follows the other.
    this.#reroot(there);
    this.#splay(there);
    this.#detachRight(there);
    this.#splay(back);
    this.#detachLeft(back);
    this.#detachRight(back);
    for (const node of [there, back]) this.#release(node);
  }

  has(element: number): boolean {
    return this.#edges.has(element);
  }

  setEdgeMark(element: number, on: boolean): void {
    this.#setMark(this.#edges.get(element)![0], on ? EDGE_MARK : 0);
  }

  setVertexMark(a: number, on: boolean): void {
    this.#setMark(a + 1, on ? VERTEX_MARK : 0);
  }

  /** A vertex of the tree of a that is marked, -1: none. */
  markedVertex(a: number): number {
    return this.#find(a + 1, VERTEX_MARK) - 1;
  }

  /** A marked tree element of the tree of a, -1: none. */
  markedEdge(a: number): number {
    const node = this.#find(a + 1, EDGE_MARK);
    return node === 0 ? -1 : this.#element[node];
  }

  #newNode(element: number): number {
    const node = this.#free.pop() ?? this.#used++;
    this.#element[node] = element;
    return node;
  }

  #release(node: number): void {
    this.#left[node] = this.#right[node] = this.#parent[node] = 0;
    this.#mark[node] = this.#marks[node] = 0;
    this.#vertices[node] = 0;
    this.#free.push(node);
  }

  #setMark(node: number, mark: number): void {
    this.#splay(node);
    this.#mark[node] = mark;
    this.#update(node);
  }

  #find(node: number, mark: number): number {
    this.#splay(node);
    let at = node;
    if ((this.#marks[at] & mark) === 0) return 0;
    while ((this.#mark[at] & mark) === 0) {
      this.work++;
      const left = this.#left[at];
      at = left !== 0 && (this.#marks[left] & mark) !== 0 ? left : this.#right[at];
    }
    this.#splay(at);
    return at;
  }

  /** Rotates the tour to start with this node; returns the root of the splay tree. */
  #reroot(node: number): number {
    this.#splay(node);
    const before = this.#detachLeft(node);
    return this.#join(node, before);
  }

  #detachLeft(node: number): number {
    const left = this.#left[node];
    if (left !== 0) this.#parent[left] = 0;
    this.#left[node] = 0;
    this.#update(node);
    return left;
  }

  #detachRight(node: number): number {
    const right = this.#right[node];
    if (right !== 0) this.#parent[right] = 0;
    this.#right[node] = 0;
    this.#update(node);
    return right;
  }

  /** One sequence after the other; both are roots of splay trees, or 0. */
  #join(a: number, b: number): number {
    if (a === 0) return b;
    if (b === 0) return a;
    let last = a;
    while (this.#right[last] !== 0) last = this.#right[last];
    this.#splay(last);
    this.#right[last] = b;
    this.#parent[b] = last;
    this.#update(last);
    return last;
  }

  #update(x: number): void {
    const [l, r] = [this.#left[x], this.#right[x]];
    this.#vertices[x] = this.#vertices[l] + this.#vertices[r] + (x <= this.#count ? 1 : 0);
    this.#marks[x] = this.#marks[l] | this.#marks[r] | this.#mark[x];
  }

  #rotate(x: number): void {
    this.work++;
    const [left, right, parent] = [this.#left, this.#right, this.#parent];
    const p = parent[x];
    const g = parent[p];
    if (left[p] === x) {
      left[p] = right[x];
      if (right[x] !== 0) parent[right[x]] = p;
      right[x] = p;
    } else {
      right[p] = left[x];
      if (left[x] !== 0) parent[left[x]] = p;
      left[x] = p;
    }
    parent[p] = x;
    parent[x] = g;
    if (g !== 0) {
      if (left[g] === p) left[g] = x;
      else right[g] = x;
    }
    this.#update(p);
    this.#update(x);
  }

  #splay(x: number): void {
    const [left, parent] = [this.#left, this.#parent];
    while (parent[x] !== 0) {
      const p = parent[x];
      const g = parent[p];
      if (g !== 0) this.#rotate((left[g] === p) === (left[p] === x) ? p : x);
      this.#rotate(x);
    }
  }
}
