import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { blockDiagonalMatMul, blockDiagonalMatMulOp } from '../src/index.js';

beforeAll(() => tf.setBackend('cpu'));

// Two blocks of 1 x 2: x [a, b] times them is [a, 2 a, 3 b, 4 b].
const blocks = () => tf.tensor3d([1, 2, 3, 4], [2, 1, 2]);

test('by hand: each block meets its own columns of x', () => {
  const product = blockDiagonalMatMul(tf.tensor2d([[10, 100]]), blocks());
  expect(product.shape).toEqual([1, 4]);
  expect([...product.dataSync()]).toEqual([10, 20, 300, 400]);
  const back = blockDiagonalMatMul(tf.tensor2d([[1, 10, 100, 1000]]), blocks(), { transposed: true });
  expect([...back.dataSync()]).toEqual([21, 4300]);
});

test('its gradients by hand: dy times the transpose, and x^T dy of each block', () => {
  const saved = [tf.tensor2d([[10, 100]]), blocks()];
  const gradients = blockDiagonalMatMulOp.gradient!.backward([tf.tensor2d([[1, 1, 1, 1]])], saved, {
    transposed: false,
  });
  expect([...gradients.x!().dataSync()]).toEqual([3, 7]);
  expect([...gradients.blocks!().dataSync()]).toEqual([10, 10, 100, 100]);
});

test.each<[string, () => unknown, RegExp]>([
  [
    'x of another width',
    () => blockDiagonalMatMul(tf.ones([1, 4]), blocks()),
    /x has shape \[1, 4\].*\[any, 2\]/,
  ],
  ['blocks in a matrix', () => blockDiagonalMatMul(tf.ones([1, 2]), tf.ones([2, 2])), /\[any, any, any\]/],
  ['integers', () => blockDiagonalMatMul(tf.ones([1, 2], 'int32'), blocks()), /x is int32/],
])('refused with a sentence: %s', (_name, call, sentence) => {
  expect(call).toThrow(sentence);
});
