import type { Tolerance } from '@espalier/core';

/** The comparison of one output of a golden file: a number, a list of numbers, or exact text. */
export interface OutputComparison {
  /** Names from the root, joined by dots; indices of lists are summed up in one row. */
  readonly output: string;
  /** Numbers or texts that were compared. */
  readonly count: number;
  /** The largest |actual - expected| where the tolerance was used up most; infinite for what is not a number. */
  readonly error: number;
  /** absolute + relative |expected| at that place. */
  readonly allowed: number;
  /** That place, indices included: `plan.3.17`. */
  readonly at: string;
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
  /** 0 for an empty list: it agrees, and there is nothing in it. */
  readonly count: 0 | 1;
  readonly problem?: string;
}

/**
 * Compares what a runner returned with the file, at the places that were returned. `undefined` (and `null` where the file has
 * something else) is skipped. Numbers by tolerance, everything else exactly; another length, type or name is a mismatch.
 * NaN equals NaN alone, infinity infinity alone.
 */
export function compareOutputs(
  expected: unknown,
  actual: unknown,
  toleranceAt: (path: Path) => Tolerance,
): readonly OutputComparison[] {
  const rows = new Map<string, { worst: Leaf; count: number; ok: boolean }>();
  for (const leaf of leaves(expected, actual, [], toleranceAt)) {
    const output = leaf.path.filter((part) => typeof part === 'string').join('.') || '(all)';
    const row = rows.get(output);
    const ok = leaf.problem === undefined;
    if (!row) rows.set(output, { worst: leaf, count: leaf.count, ok });
    else {
      row.count += leaf.count;
      row.ok &&= ok;
      if (used(leaf) > used(row.worst)) row.worst = leaf;
    }
  }
  return [...rows].map(([output, { worst, count, ok }]) => {
    const at = worst.path.join('.');
    const { error, allowed, problem } = worst;
    return { output, count, error, allowed, at, ok, ...(problem && { problem: `${at}: ${problem}` }) };
  });
}

/** How much of the tolerance a leaf uses up: above 1 it is a mismatch. */
function used({ error, allowed, problem }: Leaf): number {
  if (problem === undefined) return allowed === 0 ? 0 : error / allowed;
  return 1 + error / Math.max(allowed, Number.MIN_VALUE);
}

function* leaves(
  expected: unknown,
  actual: unknown,
  path: Path,
  toleranceAt: (path: Path) => Tolerance,
): Generator<Leaf> {
  if (actual === undefined || (actual === null && expected !== null)) return;
  if (typeof actual === 'number' && typeof expected === 'number') {
    yield numberLeaf(expected, actual, path, toleranceAt(path));
  } else if (isList(actual) && isList(expected)) {
    if (actual.length !== expected.length)
      yield mismatch(path, `${actual.length} elements instead of ${expected.length}`);
    else if (actual.length === 0) yield { path, error: 0, allowed: 0, count: 0 };
    else
      for (let i = 0; i < actual.length; i++)
        yield* leaves(expected[i], actual[i], [...path, i], toleranceAt);
  } else if (isObject(actual) && isObject(expected)) {
    for (const [key, value] of Object.entries(actual)) {
      if (value !== undefined && !Object.hasOwn(expected, key))
        yield mismatch([...path, key], 'the file has no such output');
      else yield* leaves(expected[key], value, [...path, key], toleranceAt);
    }
  } else if (actual === expected) yield { path, error: 0, allowed: 0, count: 1 };
  else yield mismatch(path, `${show(actual)} instead of ${show(expected)}`);
}

function numberLeaf(expected: number, actual: number, path: Path, { absolute, relative }: Tolerance): Leaf {
  if (!(absolute >= 0 && absolute < Number.POSITIVE_INFINITY && relative >= 0 && relative < 1)) {
    return mismatch(
      path,
      `the tolerance is absolute ${absolute}, relative ${relative}: it must be finite, the relative one below 1`,
    );
  }
  if (Object.is(actual, expected) || actual === expected) {
    const allowed = Number.isFinite(expected) ? absolute + relative * Math.abs(expected) : 0;
    return { path, error: 0, allowed, count: 1 };
  }
  if (!Number.isFinite(actual) || !Number.isFinite(expected))
    return mismatch(path, `${actual} instead of ${expected}`);
  const allowed = absolute + relative * Math.abs(expected);
  const error = Math.abs(actual - expected);
  if (error <= allowed) return { path, error, allowed, count: 1 };
  return { path, error, allowed, count: 1, problem: `${actual} instead of ${expected}` };
}

function mismatch(path: Path, problem: string): Leaf {
  return { path, error: Number.POSITIVE_INFINITY, allowed: 0, count: 1, problem };
}

function show(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !isList(value);
}
