import { createRandom, isEspalierError, type StoredWeight } from '@espalier/core';
import { cpuRuntime } from '@espalier/runtime-cpu';
import {
  abs,
  dispose,
  grad,
  matMul,
  max,
  memory,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tensor2d,
  tensor3d,
  tidy,
  variable,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  bitmapWeight,
  denseWeight,
  integerWeight,
  nOfMWeight,
  packCodes,
  restoreWeight,
  storedScale,
  unpackCodes,
} from '../src/weights/index.js';

beforeAll(() => cpuRuntime.activate());

const denseOf = async (weight: { toDense(): { data(): Promise<unknown>; dispose(): void } }) => {
  const dense = weight.toDense();
  const values = [...((await dense.data()) as Float32Array)];
  dense.dispose();
  return values;
};

/** The largest difference, of the largest number. */
const relativeDifference = (a: Tensor, b: Tensor): number =>
  tidy(() => max(abs(sub(a, b))).dataSync()[0] / max(abs(b)).dataSync()[0]);

/** An integer weight from a seed. */
function randomIntegers(seed: number, shape: readonly [number, number], bits: number, groups?: 'listed') {
  const random = createRandom(seed);
  const below = (count: number, limit: number) =>
    Uint16Array.from({ length: count }, () => random.integer(limit));
  const groupSize = shape[1] / 2;
  return integerWeight({
    shape,
    bits,
    groupSize,
    codes: below(shape[0] * shape[1], 2 ** bits),
    scales: Float64Array.from({ length: 2 * shape[0] }, () => random.uniform() + 0.1),
    zeros: Int32Array.from(below(2 * shape[0], 2 ** bits), (zero) => (groups ? zero - 9 : zero)),
    ...(groups && { groupOfInput: below(shape[1], 2) }),
  });
}

describe('codes', () => {
  test('come back from their packing', () => {
    const cases = fc.integer({ min: 1, max: 16 }).chain((width) =>
      fc.record({
        width: fc.constant(width),
        codes: fc.array(fc.nat(2 ** width - 1), { minLength: 1, maxLength: 40 }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ width, codes }) => {
        const packed = packCodes(codes, width);
        expect(packed.length).toBe(Math.ceil((codes.length * width) / 8));
        expect([...unpackCodes(packed, width, codes.length)]).toEqual(codes);
      }),
    );
  });

  test('fill bytes from the lowest bit', () => {
    expect([...packCodes([1, 2, 3, 0], 2)]).toEqual([0b00_11_10_01]);
    expect([...packCodes([5, 6, 7], 3)]).toEqual([0b11_110_101, 0b1]);
  });
});

