import { swiGluGradientOp, swiGluOp } from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, ELEMENTS, sizeOf } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

/** `SwiGlu` and `SwiGluGradient`. */
export function swiGlu(context: Context): KernelDefinition[] {
  return [
    defineKernel<{ gate: TensorInfo; up: TensorInfo }, object>(
      swiGluOp.name,
      'espalier-simd',
      ({ inputs: { gate, up } }) => {
        const out = allocate(context, gate.shape);
        const addresses = [gate, up, out].map((tensor) => addressOf(context, tensor));
        context.simd.run('SWI_GLU', sizeOf(gate), ELEMENTS, addresses);
        return out;
      },
    ),
    defineKernel<{ dy: TensorInfo; gate: TensorInfo; up: TensorInfo }, object>(
      swiGluGradientOp.name,
      'espalier-simd',
      ({ inputs: { dy, gate, up } }) => {
        const dGate = allocate(context, gate.shape);
        const dUp = allocate(context, gate.shape);
        const addresses = [dy, gate, up, dGate, dUp].map((tensor) => addressOf(context, tensor));
        context.simd.run('SWI_GLU_GRADIENT', sizeOf(gate), ELEMENTS, addresses);
        return [dGate, dUp];
      },
    ),
  ];
}
