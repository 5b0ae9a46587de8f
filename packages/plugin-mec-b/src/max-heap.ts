/** Indices in a binary heap by falling key; of equal keys the lowest index stands first. Keys live outside and may only fall. */
export class MaxHeap {
  private readonly items: Int32Array;
  private size = 0;

  /** Holds every index whose key is positive. O(n). */
  constructor(private readonly keys: Float64Array) {
    this.items = new Int32Array(keys.length);
    for (let i = 0; i < keys.length; i++) if (keys[i]! > 0) this.items[this.size++] = i;
    for (let at = (this.size >> 1) - 1; at >= 0; at--) this.siftDown(at);
  }

  get length(): number {
    return this.size;
  }

  /** The index with the largest key; the heap must not be empty. */
  top(): number {
    return this.items[0]!;
  }

  /** Call it when the key of the top has fallen: it sinks to its place, or leaves at 0. */
  lowered(): void {
    if (this.keys[this.items[0]!]! <= 0) {
      this.items[0] = this.items[--this.size]!;
      if (this.size === 0) return;
    }
    this.siftDown(0);
  }

  private siftDown(start: number): void {
    const { items, keys, size } = this;
    const item = items[start]!;
    const key = keys[item]!;
    let at = start;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      let [index, childKey] = [items[child]!, keys[items[child]!]!];
      if (child + 1 < size) {
        const other = items[child + 1]!;
        const otherKey = keys[other]!;
        if (otherKey > childKey || (otherKey === childKey && other < index)) {
          child++;
          index = other;
          childKey = otherKey;
        }
      }
      if (childKey < key || (childKey === key && index > item)) break;
      items[at] = index;
      at = child;
    }
    items[at] = item;
  }
}
