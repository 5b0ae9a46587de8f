/**
 * Merges adjacent pieces of a sequence, the best pair first, until no pair can be merged: the core of byte-pair encoding.
 * `find(left, right)` gives the merged piece and its score, or undefined; equal scores: leftmost first. n log n in the length.
 * @returns the pieces that are left
 */
export function mergePairs(
  pieces: Int32Array,
  find: (left: number, right: number) => { readonly piece: number; readonly score: number } | undefined,
): Int32Array {
  const count = pieces.length;
  const piece = Int32Array.from(pieces);
  // A doubly linked list over positions; a position lives until the piece is merged into the one on its left.
  const next = Int32Array.from({ length: count }, (_, i) => (i + 1 < count ? i + 1 : -1));
  const previous = Int32Array.from({ length: count }, (_, i) => i - 1);
  const alive = new Uint8Array(count).fill(1);
  const heap: Candidate[] = [];
  const offer = (position: number) => {
    if (position < 0 || next[position]! < 0) return;
    const left = piece[position]!;
    const right = piece[next[position]!]!;
    const merged = find(left, right);
    if (merged) push(heap, { position, left, right, piece: merged.piece, score: merged.score });
  };
  for (let i = 0; i < count; i++) offer(i);
  for (let best = pop(heap); best; best = pop(heap)) {
    const { position, left, right } = best;
    const second = next[position]!;
    // The pair may have changed since it was offered.
    if (!alive[position] || second < 0 || piece[position] !== left || piece[second] !== right) continue;
    piece[position] = best.piece;
    alive[second] = 0;
    next[position] = next[second]!;
    if (next[position]! >= 0) previous[next[position]!] = position;
    offer(previous[position]!);
    offer(position);
  }
  return piece.filter((_, i) => alive[i] === 1);
}

interface Candidate {
  readonly position: number;
  readonly left: number;
  readonly right: number;
  readonly piece: number;
  readonly score: number;
}

const isBefore = (a: Candidate, b: Candidate) =>
  a.score > b.score || (a.score === b.score && a.position < b.position);

/** Adds to a binary heap whose first element comes before all others. */
function push(heap: Candidate[], item: Candidate): void {
  let i = heap.push(item) - 1;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (!isBefore(item, heap[parent]!)) break;
    heap[i] = heap[parent]!;
    i = parent;
  }
  heap[i] = item;
}

function pop(heap: Candidate[]): Candidate | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (heap.length === 0 || !last) return first;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, last)) break;
    heap[i] = heap[child]!;
    i = child;
  }
  heap[i] = last;
  return first;
}
