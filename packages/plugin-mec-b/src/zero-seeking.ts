import { CellList, type Cells } from './cells.js';
import { type ValueRun, ValueRuns } from './value-runs.js';

/** A pair of neighbouring runs, one of each side, as it was when it was noted. */
interface Candidate {
  readonly difference: number;
  readonly x: number;
  readonly y: number;
  readonly rows: ValueRun;
  readonly columns: ValueRun;
}

/**
 * Greedy coupling that seeks zeros: of the remaining masses the pair with the smallest |p_x - q_y| shares a cell, as much as both
 * have, so that what is left over is small. Ties: lowest x, then lowest y. The paper names the method without stating its rule; this is
 * our reading of it, and it is a little better than max-seeking, as reported there.
 *
 * The closest pair are neighbours among all masses of both sides in one order. Pairs of neighbours stand in a heap; those that are
 * out of date are dropped when they come to its top. O((n + m) log(n + m)) steps.
 * @param p, q distributions with one total, zeros allowed
 */
export function coupleZeroSeeking(p: Float64Array, q: Float64Array): Cells {
  const order = new ValueRuns();
  const heap: Candidate[] = [];
  const left = [0, 0];
  /** Notes the pairs that a run makes with its neighbours. */
  const note = (run: ValueRun): void => {
    for (const other of order.neighbours(run.value, run.side)) notePair(heap, run, other);
  };
  const put = (value: number, side: 0 | 1, index: number): ValueRun => {
    left[side]!++;
    return order.insert(value, side, index);
  };
  const take = (run: ValueRun): void => {
    left[run.side]!--;
    if (order.removeLowest(run)) notePair(heap, ...order.neighbours(run.value, run.side));
    else note(run);
  };
  for (let x = 0; x < p.length; x++) if (p[x]! > 0) put(p[x]!, 0, x);
  for (let y = 0; y < q.length; y++) if (q[y]! > 0) put(q[y]!, 1, y);
  for (const run of order.runs()) if (run.side === 0) note(run);

  const cells = new CellList(left[0]! + left[1]!);
  while (left[0]! > 0 && left[1]! > 0) {
    const { rows, columns, x, y } = popCandidate(heap);
    // Whatever changes a run or its neighbours notes the pair again: what is out of date is dropped.
    if (rows.indices[0] !== x || columns.indices[0] !== y) continue;
    const [a, b] = [rows.value, columns.value];
    cells.add(x, y, Math.min(a, b));
    take(rows);
    take(columns);
    if (a !== b) note(a > b ? put(a - b, 0, x) : put(b - a, 1, y));
  }
  for (const run of order.runs()) {
    for (const index of run.indices) cells.addLeftover(run.side === 0 ? 'row' : 'column', index, run.value);
  }
  return cells.finish();
}

/** Puts a pair of runs into the heap where they are of different sides. */
function notePair(heap: Candidate[], one: ValueRun | undefined, other: ValueRun | undefined): void {
  if (!one || !other || one.side === other.side) return;
  const [rows, columns] = one.side === 0 ? [one, other] : [other, one];
  const item: Candidate = {
    difference: Math.abs(rows.value - columns.value),
    x: rows.indices[0]!,
    y: columns.indices[0]!,
    rows,
    columns,
  };
  let at = heap.length;
  heap.push(item);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(item, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = item;
}

function popCandidate(heap: Candidate[]): Candidate {
  const top = heap[0]!;
  const item = heap.pop()!;
  const size = heap.length;
  if (size === 0) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, item)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = item;
  return top;
}

function isBefore(a: Candidate, b: Candidate): boolean {
  return a.difference - b.difference < 0 || (a.difference === b.difference && (a.x - b.x || a.y - b.y) < 0);
}
