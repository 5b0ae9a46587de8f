import type { GoldenFile, Json } from '@espalier/core';

/** A tolerance that a file states by name. */
export function statedTolerance(file: GoldenFile, name: string, otherwise: number): number {
  const stated = (file.tolerance as Readonly<Record<string, unknown>> | undefined)?.[name];
  return typeof stated === 'number' ? stated : otherwise;
}

/** The Euclidean norm of the innermost list of numbers that holds the value at `path`; of the value itself outside of lists. */
export function normAt(file: GoldenFile, path: readonly (string | number)[]): number {
  const walk = (length: number) =>
    path
      .slice(0, length)
      .reduce<unknown>((value, key) => (value as Record<string | number, unknown>)?.[key], file);
  const list = walk(typeof path.at(-1) === 'number' ? path.length - 1 : path.length) as Json;
  return Math.hypot(
    ...(Array.isArray(list) ? (list as number[]).filter((x) => typeof x === 'number') : [list as number]),
  );
}
