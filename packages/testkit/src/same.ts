/**
 * Whether two values are the same in every bit: numbers by `Object.is`, typed arrays element by element, objects and lists by
 * their parts. Functions are the same when they are identical.
 * @returns undefined when they are, else where they differ
 */
export function firstDifference(a: unknown, b: unknown, path = ''): string | undefined {
  if (Object.is(a, b)) return undefined;
  const here = path || 'the value';
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return `${here}: ${show(a)} and ${show(b)}`;
  }
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return viewDifference(a, b, here);
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const key of keys) {
    const difference = firstDifference(
      (a as Record<string, unknown>)[key],
      (b as Record<string, unknown>)[key],
      path ? `${path}.${key}` : key,
    );
    if (difference) return difference;
  }
  return undefined;
}

function viewDifference(a: ArrayBufferView, b: ArrayBufferView, here: string): string | undefined {
  const x = new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
  const y = new Uint8Array(b.buffer, b.byteOffset, b.byteLength);
  if (x.length !== y.length) return `${here}: ${x.length} and ${y.length} bytes`;
  const at = x.findIndex((byte, i) => byte !== y[i]);
  return at < 0 ? undefined : `${here}: byte ${at} differs`;
}

function show(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'undefined')
    return String(value);
  if (typeof value === 'function') return 'a function';
  return (JSON.stringify(value) ?? String(value)).slice(0, 60);
}
