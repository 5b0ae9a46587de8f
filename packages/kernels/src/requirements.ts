import type { Tensor } from '@tensorflow/tfjs-core';

/** @throws TypeError unless `tensor` has that dtype */
export function requireDtype(op: string, name: string, tensor: Tensor, dtype: 'float32' | 'int32'): void {
  if (tensor.dtype !== dtype) {
    throw new TypeError(
      `${op}: ${name} is ${tensor.dtype}; it must be ${dtype}. Convert it with cast('${dtype}').`,
    );
  }
}

/** @throws RangeError unless `tensor` has that shape; null stands for any length */
export function requireShape(
  op: string,
  name: string,
  tensor: Tensor,
  shape: readonly (number | null)[],
): void {
  const fits =
    tensor.shape.length === shape.length && shape.every((n, i) => n === null || n === tensor.shape[i]);
  if (!fits) {
    const wanted = shape.map((n) => n ?? 'any').join(', ');
    throw new RangeError(`${op}: ${name} has shape [${tensor.shape.join(', ')}]; it must be [${wanted}].`);
  }
}

/** @throws RangeError unless `value` is a number that `allowed` describes and `holds` confirms */
export function requireNumber(
  op: string,
  name: string,
  value: number,
  holds: boolean,
  allowed: string,
): void {
  if (!holds) throw new RangeError(`${op}: ${name} is ${value}; it must be ${allowed}.`);
}
