import { blockDiagonalMatMulOp } from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context } from '../context.js';
import { multiply, type Product } from '../gemm.js';
import { defineKernel, type KernelDefinition } from '../override.js';

/** Multiply-adds of one block from which it is a product of its own. */
const BLOCK_WORK = 1 << 19;
/** Multiply-adds of the blocks that a thread takes at a time. */
const PIECE_WORK = 1 << 16;

/** `BlockDiagonalMatMul`: rows of x are read and rows of y written where they lie; small blocks go to the threads by the handful. */
export function blockDiagonalMatMul(context: Context): KernelDefinition {
  return defineKernel<{ x: TensorInfo; blocks: TensorInfo }, { transposed: boolean }>(
    blockDiagonalMatMulOp.name,
    'espalier-simd',
    ({ inputs: { x, blocks }, attrs: { transposed } }) => {
      const [batch, height, width] = blocks.shape as [number, number, number];
      const [k, n] = transposed ? [width, height] : [height, width];
      const m = x.shape[0]!;
      const y = allocate(context, [m, batch * n]);
      if (k === 0) context.backend.typedArrayFromHeap(y).fill(0);
      multiplyBlocks(context, {
        ...{ batch, m, n, k },
        a: { address: addressOf(context, x), row: batch * k, column: 1, batch: k },
        b: {
          address: addressOf(context, blocks),
          row: transposed ? 1 : width,
          column: transposed ? width : 1,
          batch: height * width,
        },
        c: { address: addressOf(context, y), row: batch * n, batch: n },
      });
      return y;
    },
  );
}

function multiplyBlocks(context: Context, product: Product): void {
  const { batch, m, n, k, a, b, c } = product;
  const work = m * n * k;
  if (batch * work === 0) return;
  if (work >= BLOCK_WORK) {
    multiply(context, product);
    return;
  }
  const grain = Math.max(1, Math.floor(PIECE_WORK / work));
  context.simd.run('MATMUL', batch, grain, [
    ...[m, n, k],
    ...[a.address, a.batch, a.row, a.column],
    ...[b.address, b.batch, b.row, b.column],
    ...[c.address, c.batch, c.row, 0],
    ...[m, n],
  ]);
}
