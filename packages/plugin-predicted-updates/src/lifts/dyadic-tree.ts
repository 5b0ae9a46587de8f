/**
 * The dyadic tree over positions 0..size-1, size a power of two: node 1 is the root, node i has the children 2i and 2i + 1, and the leaf
 * of position p is size + p. Slot t stands at position t + shift; intervals are given in slots and clipped to [0, horizon).
 */
export class DyadicTree {
  readonly horizon: number;
  readonly shift: number;
  readonly size: number;

  constructor(horizon: number, shift: number) {
    this.horizon = horizon;
    this.shift = shift;
    this.size = 2 ** Math.ceil(Math.log2(Math.max(1, horizon + shift)));
  }

  /** The nodes from the root to the leaf of a slot. */
  path(slot: number): number[] {
    const nodes: number[] = [];
    for (let node = this.size + slot + this.shift; node > 0; node = Math.floor(node / 2)) nodes.push(node);
    return nodes.reverse();
  }

  /** Slots of a node, [from, to), empty where to <= from. */
  slots(node: number): readonly [from: number, to: number] {
    const depth = Math.floor(Math.log2(node));
    const width = this.size / 2 ** depth;
    const low = (node - 2 ** depth) * width - this.shift;
    return [Math.max(0, low), Math.min(this.horizon, low + width)];
  }

  /** The largest nodes whose slots all lie in [from, to), in order of time; 0 <= from < to <= horizon. */
  cover(from: number, to: number): number[] {
    // What is cut off by an end of the horizon counts as covered with it.
    let left = this.size + (from === 0 ? 0 : from + this.shift);
    let right = this.size + (to === this.horizon ? this.size : to + this.shift);
    const ascending: number[] = [];
    const descending: number[] = [];
    while (left < right) {
      if (left % 2 === 1) ascending.push(left++);
      if (right % 2 === 1) descending.push(--right);
      left /= 2;
      right /= 2;
    }
    return [...ascending, ...descending.reverse()].filter((node) => {
      const [first, end] = this.slots(node);
      return first < end;
    });
  }
}
