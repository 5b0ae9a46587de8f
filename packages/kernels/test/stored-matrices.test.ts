import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import * as kernels from '../src/index.js';

beforeAll(() => tf.setBackend('cpu'));

const numbers = (tensor: tf.Tensor): number[] => [...tensor.dataSync()];

// Two tiles of [1, 2] side by side: 3 (C_0[1] + C_1[0]) and 3 (C_0[0] + C_1[0]).
const shape = { outputs: 1, inputs: 4, outGroup: 1, inGroup: 2, codebooks: 2, codeBits: 1 };
const matrix = () => ({
  codes: kernels.codeTensor(shape, [1, 0, 0, 0]),
  codebooks: tf.tensor4d([9, 8, 1, 2, 10, 20, 7, 7], [2, 2, 1, 2]),
  scales: tf.tensor1d([3]),
});

describe('by hand', () => {
  test('codebookMatMul: a tile is its scale times the sum of its vectors', () => {
    expect(numbers(kernels.codebookMatrix(matrix(), shape))).toEqual([33, 66, 57, 84]);
    const x = tf.tensor2d([[1, 0, 0, 1]]);
    expect(numbers(kernels.codebookMatMul(x, matrix(), shape))).toEqual([117]);
  });

  test('codebookMatMul reads float16 codebooks and scales', () => {
    const halves = (values: number[]) =>
      kernels.halfTensor(kernels.float16FromFloat32(Float32Array.from(values)));
    const { codes, codebooks } = matrix();
    const stored = { codes, codebooks: halves(numbers(codebooks)), scales: halves([3]) };
    expect(numbers(kernels.codebookMatrix(stored, shape))).toEqual([33, 66, 57, 84]);
  });

  test('codes come back from their tensor', () => {
    const wide = { ...shape, outputs: 2, outGroup: 1, codeBits: 9 };
    const codes = Uint16Array.of(1, 300, 511, 0, 5, 6, 7, 256);
    expect(kernels.codesOfTensor(wide, kernels.codeTensor(wide, codes).dataSync())).toEqual(codes);
  });

  test('bitmapAttention: equal scores average stored and dense values, of what a query may see', () => {
    const d = 8;
    const stored = (target: 'key' | 'value', element: (row: number, output: number) => number) =>
      kernels.bitmapTensors([kernels.packTiles(kernels.cacheTiles(target, 64, d, 'padded'), element)]);
    const cache = {
      keys: stored('key', () => 0),
      values: stored('value', (token, channel) => (channel === 1 ? token : 0)),
      packing: 'padded' as const,
      tokens: 64,
      newKeys: tf.zeros([1, 2, d]),
      newValues: tf.stack([tf.fill([1, d], 65), tf.fill([1, d], 131)], 1),
    };
    const output = numbers(kernels.bitmapAttention(tf.ones([1, 2, d]), cache, { queries: 2 }));
    const stays = (64 * 63) / 2;
    // The first query sees 65 tokens, the second all 66.
    expect(output[0]).toBeCloseTo(65 / 65, 5);
    expect(output[1]).toBeCloseTo((stays + 65) / 65, 4);
    expect(output[d]).toBeCloseTo((65 + 131) / 66, 5);
    expect(output[d + 1]).toBeCloseTo((stays + 65 + 131) / 66, 4);
    const call =
      (change: object, options = {}) =>
      () =>
        kernels.bitmapAttention(tf.ones([1, 2, d]), { ...cache, ...change }, options);
    expect(call({ tokens: 63 })).toThrow(RangeError);
    expect(call({ tokens: 128 })).toThrow(RangeError);
    expect(call({ newKeys: tf.zeros([1, 2, d], 'int32') })).toThrow(TypeError);
    expect(call({ newValues: tf.zeros([1, 1, d]) })).toThrow(RangeError);
    expect(call({}, { queries: 3 })).toThrow(RangeError);
    expect(call({}, { scale: 0 })).toThrow(RangeError);
  });

  test('nOfMMatMul: bits say where values stand, the lowest first', () => {
    const two = kernels.nOfMTensors(Float32Array.of(1.5, -2, 3, 4), Uint8Array.of(0b0011_1010));
    const product = kernels.nOfMMatMul(tf.tensor2d([[1, 2, 3, 4, 5, 6, 7, 8]]), two, {
      outputs: 1,
      inputs: 8,
      n: 2,
      m: 4,
    });
    expect(numbers(product)).toEqual([1.5 * 2 - 2 * 4 + 3 * 5 + 4 * 6]);
  });

  test('integerMatMul: scale times code minus zero', () => {
    const integers = { outputs: 1, inputs: 4, bits: 2, groupSize: 2 };
    const arrays = {
      codes: kernels.packCodes([0, 3, 1, 2], 2),
      scales: Float32Array.of(0.5, 2),
      zeros: Int32Array.of(1, -3),
    };
    const attributes = kernels.integerAttributes(integers, arrays);
    const tensors = kernels.integerTensors(arrays);
    expect(numbers(kernels.integerMatMul(tf.eye(4), tensors, attributes))).toEqual([-0.5, 1, 8, 10]);
    const data = Object.fromEntries(Object.entries(tensors).map(([name, each]) => [name, each.dataSync()]));
    expect(kernels.integerArrays(attributes, data as never)).toEqual({ ...arrays, groupOfInput: undefined });
  });

  test('nearestCodeword: the lowest of equal ones, and how much nearer it is', () => {
    const points = tf.tensor2d([
      [1, 0],
      [0, 3],
    ]);
    const codewords = tf.tensor2d([
      [0, 0],
      [2, 0],
      [0, 2],
    ]);
    const { index, gap } = kernels.nearestCodeword(points, codewords);
    // |c|^2 - 2 p c: 0, 0, 4 and 0, 4, -8.
    expect(numbers(index)).toEqual([0, 2]);
    expect(numbers(gap)).toEqual([0, 8]);
    expect(numbers(kernels.nearestCodeword(points, tf.zeros([1, 2])).gap)).toEqual([Infinity, Infinity]);
  });
});

