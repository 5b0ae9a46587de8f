/**
 * Link-cut trees (Sleator and Tarjan 1983) over splay trees: a forest of nodes 0..count-1 with the heaviest node of a path. O(log n)
 * amortised an operation. Nodes are compared by `heavier`; those that never are the heaviest are given rank -1.
 */
export class LinkCutForest {
  /** Rotations so far. */
  work = 0;
  #left = new Int32Array(0);
  #right = new Int32Array(0);
  #parent = new Int32Array(0);
  #flip = new Uint8Array(0);
  /** The heaviest node of the splay subtree. */
  #heaviest = new Int32Array(0);
  readonly #heavier: (a: number, b: number) => boolean;

  /** @param heavier whether node a is heavier than node b, a strict total order */
  constructor(heavier: (a: number, b: number) => boolean) {
    this.#heavier = heavier;
  }

  /** Makes room for nodes 0..count-1; new ones are trees of their own. */
  reserve(count: number): void {
    const old = this.#left.length;
    if (count <= old) return;
    const size = Math.max(count, 2 * old);
    const grow = (from: Int32Array) => {
      const to = new Int32Array(size).fill(-1);
      to.set(from);
      return to;
    };
    [this.#left, this.#right, this.#parent] = [grow(this.#left), grow(this.#right), grow(this.#parent)];
    this.#heaviest = grow(this.#heaviest);
    for (let x = old; x < size; x++) this.#heaviest[x] = x;
    const flip = new Uint8Array(size);
    flip.set(this.#flip);
    this.#flip = flip;
  }

  connected(a: number, b: number): boolean {
    if (a === b) return true;
    this.#access(a);
    this.#access(b);
    return this.#parent[a] >= 0;
  }

  /** Joins two trees by an edge between a and b. */
  link(a: number, b: number): void {
    this.#makeRoot(a);
    this.#parent[a] = b;
  }

  /** Takes away the edge between a and b. */
  cut(a: number, b: number): void {
    this.#makeRoot(a);
    this.#access(b);
    this.#parent[this.#left[b]] = -1;
    this.#left[b] = -1;
    this.#update(b);
  }

  /** The heaviest node on the path between two nodes of one tree. */
  heaviestOnPath(a: number, b: number): number {
    this.#makeRoot(a);
    this.#access(b);
    return this.#heaviest[b];
  }

  #makeRoot(x: number): void {
    this.#access(x);
    this.#flip[x] ^= 1;
  }

  /** Makes the path from the root to x one splay tree, with x at its root. */
  #access(x: number): void {
    let below = -1;
    for (let at = x; at >= 0; at = this.#parent[at]) {
      this.#splay(at);
      this.#right[at] = below;
      this.#update(at);
      below = at;
    }
    this.#splay(x);
  }

  #isSplayRoot(x: number): boolean {
    const p = this.#parent[x];
    return p < 0 || (this.#left[p] !== x && this.#right[p] !== x);
  }

  #push(x: number): void {
    if (this.#flip[x] === 0) return;
    this.#flip[x] = 0;
    const [l, r] = [this.#left[x], this.#right[x]];
    this.#left[x] = r;
    this.#right[x] = l;
    if (l >= 0) this.#flip[l] ^= 1;
    if (r >= 0) this.#flip[r] ^= 1;
  }

  #update(x: number): void {
    let best = x;
    for (const child of [this.#left[x], this.#right[x]])
      if (child >= 0 && this.#heavier(this.#heaviest[child], best)) best = this.#heaviest[child];
    this.#heaviest[x] = best;
  }

  #rotate(x: number): void {
    this.work++;
    const [left, right, parent] = [this.#left, this.#right, this.#parent];
    const p = parent[x];
    const g = parent[p];
    const pIsRoot = this.#isSplayRoot(p);
    if (left[p] === x) {
      left[p] = right[x];
      if (right[x] >= 0) parent[right[x]] = p;
      right[x] = p;
    } else {
      right[p] = left[x];
      if (left[x] >= 0) parent[left[x]] = p;
      left[x] = p;
    }
    parent[p] = x;
    parent[x] = g;
    if (!pIsRoot) {
      if (left[g] === p) left[g] = x;
      else right[g] = x;
    }
    this.#update(p);
    this.#update(x);
  }

  #splay(x: number): void {
    const above: number[] = [x];
    for (let at = x; !this.#isSplayRoot(at); at = this.#parent[at]) above.push(this.#parent[at]);
    for (let i = above.length - 1; i >= 0; i--) this.#push(above[i]);
    while (!this.#isSplayRoot(x)) {
      const p = this.#parent[x];
      if (!this.#isSplayRoot(p)) {
        const sameSide = (this.#left[this.#parent[p]] === p) === (this.#left[p] === x);
        this.#rotate(sameSide ? p : x);
      }
      this.#rotate(x);
    }
  }
}
