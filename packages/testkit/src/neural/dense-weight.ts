import { type CompressedWeight, InvalidProblemError } from '@espalier/core';
import { clone, matMul, reshape, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';

/**
 * A weight `[out, in]` stored as it is, in float32. Takes over `matrix`. The weight of `@espalier/models` also trains and is stored; the checks
 * have one of their own because plugins without a model depend on this package, which depends on core alone.
 * @throws InvalidProblemError unless it is a matrix
 */
export function denseWeight(matrix: Tensor2D): CompressedWeight {
  if (matrix.rank !== 2)
    throw new InvalidProblemError(`A weight has the shape [out, in]; given [${matrix.shape}].`);
  const [outputs, inputs] = matrix.shape;
  return {
    format: 'dense',
    shape: [outputs, inputs],
    bytes: matrix.size * 4,
    toDense: () => clone(matrix),
    matmul: (x: Tensor) =>
      tidy(() => {
        const rows: Tensor2D = reshape(x, [-1, inputs]);
        return reshape(matMul(rows, matrix, false, true), [...x.shape.slice(0, -1), outputs]);
      }),
    dispose: () => matrix.dispose(),
  };
}
