import { describe, expect, it } from 'vitest';
import { firstDifference, snapshot } from '../src/index.js';

const cyclic = (value: number) => {
  const list: unknown[] = [value];
  list.push(list);
  return list;
};

describe('firstDifference', () => {
  it.each<[string, unknown, unknown]>([
    ['numbers', 1, 1],
    ['NaN', Number.NaN, Number.NaN],
    ['typed arrays', new Float64Array([1, -0]), new Float64Array([1, -0])],
    ['views at different places', new Float64Array([9, 1]).subarray(1), new Float64Array([1])],
    ['nested parts', { a: [1, { b: 'x' }] }, { a: [1, { b: 'x' }] }],
    ['maps and sets', new Map([['a', new Set([1])]]), new Map([['a', new Set([1])]])],
    ['dates', new Date(5), new Date(5)],
    ['cycles', cyclic(1), cyclic(1)],
    ['what is undefined and what is missing', { a: undefined }, {}],
  ])('finds none between equal %s', (_what, a, b) => expect(firstDifference(a, b)).toBeUndefined());

  it.each<[string, unknown, unknown, string]>([
    ['the sign of zero', { x: 0 }, { x: -0 }, 'x: 0 and -0'],
    ['one bit', new Float64Array([1, 0]), new Float64Array([1, -0]), '[1]: 0 and -0'],
    ['a byte', { x: Uint8Array.of(1, 2) }, { x: Uint8Array.of(1, 3) }, 'x: byte 1'],
    ['a buffer', new ArrayBuffer(2), new ArrayBuffer(3), '2 and 3 bytes'],
    ['a length', [1], [1, 2], '1 and 2 elements'],
    ['the length of a typed array', new Float32Array(1), new Float32Array(2), '4 and 8 bytes'],
    ['a type of the same bytes', new Float32Array(1), new Int32Array(1), 'Float32Array and Int32Array'],
    ['a list for a typed array', [0], new Float64Array(1), 'Array and Float64Array'],
    ['a depth', { a: { b: 1 } }, { a: { b: 2 } }, 'a.b: 1 and 2'],
    ['null', { a: null }, { a: {} }, 'a: null'],
    ['an entry of a map', new Map([['a', 1]]), new Map([['a', 2]]), 'a: 1 and 2'],
    ['an element of a set', new Set([1]), new Set([2]), '0: 1 and 2'],
    ['a date', new Date(5), new Date(6), '5 and 6'],
    ['a cycle', cyclic(1), cyclic(2), '0: 1 and 2'],
    ['text', { a: 'x' }, { a: 'y' }, '"x" and "y"'],
  ])('sees %s', (_what, a, b, where) => expect(firstDifference(a, b)).toContain(where));
});

describe('snapshot', () => {
  const shared = new Float64Array(new SharedArrayBuffer(16));
  it.each<[string, () => unknown, (value: never) => void]>([
    ['a list', () => [1, [2]], (list: number[][]) => list[1]!.push(3)],
    [
      'an object',
      () => ({ a: { b: 1 } }),
      (object: { a: { b: number } }) => Object.assign(object.a, { b: 2 }),
    ],
    ['a typed array', () => new Float64Array(2), (array: Float64Array) => array.fill(1)],
    ['a view on shared memory', () => shared, (array: Float64Array) => array.fill(1)],
    ['a buffer of Node', () => Buffer.from('ab'), (buffer: Buffer) => buffer.fill(1)],
    ['a DataView', () => new DataView(new ArrayBuffer(4), 1), (view: DataView) => view.setInt8(0, 1)],
    ['an ArrayBuffer', () => new ArrayBuffer(2), (buffer: ArrayBuffer) => new Uint8Array(buffer).fill(1)],
    ['a map', () => new Map([['a', [1]]]), (map: Map<string, number[]>) => map.get('a')!.push(2)],
    ['a set', () => new Set([1]), (set: Set<number>) => set.add(2)],
    ['a cycle', () => cyclic(1), (list: number[]) => list.push(2)],
  ])('of %s stays as it was', (_what, make, change) => {
    const value = make();
    const copy = snapshot(value);
    expect(firstDifference(copy, value)).toBeUndefined();
    change(value as never);
    expect(firstDifference(copy, value)).toBeDefined();
  });

  it('keeps functions and numbers', () => {
    const f = () => 1;
    expect(snapshot({ f, n: 1 })).toEqual({ f, n: 1 });
  });
});
