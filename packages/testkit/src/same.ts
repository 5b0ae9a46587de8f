/**
 * Whether two values are the same in every bit: numbers by `Object.is`, typed arrays of one type element by element, maps, sets,
 * lists and objects by their parts. Functions are the same when they are identical.
 * @returns undefined when they are, else where they differ
 */
export function firstDifference(a: unknown, b: unknown): string | undefined {
  return differenceAt(a, b, '', new Map());
}

/** `seen`: pairs that are being compared already, so that cycles end. */
function differenceAt(a: unknown, b: unknown, path: string, seen: Map<object, unknown>): string | undefined {
  if (Object.is(a, b)) return undefined;
  const here = path || 'the value';
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) {
    return `${here}: ${show(a)} and ${show(b)}`;
  }
  if (seen.get(a) === b) return undefined;
  seen.set(a, b);
  const [sort, otherSort] = [sortOf(a), sortOf(b)];
  if (sort !== otherSort) return `${here}: ${sort} and ${otherSort}`;
  if (ArrayBuffer.isView(a) || a instanceof ArrayBuffer) return bytesDifference(a, b as typeof a, here);
  if (a instanceof Date) return differenceAt(a.getTime(), (b as Date).getTime(), path, seen);
  const [parts, otherParts] = [partsOf(a), partsOf(b)];
  if (Array.isArray(a) && a.length !== (b as unknown[]).length) {
    return `${here}: ${a.length} and ${(b as unknown[]).length} elements`;
  }
  for (const key of new Set([...parts.keys(), ...otherParts.keys()])) {
    const place = path ? `${path}.${String(key)}` : String(key);
    const difference = differenceAt(parts.get(key), otherParts.get(key), place, seen);
    if (difference) return difference;
  }
  return undefined;
}

/** `[object Float64Array]` without the frame: independent of the realm that an object comes from. */
function sortOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** A set has its elements, in the order in which they were added, at the places 0, 1, ... */
function partsOf(value: object): Map<unknown, unknown> {
  if (value instanceof Map) return value;
  return new Map<unknown, unknown>(Object.entries(value instanceof Set ? [...value] : value));
}

function bytesDifference<T extends ArrayBufferView | ArrayBuffer>(
  a: T,
  b: T,
  here: string,
): string | undefined {
  const [x, y] = [bytesOf(a), bytesOf(b)];
  if (x.length !== y.length) return `${here}: ${x.length} and ${y.length} bytes`;
  const at = x.findIndex((byte, i) => byte !== y[i]);
  if (at < 0) return undefined;
  const size = 'BYTES_PER_ELEMENT' in a ? Number(a.BYTES_PER_ELEMENT) : 1;
  const index = Math.floor(at / size);
  const element = (view: T): unknown => (view as unknown as Record<number, unknown>)[index];
  return size === 1
    ? `${here}: byte ${at} differs`
    : `${here}[${index}]: ${show(element(a))} and ${show(element(b))}`;
}

function bytesOf(value: ArrayBufferView | ArrayBuffer): Uint8Array {
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value);
}

function show(value: unknown): string {
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return sortOf(value);
  return typeof value === 'string' ? JSON.stringify(value).slice(0, 60) : String(value);
}
