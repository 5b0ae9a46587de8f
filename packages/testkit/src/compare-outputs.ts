import type { Tolerance } from '@espalier/core';

/** The comparison of one output of a golden file: a number, a list of numbers, or exact text. */
export interface OutputComparison {
  /** Names from the root, joined by dots; indices of lists are summed up in one row. */
  readonly output: string;
  /** Numbers or texts that were compared. */
  readonly count: number;
  /** The largest |actual - expected| where the tolerance was used up most. */
  readonly error: number;
  /** absolute + relative |expected| at that place. */
  readonly allowed: number;
  readonly ok: boolean;
  /** Where and what, when it is not ok. */
  readonly problem?: string;
}

type Path = readonly (string | number)[];

/** One leaf that was compared. */
interface Leaf {
  readonly path: Path;
  readonly error: number;
  readonly allowed: number;
  readonly problem?: string;
}

/**
 * Compares what a runner returned with the file, at the places that were returned. `undefined` (and `null` where the file has
 * something else) is skipped. Numbers by tolerance, everything else exactly; another length, type or name is a mismatch.
 */
export function compareOutputs(
  expected: unknown,
  actual: unknown,
  toleranceAt: (path: Path) => Tolerance,
): readonly OutputComparison[] {
  const rows = new Map<string, Leaf[]>();
  for (const leaf of leaves(expected, actual, [], toleranceAt)) {
    const output = leaf.path.filter((part) => typeof part === 'string').join('.') || '(all)';
    rows.set(output, [...(rows.get(output) ?? []), leaf]);
  }
  return [...rows].map(([output, group]) => {
    const worst = group.reduce((a, b) => (used(b) > used(a) ? b : a));
    const problem = worst.problem && `${worst.path.join('.')}: ${worst.problem}`;
    return {
      output,
      count: group.length,
      error: worst.error,
      allowed: worst.allowed,
      ok: group.every((leaf) => leaf.problem === undefined),
      ...(problem && { problem }),
    };
  });
}

/** How much of the tolerance a leaf uses up: above 1 it is a mismatch. */
function used({ error, allowed, problem }: Leaf): number {
  if (problem !== undefined)
    return error > allowed ? 1 + error / Math.max(allowed, Number.MIN_VALUE) : Number.POSITIVE_INFINITY;
  return allowed === 0 ? 0 : error / allowed;
}

function* leaves(
  expected: unknown,
  actual: unknown,
  path: Path,
  toleranceAt: (path: Path) => Tolerance,
): Generator<Leaf> {
  if (actual === undefined || (actual === null && expected !== null)) return;
  const mismatch = (problem: string): Leaf => ({
    path,
    error: Number.POSITIVE_INFINITY,
    allowed: 0,
    problem,
  });
  if (typeof actual === 'number' && typeof expected === 'number') {
    const { absolute, relative } = toleranceAt(path);
    const allowed = absolute + relative * Math.abs(expected);
    const error = Object.is(actual, expected) || actual === expected ? 0 : Math.abs(actual - expected);
    // The comparison is written so that NaN is a mismatch.
    if (error <= allowed) yield { path, error, allowed };
    else
      yield {
        path,
        error: Number.isNaN(error) ? Number.POSITIVE_INFINITY : error,
        allowed,
        problem: `${actual} instead of ${expected}`,
      };
  } else if (isList(actual) && isList(expected)) {
    if (actual.length !== expected.length)
      yield mismatch(`${actual.length} elements instead of ${expected.length}`);
    else
      for (let i = 0; i < actual.length; i++)
        yield* leaves(expected[i], actual[i], [...path, i], toleranceAt);
  } else if (isObject(actual) && isObject(expected)) {
    for (const [key, value] of Object.entries(actual)) {
      if (value !== undefined && !Object.hasOwn(expected, key))
        yield { ...mismatch('the file has no such output'), path: [...path, key] };
      else yield* leaves(expected[key], value, [...path, key], toleranceAt);
    }
  } else if (actual === expected) yield { path, error: 0, allowed: 0 };
  else yield mismatch(`${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !isList(value);
}
