import { type CompressedWeight, InvalidProblemError } from '@espalier/core';
import { clone, matMul, reshape, type Tensor, type Tensor2D, tidy, Variable } from '@tensorflow/tfjs-core';

/**
 * A weight `[out, in]` stored as it is, in float32.
 *
 * @param matrix taken over: the weight disposes of it. A `Variable` can be trained; it is then the parameter `weight`.
 * @throws InvalidProblemError unless it is a float32 matrix
 */
export function denseWeight(matrix: Tensor2D | Variable): CompressedWeight {
  if (matrix.rank !== 2 || matrix.dtype !== 'float32')
    throw new InvalidProblemError(
      `A weight is a float32 matrix [out, in]; given ${matrix.dtype} [${matrix.shape}].`,
    );
  const [outputs, inputs] = matrix.shape as [number, number];
  return {
    format: 'dense',
    shape: [outputs, inputs],
    bytes: matrix.size * 4,
    toDense: () => clone(matrix as Tensor2D),
    matmul: (x) => multiplyByTransposed(x, matrix as Tensor2D),
    ...(matrix instanceof Variable && { parameters: () => ({ weight: matrix }) }),
    store: async () => ({
      format: 'dense',
      shape: [outputs, inputs],
      arrays: { weight: { shape: [outputs, inputs], data: Float32Array.from(await matrix.data()) } },
      attributes: {},
    }),
    dispose: () => matrix.dispose(),
  };
}

/** x `[..., in]` times the transposed `[out, in]` matrix: `[..., out]`. */
export function multiplyByTransposed(x: Tensor, matrix: Tensor2D): Tensor {
  return multiplyRows(x, matrix.shape, (rows) => matMul(rows, matrix, false, true));
}

/** x `[..., in]` through a product of rows `[n, in]` that gives `[n, out]`: `[..., out]`. */
export function multiplyRows(
  x: Tensor,
  [outputs, inputs]: readonly [outputs: number, inputs: number],
  multiply: (rows: Tensor2D) => Tensor,
): Tensor {
  return tidy(() => {
    const rows = reshape(x, [-1, inputs]) as Tensor2D;
    return reshape(multiply(rows), [...x.shape.slice(0, -1), outputs]);
  });
}
