import type { CompressibleModel } from '@espalier/core';
import { memory, type Tensor } from '@tensorflow/tfjs-core';
import { assert } from '../check.js';

/** The values of a tensor, as a copy. */
export async function valuesOf(tensor: Tensor): Promise<Float32Array> {
  return Float32Array.from(await tensor.data<'float32'>());
}

/** The values of a tensor, which is then disposed of. */
export async function takeValues(tensor: Tensor): Promise<Float32Array> {
  const values = await valuesOf(tensor);
  tensor.dispose();
  return values;
}

/** Everything that can be seen of a model's parameters. */
export async function parametersOf(model: CompressibleModel): Promise<Record<string, Float32Array>> {
  const found: Record<string, Float32Array> = {};
  for (const { name, weight } of model.layers()) found[name] = await takeValues(weight.toDense());
  for (const [name, parameter] of Object.entries(model.otherParameters()))
    found[name] = await valuesOf(parameter);
  return found;
}

/** The dense matrices of the layers by name. */
export async function matricesOf(model: CompressibleModel): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  for (const { name, weight } of model.layers()) found.set(name, await takeValues(weight.toDense()));
  return found;
}

/** @throws Error when `work`, run a second time, leaves tensors behind; the first run may fill the backend's caches */
export async function leavesNoTensor(what: string, work: () => Promise<void>): Promise<void> {
  await work();
  const before = memory().numTensors;
  await work();
  const left = memory().numTensors - before;
  assert(left === 0, `${what} leaves ${left} tensors behind.`);
}

/** The largest |a - b|; Infinity when a number is NaN or the lengths differ. */
export function largestDifference(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= largest)) largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference;
  }
  return largest;
}
