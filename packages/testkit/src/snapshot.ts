/**
 * A copy that no later change to `value` reaches: lists, plain objects, maps, sets and typed arrays, cycles included.
 * Functions stay what they are; of an instance of a class its own properties are copied.
 */
export function snapshot<T>(value: T): T {
  return copyOf(value, new Map()) as T;
}

function copyOf(value: unknown, copies: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  if (value instanceof DataView) return new DataView(bytesOf(value).buffer);
  // Of a view on a larger or a shared buffer only what it shows is copied. (A Buffer's own `slice` would not copy.)
  if (ArrayBuffer.isView(value)) return Uint8Array.prototype.slice.call(value);
  if (value instanceof ArrayBuffer || value instanceof Date) return structuredClone(value);
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    copies.set(value, copy);
    for (const [key, part] of value) copy.set(key, copyOf(part, copies));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    copies.set(value, copy);
    for (const part of value) copy.add(copyOf(part, copies));
    return copy;
  }
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? new Array(value.length) : {};
  copies.set(value, copy);
  for (const [key, part] of Object.entries(value)) Reflect.set(copy, key, copyOf(part, copies));
  return copy;
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array<ArrayBuffer> {
  return new Uint8Array(buffer, byteOffset, byteLength).slice();
}
