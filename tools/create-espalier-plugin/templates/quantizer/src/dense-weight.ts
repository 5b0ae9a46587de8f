import type { CompressedWeight } from '@espalier/core';
import { clone, matMul, reshape, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';

/** A weight that is stored dense: the rounded matrix, until a format with small integers stores it. Takes over `matrix`. */
export function denseWeight(matrix: Tensor2D): CompressedWeight {
  return {
    format: 'dense',
    shape: matrix.shape,
    bytes: matrix.size * 4,
    toDense: () => clone(matrix),
    matmul: (x: Tensor) =>
      tidy(() => {
        const rows: Tensor2D = reshape(x, [-1, matrix.shape[1]]);
        return reshape(matMul(rows, matrix, false, true), [...x.shape.slice(0, -1), matrix.shape[0]]);
      }),
    dispose: () => matrix.dispose(),
  };
}
