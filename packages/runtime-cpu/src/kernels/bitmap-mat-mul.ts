import { bitmapMatMulOp } from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

interface Inputs {
  readonly x: TensorInfo;
  readonly words: TensorInfo;
  readonly offsets: TensorInfo;
  readonly values: TensorInfo;
  readonly starts: TensorInfo;
}

interface Attributes {
  readonly width: number;
  readonly reduction: number;
  readonly outputs: number;
  readonly reductionBlock: number;
  readonly packing: 'padded' | 'compact';
  readonly sparsity: number;
}

/** From this share of zeros on, single bits are looked for, for one row; up to 98 % expanding whole tiles was measured to be faster. */
const SCAN_FROM = 0.99;

/** `BitmapMatMul`: tiles are expanded in registers, once for all rows. */
export function bitmapMatMul(context: Context): KernelDefinition {
  return defineKernel<Inputs, Attributes>(bitmapMatMulOp.name, 'espalier-simd', ({ inputs, attrs }) => {
    const { x, words, offsets, values, starts } = inputs;
    const { width, reduction, outputs, reductionBlock, packing, sparsity } = attrs;
    const [heads, rows] = x.shape as [number, number];
    const y = allocate(context, [heads, rows, outputs]);
    const addresses = [x, words, offsets, values, starts, y].map((tensor) => addressOf(context, tensor));
    const sizes = [rows, reduction, outputs, width, reductionBlock, 4 * words.shape[1]!, offsets.shape[1]!];
    const scan = rows === 1 && sparsity >= SCAN_FROM;
    const flags = [packing === 'padded', values.dtype === 'int32', scan].map(Number);
    context.simd.run('BITMAP_MATMUL', heads * (outputs / width), 1, [...addresses, ...sizes, ...flags]);
    return y;
  });
}
