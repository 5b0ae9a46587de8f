import { describe, expect, test } from 'vitest';
import {
  choleskyInPlace,
  createWorkspace,
  exp,
  gemv,
  identity,
  loadSimd,
  logSumExpRows,
} from '../src/index.js';
import { randomMatrix } from './random.js';

describe('a workspace', () => {
  test('this engine has SIMD, and loadSimd says so', async () => {
    expect(['relaxed', 'simd']).toContain(await loadSimd());
    expect(createWorkspace(64).level).toBe(await loadSimd());
  });

  test('hands out zeroed, aligned, disjoint arrays and takes them back', () => {
    const workspace = createWorkspace(4096);
    const a = workspace.allocate(3).fill(1);
    const mark = workspace.mark();
    const b = workspace.allocate(5).fill(2);
    const c = workspace.allocateInt32(7).fill(3);
    expect([a, b, c].map((v) => v.byteOffset % 64)).toEqual([0, 0, 0]);
    expect([...a, ...b, ...c]).toEqual([1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3]);
    workspace.release(mark);
    const again = workspace.allocate(5);
    expect(again.byteOffset).toBe(b.byteOffset);
    expect([...again]).toEqual([0, 0, 0, 0, 0]);
    expect([...a]).toEqual([1, 1, 1]);
  });

  test('memory that an operand from elsewhere passed through is zero again when it is handed out', () => {
    const workspace = createWorkspace(1 << 16);
    const a = workspace.placeMatrix(randomMatrix(1, 40, 40));
    gemv(a, new Float64Array(40).fill(7));
    expect(workspace.allocate(500).every((v) => v === 0)).toBe(true);
    expect(workspace.allocateInt32(500).every((v) => v === 0)).toBe(true);
  });

  test('full: says what was wanted and what is left, and stays usable', () => {
    const workspace = createWorkspace(1024);
    expect(workspace.capacity).toBe(1024);
    workspace.allocate(100);
    expect(() => workspace.allocate(100)).toThrow('800 bytes wanted, 192 of 1024 left');
    expect(workspace.allocate(24)).toHaveLength(24);
    expect(workspace.used).toBe(1024);
    expect(() => workspace.allocateInt32(1)).toThrow(RangeError);
  });

  test('full of user data, it still computes with small operands from elsewhere', () => {
    const workspace = createWorkspace(8 * 64);
    const a = workspace.placeMatrix(identity(8));
    expect([...gemv(a, new Float64Array(8).fill(3))]).toEqual([3, 3, 3, 3, 3, 3, 3, 3]);
    choleskyInPlace(a);
    expect([...a.data]).toEqual([...identity(8).data]);
    expect(workspace.used).toBe(workspace.capacity);
  });

  test('an operand from elsewhere that has no room: RangeError, and nothing leaks', () => {
    const workspace = createWorkspace(64);
    const x = workspace.allocate(8);
    const before = workspace.mark();
    const a = { rows: 1, cols: 1_000_000, data: new Float64Array(1_000_000) };
    const narrow = { rows: 8, cols: 1, data: x };
    expect(() => gemv(narrow, new Float64Array(1))).not.toThrow();
    expect(() => logSumExpRows({ rows: 8, cols: 1, data: x }, new Float64Array(8))).not.toThrow();
    expect(exp(a.data)).toHaveLength(1_000_000);
    expect(workspace.mark()).toBe(before);
  });

  test('views stay valid while other workspaces come and go', () => {
    const workspace = createWorkspace(1 << 16);
    const a = workspace.placeMatrix(randomMatrix(1, 20, 20));
    const copy = new Float64Array(a.data);
    for (let i = 0; i < 20; i++)
      createWorkspace(1 << 20)
        .allocate(1000)
        .fill(i);
    expect(new Float64Array(a.data)).toEqual(copy);
  });

  test('wrong requests are refused', () => {
    const workspace = createWorkspace(128);
    expect(() => createWorkspace(-1)).toThrow('bytes must be a whole number');
    expect(() => createWorkspace(5e9)).toThrow('at most 4000000000 bytes');
    expect(() => workspace.allocate(1.5)).toThrow('length must be a whole number');
    expect(() => workspace.release(workspace.mark() + 1)).toThrow('release takes what mark() gave before');
    expect(() => workspace.release(0)).toThrow(RangeError);
  });
});
