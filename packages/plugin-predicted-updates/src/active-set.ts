/** The present elements, with O(1) changes and a list to go through. */
export class ActiveSet {
  #has = new Uint8Array(64);
  #at = new Int32Array(64);
  readonly #list: number[] = [];

  get size(): number {
    return this.#list.length;
  }

  has(element: number): boolean {
    return this.#has[element] === 1;
  }

  add(element: number): void {
    if (element >= this.#has.length) this.#grow(element);
    if (this.#has[element] === 1) return;
    this.#has[element] = 1;
    this.#at[element] = this.#list.length;
    this.#list.push(element);
  }

  delete(element: number): void {
    if (!this.has(element)) return;
    this.#has[element] = 0;
    const last = this.#list.pop()!;
    if (last === element) return;
    const place = this.#at[element];
    this.#list[place] = last;
    this.#at[last] = place;
  }

  clear(): void {
    for (const element of this.#list) this.#has[element] = 0;
    this.#list.length = 0;
  }

  /** In no particular order; not to be changed. */
  elements(): readonly number[] {
    return this.#list;
  }

  #grow(element: number): void {
    const [has, at] = [this.#has, this.#at];
    const size = Math.max(element + 1, 2 * has.length);
    this.#has = new Uint8Array(size);
    this.#at = new Int32Array(size);
    this.#has.set(has);
    this.#at.set(at);
  }
}
