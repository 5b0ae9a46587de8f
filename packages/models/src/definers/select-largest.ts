/** Up to here a score is compared with every other of its stretch; above, they are sorted. */
const FEW = 16;

/**
 * Makes a function that gives the indices of the `count` largest of the `size` scores from `start` on, ascending. What it gives is
 * overwritten by its next call: one stretch after the other needs no memory of its own.
 *
 * NaN counts as the smallest of all.
 * @param ties which of equal scores are taken
 */
export function largestOf(
  size: number,
  count: number,
  ties: 'lower index' | 'higher index',
): (scores: ArrayLike<number>, start: number) => Uint32Array {
  const chosen = new Uint32Array(count);
  if (count === 0) return () => chosen;
  const lower = ties === 'lower index';
  if (size <= FEW) return (scores, start) => byComparing(scores, start, size, lower, chosen);
  const sorted = new Float64Array(size);
  return (scores, start) => bySorting(scores, start, sorted, lower, chosen);
}

function byComparing(
  scores: ArrayLike<number>,
  start: number,
  size: number,
  lower: boolean,
  chosen: Uint32Array,
): Uint32Array {
  const end = start + size;
  for (let i = start, at = 0; i < end; i++) {
    const score = ranked(scores[i]);
    let ahead = 0;
    for (let j = start; j < end; j++) {
      const other = ranked(scores[j]);
      if (other > score || (other === score && (lower ? j < i : j > i))) ahead++;
    }
    if (ahead < chosen.length) chosen[at++] = i;
  }
  return chosen;
}

function bySorting(
  scores: ArrayLike<number>,
  start: number,
  sorted: Float64Array,
  lower: boolean,
  chosen: Uint32Array,
): Uint32Array {
  const size = sorted.length;
  for (let i = 0; i < size; i++) sorted[i] = ranked(scores[start + i]);
  // Without a comparator a typed array is sorted natively.
  sorted.sort();
  const first = size - chosen.length;
  const least = sorted[first];
  // Of those that equal the least one, some are taken and some are not.
  let [taken, skipped] = [0, 0];
  for (let k = first; k < size && sorted[k] === least; k++) taken++;
  if (!lower) for (let k = first - 1; k >= 0 && sorted[k] === least; k--) skipped++;
  for (let i = start, at = 0; at < chosen.length; i++) {
    const score = ranked(scores[i]);
    if (score > least) chosen[at++] = i;
    else if (score === least && skipped-- <= 0 && taken-- > 0) chosen[at++] = i;
  }
  return chosen;
}

function ranked(score: number): number {
  return Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score;
}
