/** All masses of one side that are equal, by the indices that have them. */
export interface ValueRun {
  readonly value: number;
  readonly side: 0 | 1;
  /** A binary heap: the lowest index first. */
  readonly indices: number[];
}

/** Runs in a block; twice as many split it. */
const BLOCK = 128;

/**
 * Masses of two sides in one rising order, equal ones of a side as one run, side 0 before side 1. A list of short sorted blocks:
 * insertion and removal take O(log n + block), neighbours O(1).
 */
export class ValueRuns {
  private readonly blocks: ValueRun[][] = [];

  /** @returns the run that holds the mass now */
  insert(value: number, side: 0 | 1, index: number): ValueRun {
    const [b, k] = this.locate(value, side);
    const block = this.blocks[b];
    const found = block?.[k];
    if (found && found.value === value && found.side === side) {
      heapPush(found.indices, index);
      return found;
    }
    const run: ValueRun = { value, side, indices: [index] };
    if (!block) this.blocks.push([run]);
    else {
      block.splice(k, 0, run);
      if (block.length > 2 * BLOCK) this.blocks.splice(b + 1, 0, block.splice(BLOCK));
    }
    return run;
  }

  /** Takes the lowest index out of a run, and the run out of the order when it was the last. @returns whether the run is gone */
  removeLowest(run: ValueRun): boolean {
    heapPop(run.indices);
    if (run.indices.length > 0) return false;
    const [b, k] = this.locate(run.value, run.side);
    const block = this.blocks[b]!;
    block.splice(k, 1);
    if (block.length === 0) this.blocks.splice(b, 1);
    return true;
  }

  /** The runs before and after a place in the order, the run at that place left out. */
  neighbours(
    value: number,
    side: 0 | 1,
  ): readonly [before: ValueRun | undefined, after: ValueRun | undefined] {
    const [b, k] = this.locate(value, side);
    const block = this.blocks[b];
    const at = block?.[k];
    const before = k > 0 ? block?.[k - 1] : this.blocks[b - 1]?.at(-1);
    if (!at || at.value !== value || at.side !== side) return [before, at];
    return [before, k + 1 < block!.length ? block![k + 1] : this.blocks[b + 1]?.[0]];
  }

  /** All runs in rising order. */
  *runs(): Generator<ValueRun> {
    for (const block of this.blocks) yield* block;
  }

  /** Block and position of the first run that is not before (value, side); the end of the last block where all are. */
  private locate(value: number, side: 0 | 1): [block: number, position: number] {
    const { blocks } = this;
    if (blocks.length === 0) return [0, 0];
    const isBefore = (run: ValueRun) => run.value < value || (run.value === value && run.side < side);
    let [low, high] = [0, blocks.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(blocks[middle]!.at(-1)!)) low = middle + 1;
      else high = middle;
    }
    const block = blocks[low]!;
    let [from, to] = [0, block.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (isBefore(block[middle]!)) from = middle + 1;
      else to = middle;
    }
    return [low, from];
  }
}

function heapPush(heap: number[], item: number): void {
  let at = heap.length;
  heap.push(item);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap[parent]! <= item) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = item;
}

function heapPop(heap: number[]): void {
  const item = heap.pop()!;
  const size = heap.length;
  if (size === 0) return;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && heap[child + 1]! < heap[child]!) child++;
    if (heap[child]! >= item) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = item;
}
