import { matMul, type Rank, reshape, type Tensor, type Tensor2D, transpose } from '@tensorflow/tfjs-core';
import { defineOp, type Op } from './op.js';
import { requireDtype, requireShape } from './requirements.js';
import { values, wholeNumber } from './samples.js';

type Inputs = { x: Tensor; blocks: Tensor };
type Attributes = { transposed: boolean };

/**
 * x times a block-diagonal matrix, or times its transpose: columns k `in` to (k + 1) `in` of x meet block k alone.
 *
 * @param x float32 [rows, count in] ([rows, count out] where `transposed`)
 * @param blocks float32 [count, in, out], the blocks from the upper left to the lower right
 * @returns float32 [rows, count out] ([rows, count in] where `transposed`); differentiable by both
 * @throws TypeError for another dtype, RangeError for shapes that do not fit
 */
export function blockDiagonalMatMul(x: Tensor, blocks: Tensor, { transposed = false } = {}): Tensor2D {
  const op = 'blockDiagonalMatMul';
  requireDtype(op, 'x', x, 'float32');
  requireDtype(op, 'blocks', blocks, 'float32');
  requireShape(op, 'blocks', blocks, [null, null, null]);
  const [count, inputs, outputs] = blocks.shape as [number, number, number];
  requireShape(op, 'x', x, [null, count * (transposed ? outputs : inputs)]);
  return blockDiagonalMatMulOp.run({ x, blocks }, { transposed })[0] as Tensor2D;
}

/** `BlockDiagonalMatMul`: { x [rows, count in], blocks [count, in, out] }, transposed -> [y [rows, count out]]. */
export const blockDiagonalMatMulOp: Op<Inputs, Attributes> = defineOp({
  name: 'BlockDiagonalMatMul',
  summary: 'Rows times a block-diagonal matrix, or its transpose.',
  reference: ({ x, blocks }, { transposed }) => {
    const product = matMul(byBlocks(x, blocks.shape[0]!), blocks, false, transposed);
    return [reshape(transpose(product, [1, 0, 2]), [x.shape[0]!, -1])];
  },
  gradient: {
    inputsToSave: ['x', 'blocks'],
    backward: ([dy], [x, blocks], { transposed }) => ({
      x: () => blockDiagonalMatMulOp.run({ x: dy!, blocks: blocks! }, { transposed: !transposed })[0]!,
      blocks: () => {
        const [from, to] = transposed ? [dy!, x!] : [x!, dy!];
        const count = blocks!.shape[0]!;
        return matMul(byBlocks(from, count), byBlocks(to, count), true, false);
      },
    }),
  },
  sample(random) {
    const [count, inputs, outputs] = [
      wholeNumber(random, 1, 9),
      wholeNumber(random, 1, 40),
      wholeNumber(random, 1, 40),
    ];
    const transposed = random() < 0.5;
    const rows = random() < 0.2 ? wholeNumber(random, 90, 200) : wholeNumber(random, 1, 14);
    return {
      inputs: {
        x: values(random, [rows, count * (transposed ? outputs : inputs)]),
        blocks: values(random, [count, inputs, outputs]),
      },
      attributes: { transposed },
    };
  },
});

/** `[rows, count size]` as `[count, rows, size]`. */
function byBlocks(x: Tensor, count: number): Tensor {
  const rows = x.shape[0]!;
  return transpose(reshape<Rank.R3>(x, [rows, count, x.shape[1]! / count]), [1, 0, 2]);
}
