import { type Tensor, tensor, util } from '@tensorflow/tfjs-core';

/** A whole number from `low` to `high`, both included. */
export function wholeNumber(random: () => number, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** Numbers in (-2, 2). */
export function values(random: () => number, shape: number[]): Tensor {
  const numbers = Float32Array.from({ length: util.sizeFromShape(shape) }, () => 4 * random() - 2);
  return tensor(numbers, shape, 'float32');
}

/** Whole numbers from 0 to `limit` - 1. */
export function indices(random: () => number, shape: number[], limit: number): Tensor {
  const numbers = Int32Array.from({ length: util.sizeFromShape(shape) }, () => Math.floor(random() * limit));
  return tensor(numbers, shape, 'int32');
}