describe('bad input is refused with a sentence', () => {
  const integers = { outputs: 1, inputs: 4, bits: 2, groupSize: 2 };
  const arrays = { codes: Uint8Array.of(1), scales: Float32Array.of(1, 1), zeros: Uint8Array.of(0) };
  test.each<[string, () => unknown, RegExp]>([
    ['a code beyond its bits', () => kernels.codeTensor(shape, [1, 2, 0, 0]), /code 1 is 2; .*0 to 1/],
    ['too few codes', () => kernels.codeTensor(shape, [1]), /there are 1 codes; it must be 4/],
    [
      'rows of another length',
      () => kernels.codebookMatMul(tf.ones([1, 3]), matrix(), shape),
      /x has shape \[1, 3\]; it must be \[any, 4\]/,
    ],
    [
      'a group that does not divide',
      () => kernels.codebookMatMul(tf.ones([1, 4]), matrix(), { ...shape, inGroup: 3 }),
      /inGroup is 3; it must be a divisor of 4/,
    ],
    [
      'bits beyond 16',
      () => kernels.codebookMatMul(tf.ones([1, 4]), matrix(), { ...shape, codeBits: 17 }),
      /codeBits is 17/,
    ],
    [
      'codebooks of another shape',
      () => kernels.codebookMatMul(tf.ones([1, 4]), { ...matrix(), codebooks: tf.ones([2, 2, 1, 1]) }, shape),
      /codebooks has shape/,
    ],
    [
      'a tile that is too large',
      () => kernels.codebookMatMul(tf.ones([1, 8192]), matrix(), { ...shape, inputs: 8192, inGroup: 8192 }),
      /8192; it must be 4096 at most/,
    ],
    [
      'a pattern that keeps everything',
      () =>
        kernels.nOfMMatMul(tf.ones([1, 4]), kernels.nOfMTensors(new Float32Array(4), new Uint8Array(1)), {
          outputs: 1,
          inputs: 4,
          n: 4,
          m: 4,
        }),
      /n is 4/,
    ],
    [
      'values that are too few',
      () =>
        kernels.nOfMMatMul(tf.ones([1, 4]), kernels.nOfMTensors(new Float32Array(1), new Uint8Array(1)), {
          outputs: 1,
          inputs: 4,
          n: 2,
          m: 4,
        }),
      /values has shape/,
    ],
    [
      'integer rows',
      () =>
        kernels.integerMatMul(
          tf.ones([1, 4], 'int32'),
          kernels.integerTensors(arrays),
          kernels.integerAttributes(integers, arrays),
        ),
      /x is int32; it must be float32/,
    ],
    [
      'scales that are too few',
      () => {
        const few = { ...arrays, scales: Float32Array.of(1) };
        const attributes = kernels.integerAttributes(integers, few);
        return kernels.integerMatMul(tf.ones([1, 4]), kernels.integerTensors(few), attributes);
      },
      /scales has shape/,
    ],
    ['no codeword', () => kernels.nearestCodeword(tf.ones([2, 3]), tf.zeros([0, 3])), /codewords is 0/],
    [
      'codewords of another size',
      () => kernels.nearestCodeword(tf.ones([2, 3]), tf.ones([2, 2])),
      /codewords has shape \[2, 2\]; it must be \[any, 3\]/,
    ],
  ])('%s', (_name, call, sentence) => {
    expect(call).toThrow(sentence);
  });
});
