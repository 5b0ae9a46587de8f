/** Importance of the elements of a matrix, row-major, without NaN. */
export interface ScoredMatrix {
  readonly scores: ArrayLike<number>;
  /** Length of a row. */
  readonly inputs: number;
}

/**
 * 1 for each of the `count` largest elements of all matrices together, 0 for the others. Of equal ones the lower column stays, then the
 * earlier matrix, then the lower row: where many are equal, no row and no matrix is emptied for the sake of another.
 * @param count at most as many as there are elements
 */
export function largestByColumn(matrices: readonly ScoredMatrix[], count: number): readonly Uint8Array[] {
  if (count === 0) return matrices.map(({ scores }) => new Uint8Array(scores.length));
  const { least, taken, all } = leastOf(matrices, count);
  const masks = matrices.map(({ scores }) => {
    const mask = new Uint8Array(scores.length);
    for (let i = 0; i < mask.length; i++) if (all ? scores[i] >= least : scores[i] > least) mask[i] = 1;
    return mask;
  });
  if (!all) addEqual(matrices, masks, least, taken);
  return masks;
}

/** For a `count` of at least 1: the least score that stays, how many that equal it stay, and whether that is all of them. */
function leastOf(
  matrices: readonly ScoredMatrix[],
  count: number,
): { readonly least: number; readonly taken: number; readonly all: boolean } {
  const sorted = new Float64Array(matrices.reduce((size, { scores }) => size + scores.length, 0));
  let at = 0;
  for (const { scores } of matrices) {
    sorted.set(scores, at);
    at += scores.length;
  }
  // Without a comparator a typed array is sorted natively.
  sorted.sort();
  const first = sorted.length - count;
  const least = sorted[first];
  let taken = 0;
  while (sorted[first + taken] === least) taken++;
  return { least, taken, all: first === 0 || sorted[first - 1] !== least };
}

/** Marks `taken` of the scores that equal `least`, column by column. */
function addEqual(
  matrices: readonly ScoredMatrix[],
  masks: readonly Uint8Array[],
  least: number,
  taken: number,
): void {
  let left = taken;
  for (let column = 0; left > 0; column++) {
    for (let m = 0; m < matrices.length; m++) {
      const { scores, inputs } = matrices[m];
      if (column >= inputs) continue;
      for (let i = column; i < scores.length && left > 0; i += inputs) {
        if (scores[i] !== least) continue;
        masks[m][i] = 1;
        left--;
      }
    }
  }
}
