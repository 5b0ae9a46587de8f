import { InvalidProblemError } from '@espalier/core';

/** Finitely many points of R^d. */
export interface CandidateSet {
  /** Row-major, candidates x dimension; finite. */
  readonly points: Float64Array;
  /** d >= 1. */
  readonly dimension: number;
}

/**
 * The number of candidates.
 * @throws InvalidProblemError for an empty set, a wrong length, or coordinates that are not finite
 */
export function checkCandidates(candidates: CandidateSet | undefined): number {
  const { points, dimension } = candidates ?? {};
  if (!(points instanceof Float64Array) || !Number.isSafeInteger(dimension) || dimension! < 1) {
    throw new InvalidProblemError(
      'candidates is { points: Float64Array, dimension: integer >= 1 }, one point after the other.',
      { remedy: 'Use candidatesFrom(rows) or searchSpace(parameters).' },
    );
  }
  if (points.length === 0 || points.length % dimension! !== 0) {
    throw new InvalidProblemError(
      `candidates.points holds ${points.length} numbers; a positive multiple of the dimension ${dimension} is needed.`,
    );
  }
  const bad = points.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const [i, k] = [Math.floor(bad / dimension!), bad % dimension!];
    throw new InvalidProblemError(
      `Coordinate ${k} of candidate ${i} is ${points[bad]}; all must be finite numbers.`,
    );
  }
  return points.length / dimension!;
}

/** A candidate set from a list of points of one length. @throws InvalidProblemError where they do not fit */
export function candidatesFrom(rows: readonly ArrayLike<number>[]): CandidateSet {
  const dimension = rows[0]?.length ?? 0;
  const odd = rows.findIndex((row) => row.length !== dimension);
  if (odd >= 0) {
    throw new InvalidProblemError(
      `Candidate ${odd} has ${rows[odd].length} coordinates; candidate 0 has ${dimension}.`,
    );
  }
  const points = new Float64Array(rows.length * dimension);
  rows.forEach((row, i) => {
    points.set(row, i * dimension);
  });
  const set = { points, dimension };
  checkCandidates(set);
  return set;
}

/**
 * For each candidate the lowest index of an equal point: the kernel cannot tell equal points apart, so they count as one.
 */
export function representatives({ points, dimension }: CandidateSet): Int32Array {
  const first = new Map<string, number>();
  const result = new Int32Array(points.length / dimension);
  for (let i = 0; i < result.length; i++) {
    let key = '';
    // `+ 0` makes 0 of -0, which is the same coordinate.
    for (let k = 0; k < dimension; k++) key += `${points[i * dimension + k] + 0},`;
    const known = first.get(key);
    if (known === undefined) first.set(key, i);
    result[i] = known ?? i;
  }
  return result;
}
