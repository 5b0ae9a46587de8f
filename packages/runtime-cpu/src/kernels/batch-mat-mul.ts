import { broadcast_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context } from '../context.js';
import { multiply } from '../gemm.js';
import { defineKernel, type KernelDefinition } from '../override.js';

/** `BatchMatMul`: any combination of transposition and batches at full speed. */
export function batchMatMul(context: Context): KernelDefinition {
  return defineKernel<{ a: TensorInfo; b: TensorInfo }, { transposeA: boolean; transposeB: boolean }>(
    'BatchMatMul',
    context.blas ? 'blas, espalier-simd' : 'espalier-simd',
    ({ inputs: { a, b }, attrs: { transposeA, transposeB } }) => {
      if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
      return matMul(context, a, b, transposeA, transposeB);
    },
    'wasm',
  );
}

/** The product of the last two axes, over the batches of the axes before. */
export function matMul(
  context: Context,
  a: TensorInfo,
  b: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): TensorInfo | undefined {
  const [aRows, aColumns] = a.shape.slice(-2) as [number, number];
  const [bRows, bColumns] = b.shape.slice(-2) as [number, number];
  const m = transposeA ? aColumns : aRows;
  const k = transposeA ? aRows : aColumns;
  const n = transposeB ? bRows : bColumns;
  const aBatches = a.shape.slice(0, -2);
  const bBatches = b.shape.slice(0, -2);
  const batches = broadcast_util.assertAndGetBroadcastShape(aBatches, bBatches);
  const batch = util.sizeFromShape(batches);
  const aBatch = util.sizeFromShape(aBatches);
  const bBatch = util.sizeFromShape(bBatches);
  // Batches that repeat in part only, [2, 1] against [1, 3], are rare and left to tfjs.
  if ((aBatch !== batch && aBatch !== 1) || (bBatch !== batch && bBatch !== 1)) return undefined;
  if (k !== (transposeB ? bColumns : bRows)) return undefined;
  const out = allocate(context, [...batches, m, n]);
  if (k === 0) {
    context.backend.typedArrayFromHeap(out).fill(0);
    return out;
  }
  const left = {
    address: addressOf(context, a),
    row: transposeA ? 1 : k,
    column: transposeA ? m : 1,
    batch: aBatch === batch ? m * k : 0,
  };
  const right = {
    address: addressOf(context, b),
    row: transposeB ? 1 : n,
    column: transposeB ? k : 1,
    batch: bBatch === batch ? k * n : 0,
  };
  const c = { address: addressOf(context, out), row: n, batch: m * n };
  // One B for many untransposed A is one tall product.
  if (batch > 1 && right.batch === 0 && !transposeA && left.batch !== 0) {
    multiply(context, { batch: 1, m: batch * m, n, k, a: left, b: right, c });
  } else {
    multiply(context, { batch, m, n, k, a: left, b: right, c });
  }
  return out;
}
