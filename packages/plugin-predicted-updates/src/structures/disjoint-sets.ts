/** Union-find over 0..size-1 with path halving, for work within one node; `reset` makes all singletons again. */
export class DisjointSets {
  #parent = new Int32Array(16);

  reset(size: number): void {
    if (this.#parent.length < size) this.#parent = new Int32Array(2 * size);
    for (let x = 0; x < size; x++) this.#parent[x] = x;
  }

  find(x: number): number {
    const parent = this.#parent;
    let at = x;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]];
      at = parent[at];
    }
    return at;
  }

  /** Whether the two were apart. */
  union(a: number, b: number): boolean {
    const [x, y] = [this.find(a), this.find(b)];
    if (x === y) return false;
    // The smaller index becomes the root: no sizes to keep, and with halving the depth stays logarithmic in amortisation.
    if (x < y) this.#parent[y] = x;
    else this.#parent[x] = y;
    return true;
  }
}
