/** A binary heap of integers by a number each; the same integer may be in it several times. */
export class MinHeap {
  readonly #keys: number[] = [];
  readonly #items: number[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** The smallest key; the heap is not empty. */
  get least(): number {
    return this.#keys[0];
  }

  clear(): void {
    this.#keys.length = 0;
    this.#items.length = 0;
  }

  push(key: number, item: number): void {
    const [keys, items] = [this.#keys, this.#items];
    let at = items.length;
    keys.push(key);
    items.push(item);
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (keys[up] <= key) break;
      keys[at] = keys[up];
      items[at] = items[up];
      at = up;
    }
    keys[at] = key;
    items[at] = item;
  }

  /** Takes out the item with the smallest key; the heap is not empty. */
  pop(): number {
    const [keys, items] = [this.#keys, this.#items];
    const result = items[0];
    const key = keys.pop()!;
    const item = items.pop()!;
    const count = items.length;
    if (count === 0) return result;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= count) break;
      if (down + 1 < count && keys[down + 1] < keys[down]) down++;
      if (keys[down] >= key) break;
      keys[at] = keys[down];
      items[at] = items[down];
      at = down;
    }
    keys[at] = key;
    items[at] = item;
    return result;
  }
}
