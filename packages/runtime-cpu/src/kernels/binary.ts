import { broadcast_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, ELEMENTS } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

/** Kernels of two float32 tensors, by the name of the operation in assembly/binary.ts. */
const OPERATIONS = {
  ADD: 'Add',
  SUB: 'Sub',
  MULTIPLY: 'Multiply',
  REAL_DIV: 'RealDiv',
  MAXIMUM: 'Maximum',
  MINIMUM: 'Minimum',
  SQUARED_DIFFERENCE: 'SquaredDifference',
} as const;

/** Axes around the innermost one that the loop has room for. */
const OUTER_AXES = 8;

/** `Add`, `Multiply`, ...: with broadcasting at the speed of equal shapes, on all threads. */
export function binary(context: Context): KernelDefinition[] {
  return (Object.keys(OPERATIONS) as (keyof typeof OPERATIONS)[]).map((operation) =>
    defineKernel<{ a: TensorInfo; b: TensorInfo }, object>(
      OPERATIONS[operation],
      'espalier-simd',
      ({ inputs: { a, b } }) => {
        if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
        const shape = broadcast_util.assertAndGetBroadcastShape(a.shape, b.shape);
        const axes = commonAxes(a.shape, b.shape, shape);
        if (!fits(axes)) return undefined;
        const out = allocate(context, shape);
        runBinary(context, operation, axes, a, b, out);
        return out;
      },
      'wasm',
    ),
  );
}

/** Whether the loop takes so many axes. */
export function fits(axes: readonly Axis[]): boolean {
  return axes.length - 1 <= OUTER_AXES;
}

/** Runs an operation of assembly/binary.ts. @param axes of `out`: see {@link commonAxes} */
export function runBinary(
  context: Context,
  operation: keyof typeof OPERATIONS | 'COPY',
  axes: readonly Axis[],
  a: TensorInfo,
  b: TensorInfo,
  out: TensorInfo,
): void {
  const size = util.sizeFromShape(out.shape);
  if (size === 0) return;
  const inner = axes.at(-1)!;
  const blocks = Math.ceil(inner.length / ELEMENTS);
  const rows = size / inner.length;
  context.simd.run('BINARY', rows * blocks, Math.max(1, Math.ceil(ELEMENTS / inner.length)), [
    addressOf(context, a),
    addressOf(context, b),
    addressOf(context, out),
    context.simd.constant(operation),
    inner.length,
    inner.a,
    inner.b,
    ELEMENTS,
    axes.length - 1,
    ...axes.slice(0, -1).flatMap((axis) => [axis.length, axis.a, axis.b]),
  ]);
}

/** An axis of the result: its length, and how far each operand advances along it (0: the same numbers again). */
export interface Axis {
  length: number;
  a: number;
  b: number;
}

/**
 * The axes of the result, as few as possible: neighbours along which both operands advance as along one longer axis, are one.
 * The innermost has steps 0 or 1.
 */
export function commonAxes(a: readonly number[], b: readonly number[], shape: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  let aStep = 1;
  let bStep = 1;
  for (let back = 1; back <= shape.length; back++) {
    const length = shape[shape.length - back]!;
    const aLength = a[a.length - back] ?? 1;
    const bLength = b[b.length - back] ?? 1;
    if (length !== 1) {
      const axis = { length, a: aLength === 1 ? 0 : aStep, b: bLength === 1 ? 0 : bStep };
      const inner = axes.at(-1);
      const continues = (step: number, innerStep: number) => step === innerStep * (inner?.length ?? 0);
      if (inner && continues(axis.a, inner.a) && continues(axis.b, inner.b)) inner.length *= length;
      else axes.push(axis);
    }
    aStep *= aLength;
    bStep *= bLength;
  }
  if (axes.length === 0) axes.push({ length: 1, a: 0, b: 0 });
  return axes.reverse();
}
