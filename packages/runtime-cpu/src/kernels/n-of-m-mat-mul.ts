import { type NOfMShape, nOfMMatMulGradientOp, nOfMMatMulOp } from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, type Context } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';
import { decodedMatMul, decodedMatMulGradient, type StoredMatrix } from './decoded-mat-mul.js';

interface Matrix {
  readonly values: TensorInfo;
  readonly mask: TensorInfo;
}

/** `NOfMMatMul` and `NOfMMatMulGradient`: one row is multiplied as the matrix is stored, for more blocks of it are decoded. */
export function nOfMMatMul(context: Context): KernelDefinition[] {
  const stored = ({ values, mask }: Matrix, { outputs, inputs, n, m }: NOfMShape): StoredMatrix => ({
    format: 'N_OF_M',
    outputs,
    inputs,
    arguments: [addressOf(context, values), addressOf(context, mask), n, m],
  });
  return [
    defineKernel<Matrix & { readonly x: TensorInfo }, NOfMShape>(
      nOfMMatMulOp.name,
      'espalier-simd',
      ({ inputs: { x, ...matrix }, attrs }) => decodedMatMul(context, x, stored(matrix, attrs)),
    ),
    defineKernel<Matrix & { readonly dy: TensorInfo }, NOfMShape>(
      nOfMMatMulGradientOp.name,
      'espalier-simd',
      ({ inputs: { dy, ...matrix }, attrs }) => decodedMatMulGradient(context, dy, stored(matrix, attrs)),
    ),
  ];
}