describe('stored forms', () => {
  const matrix = Float32Array.of(0, 1.5, 0, -2, 3, 0, 0, 0, 0, 0, 0, 0, 1, 0, 4, 0);
  const shape = [2, 8] as const;

  test('2:4 holds half of the values and a bit for each element', async () => {
    const weight = nOfMWeight(matrix, shape, { n: 2, m: 4 });
    expect(weight.bytes).toBe(8 * 4 + 2);
    expect(await denseOf(weight)).toEqual([...matrix]);
  });

  test('a bitmap holds what is not zero', async () => {
    const weight = bitmapWeight(matrix, shape);
    expect(weight.bytes).toBe(5 * 4 + 2);
    expect(await denseOf(weight)).toEqual([...matrix]);
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('an element of %d is refused', (value) => {
    const bad = matrix.slice();
    bad[9] = value;
    const refused = `row 1, input 1 is ${value}`;
    expect(() => nOfMWeight(bad, shape, { n: 2, m: 4 })).toThrow(refused);
    expect(() => bitmapWeight(bad, shape)).toThrow(refused);
  });

  test('integers stand for scale times code minus zero', async () => {
    const weight = integerWeight({
      shape: [1, 4],
      bits: 2,
      groupSize: 2,
      codes: Uint16Array.of(0, 3, 1, 2),
      scales: [0.5, 2],
      zeros: Int32Array.of(1, 0),
    });
    expect(await denseOf(weight)).toEqual([-0.5, 1, 2, 4]);
    // Four codes in a byte, two scales in float16, two zeros in a byte.
    expect(weight.bytes).toBe(1 + 4 + 1);
  });

  test('integers take groups that are not of neighbours, and zeros outside the codes', async () => {
    const weight = integerWeight({
      shape: [1, 4],
      bits: 2,
      groupSize: 2,
      codes: Uint16Array.of(0, 3, 1, 2),
      scales: [1, 10],
      zeros: Int32Array.of(-7, 0),
      groupOfInput: Uint16Array.of(0, 1, 1, 0),
    });
    expect(await denseOf(weight)).toEqual([7, 30, 10, 9]);
  });

  test.each([
    ['dense', () => denseWeight(tensor2d([1, 2, 3, 4], [2, 2]))],
    ['2:4', () => nOfMWeight(matrix, shape, { n: 2, m: 4 })],
    ['bitmap', () => bitmapWeight(matrix, shape)],
    [
      'integer',
      () =>
        integerWeight({
          shape: [1, 2],
          bits: 3,
          groupSize: 2,
          codes: Uint16Array.of(7, 1),
          scales: [1e-9],
          zeros: Int32Array.of(3),
        }),
    ],
  ])('%s comes back from what is stored', async (_name, make) => {
    const weight = make();
    const stored = JSON.parse(
      JSON.stringify(await weight.store!(), (_, value) => (ArrayBuffer.isView(value) ? undefined : value)),
    );
    expect(stored.format).toBe(weight.format);
    const again = restoreWeight(await weight.store!());
    expect(await denseOf(again)).toEqual(await denseOf(weight));
    expect(again.bytes).toBe(weight.bytes);
    weight.dispose();
    again.dispose();
  });

  test.each([
    ['2:4', () => nOfMWeight(matrix, shape, { n: 2, m: 4 })],
    ['bitmap', () => bitmapWeight(matrix, shape)],
    ['integer', () => randomIntegers(5, [6, 12], 3)],
    ['integer, wide zeros and listed groups', () => randomIntegers(6, [6, 12], 3, 'listed')],
  ])(
    '%s multiplies as its dense matrix does, is still what it was, and leaves nothing behind',
    async (_, make) => {
      const before = memory().numTensors;
      const weight = make();
      const stored = await weight.store!();
      const [outputs, inputs] = weight.shape;
      for (const rows of [1, 3, 9]) {
        const x = tensor2d(
          Float32Array.from({ length: rows * inputs }, (_, i) => Math.sin(i + 1)),
          [rows, inputs],
        );
        const dense = weight.toDense();
        const expected = matMul(x, dense, false, true);
        const product = weight.matmul(x);
        expect(product.shape).toEqual([rows, outputs]);
        expect(relativeDifference(product, expected)).toBeLessThan(1e-6);
        const slope = (by: (x: Tensor) => Tensor) => grad((x: Tensor) => sum(square(by(x))))(x);
        const byWeight = slope((x) => weight.matmul(x));
        const byDense = slope((x) => matMul(x as Tensor2D, dense, false, true));
        expect(relativeDifference(byWeight, byDense)).toBeLessThan(1e-6);
        dispose([x, dense, expected, product, byWeight, byDense]);
      }
      weight.dispose();
      expect(memory().numTensors).toBe(before);
      expect(stored).toEqual(await make().store!());
    },
  );

  test('what was multiplied is stored as it was made', async () => {
    const weights = [
      () => nOfMWeight(matrix, shape, { n: 2, m: 4 }),
      () => randomIntegers(5, [6, 12], 3),
      () => randomIntegers(6, [6, 12], 3, 'listed'),
    ];
    for (const make of weights) {
      const weight = make();
      const before = memory().numTensors;
      const x = tensor2d(new Float32Array(2 * weight.shape[1]), [2, weight.shape[1]]);
      weight.matmul(x).dispose();
      x.dispose();
      expect(await weight.store!()).toEqual(await make().store!());
      expect(await denseOf(weight)).toEqual(await denseOf(make()));
      weight.dispose();
      expect(memory().numTensors).toBe(before);
    }
  });

  test('rows keep their leading axes', () => {
    const weight = nOfMWeight(matrix, shape, { n: 2, m: 4 });
    const x = tensor3d(new Float32Array(48).fill(1), [2, 3, 8]);
    const product = weight.matmul(x);
    expect(product.shape).toEqual([2, 3, 2]);
    expect([...product.dataSync()].slice(0, 2)).toEqual([2.5, 5]);
    dispose([x, product]);
    weight.dispose();
  });

  test('a variable can be trained under the name weight', () => {
    const initial = tensor2d([1, 2], [1, 2]);
    const weight = denseWeight(variable(initial));
    initial.dispose();
    expect(Object.keys(weight.parameters!())).toEqual(['weight']);
    weight.dispose();
  });
});

describe('what does not fit is refused', () => {
  const refuses = (work: () => unknown, code: 'invalid-problem' | 'invalid-data', message: RegExp) => {
    let thrown: unknown;
    try {
      work();
    } catch (error) {
      thrown = error;
    }
    expect(isEspalierError(thrown, code)).toBe(true);
    expect((thrown as Error).message).toMatch(message);
  };

  test('three of four', () => {
    refuses(
      () => nOfMWeight(Float32Array.of(1, 1, 1, 0), [1, 4], { n: 2, m: 4 }),
      'invalid-problem',
      /3 elements are not zero/,
    );
  });
  test('groups that do not divide', () => {
    refuses(
      () => nOfMWeight(new Float32Array(6), [1, 6], { n: 2, m: 4 }),
      'invalid-problem',
      /4 divides; given 6/,
    );
  });
  test('a format that is not known', () => {
    refuses(
      () => restoreWeight({ format: 'codebook', shape: [1, 1], arrays: {}, attributes: {} }),
      'invalid-data',
      /'codebook'/,
    );
  });
  test('arrays that do not fit', async () => {
    const stored = await bitmapWeight(Float32Array.of(1, 0, 2, 0), [1, 4]).store!();
    const { values } = stored.arrays as { values: StoredWeight['arrays'][string] };
    const broken = {
      ...stored,
      arrays: { ...stored.arrays, values: { ...values, data: Float32Array.of(1) } },
    };
    refuses(() => restoreWeight(broken), 'invalid-data', /2 bits set; there are 1 values/);
  });
});

test('scales are rounded to float16 where that keeps their digits', () => {
  expect(storedScale(0.1)).toBeCloseTo(0.1, 4);
  expect(storedScale(0.1)).not.toBe(Math.fround(0.1));
  expect(storedScale(1e-7)).toBe(Math.fround(1e-7));
  expect(storedScale(1e9)).toBe(1e9);
});
