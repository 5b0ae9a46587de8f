import { type IntegerAttributes, integerMatMulGradientOp, integerMatMulOp } from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, type Context } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';
import { decodedMatMul, decodedMatMulGradient, type StoredMatrix } from './decoded-mat-mul.js';

interface Matrix {
  readonly codes: TensorInfo;
  readonly scales: TensorInfo;
  readonly zeros: TensorInfo;
  readonly groupOfInput: TensorInfo;
}

/** `IntegerMatMul` and `IntegerMatMulGradient`: one row is multiplied as the matrix is stored, for more blocks of it are decoded. */
export function integerMatMul(context: Context): KernelDefinition[] {
  const stored = (
    { codes, scales, zeros, groupOfInput }: Matrix,
    { outputs, inputs, bits, groupSize, scaleType, zeroType, groups }: IntegerAttributes,
  ): StoredMatrix => ({
    format: 'INTEGERS',
    outputs,
    inputs,
    arguments: [
      ...[codes, scales, zeros].map((tensor) => addressOf(context, tensor)),
      bits,
      groupSize,
      Number(scaleType === 'float16'),
      Number(zeroType === 'packed'),
      groups === 'listed' ? addressOf(context, groupOfInput) : 0,
    ],
  });
  return [
    defineKernel<Matrix & { readonly x: TensorInfo }, IntegerAttributes>(
      integerMatMulOp.name,
      'espalier-simd',
      ({ inputs: { x, ...matrix }, attrs }) => decodedMatMul(context, x, stored(matrix, attrs)),
    ),
    defineKernel<Matrix & { readonly dy: TensorInfo }, IntegerAttributes>(
      integerMatMulGradientOp.name,
      'espalier-simd',
      ({ inputs: { dy, ...matrix }, attrs }) => decodedMatMulGradient(context, dy, stored(matrix, attrs)),
    ),
  ];
}
