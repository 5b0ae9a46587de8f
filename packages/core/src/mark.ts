/**
 * Recognises the values of this package across copies of it.
 *
 * Two copies of core in one dependency tree are normal with npm, so nothing is recognised by `instanceof`:
 * every value carries its sort under a symbol of the global registry, which all copies share.
 */
const MARK = Symbol.for('espalier.sort');

/** The sorts of value that core gives a mark. */
export type Sort = 'error' | 'algorithm' | 'plugin' | 'family' | 'scenario' | 'claim' | 'runtime';

/** Returns `value` with a non-enumerable mark of `sort`. */
export function mark<T extends object>(sort: Sort, value: T): T {
  Object.defineProperty(value, MARK, { value: sort });
  return value;
}

/** Whether any copy of core marked `value` as `sort`. */
export function isMarked(sort: Sort, value: unknown): boolean {
  return typeof value === 'object' && value !== null && (value as { [MARK]?: unknown })[MARK] === sort;
}
