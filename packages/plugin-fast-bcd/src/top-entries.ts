/**
 * The places of the `count` largest scores, ascending. Equal scores: the lower index first. O(n) on average; NaN is not allowed.
 */
export function topEntries(scores: Float64Array, count: number): Int32Array {
  const n = scores.length;
  if (count >= n) return Int32Array.from({ length: n }, (_, i) => i);
  const threshold = nthLargest(scores.slice(), count);
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
