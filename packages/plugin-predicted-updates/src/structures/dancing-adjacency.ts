/**
 * Adjacency lists whose changes are undone in reverse order: doubly linked lists of half-edges 2e (at u) and 2e + 1 (at v). A half-edge that
 * is unhooked keeps its neighbours in the list, so that putting it back is O(1) (Knuth's dancing links).
 */
export class DancingAdjacency {
  /** The first half-edge at each vertex, -1: none. Following ones by `next`. */
  readonly first: Int32Array;
  next = new Int32Array(32);
  #previous = new Int32Array(32);

  constructor(vertices: number) {
    this.first = new Int32Array(vertices).fill(-1);
  }

  /** Hooks a half-edge in at the front. The reverse of it is `unhook`. */
  hook(half: number, vertex: number): void {
    if (half >= this.next.length) this.#grow(half);
    const old = this.first[vertex];
    this.next[half] = old;
    this.#previous[half] = -1;
    if (old >= 0) this.#previous[old] = half;
    this.first[vertex] = half;
  }

  unhook(half: number, vertex: number): void {
    const [before, after] = [this.#previous[half], this.next[half]];
    if (before >= 0) this.next[before] = after;
    else this.first[vertex] = after;
    if (after >= 0) this.#previous[after] = before;
  }

  /** Puts a half-edge back where it was; everything that changed since then is undone already. */
  rehook(half: number, vertex: number): void {
    const [before, after] = [this.#previous[half], this.next[half]];
    if (before >= 0) this.next[before] = half;
    else this.first[vertex] = half;
    if (after >= 0) this.#previous[after] = half;
  }

  #grow(half: number): void {
    const [next, previous] = [this.next, this.#previous];
    const size = Math.max(half + 2, 2 * next.length);
    this.next = new Int32Array(size);
    this.#previous = new Int32Array(size);
    this.next.set(next);
    this.#previous.set(previous);
  }
}
