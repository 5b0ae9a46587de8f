/** Up to this share of the scores, a heap of the largest is faster than a selection. */
const HEAP_SHARE = 1 / 16;

/**
 * The places of the `count` largest scores, ascending. Equal scores: the lower index first. O(n) on average; NaN is not allowed.
 */
export function topEntries(scores: Float64Array, count: number): Int32Array {
  const n = scores.length;
  if (count >= n) return Int32Array.from({ length: n }, (_, i) => i);
  const threshold =
    count <= HEAP_SHARE * n ? smallestOfLargest(scores, count) : nthLargest(scores.slice(), count);
  const top = new Int32Array(count);
  let above = 0;
  for (let i = 0; i < n; i++) if (scores[i] > threshold) above++;
  let ties = count - above;
  let k = 0;
  for (let i = 0; i < n && k < count; i++) {
    if (scores[i] > threshold || (scores[i] === threshold && ties-- > 0)) top[k++] = i;
  }
  return top;
}

/** The indices in descending order of score; equal scores: the lower index first. */
export function descending(scores: Float64Array): Int32Array {
  return Int32Array.from({ length: scores.length }, (_, i) => i).sort(
    (a, b) => scores[b] - scores[a] || a - b,
  );
}

/** The place of the largest score, the first one among equals. */
export function largestEntry(scores: Float64Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i] > scores[best]) best = i;
  return best;
}

/** The count-th largest score: the root of a heap that holds the largest so far, smallest on top. Most scores meet the root alone. */
function smallestOfLargest(scores: Float64Array, count: number): number {
  const heap = scores.slice(0, count).sort();
  for (let k = count; k < scores.length; k++) {
    const score = scores[k];
    if (score <= heap[0]) continue;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= count) break;
      if (child + 1 < count && heap[child + 1] < heap[child]) child++;
      if (heap[child] >= score) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = score;
  }
  return heap[0];
}

/** The count-th largest of `values` (1 <= count <= length), which are reordered: Hoare's selection. */
function nthLargest(values: Float64Array, count: number): number {
  let [from, to] = [0, values.length - 1];
  const wanted = count - 1;
  while (from < to) {
    const pivot = values[(from + to) >> 1];
    let [i, j] = [from, to];
    while (i <= j) {
      while (values[i] > pivot) i++;
      while (values[j] < pivot) j--;
      if (i > j) break;
      const kept = values[i];
      values[i++] = values[j];
      values[j--] = kept;
    }
    if (wanted <= j) to = j;
    else if (wanted >= i) from = i;
    else return values[wanted];
  }
  return values[wanted];
}
