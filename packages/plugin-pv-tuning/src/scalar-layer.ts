import { InvalidProblemError } from '@espalier/core';
import { float16FromFloat32, float32FromFloat16 } from '@espalier/models';
import { gptq } from '@espalier/models/layer-compressors';

/** How a layer `[outputs, inputs]` is written in small integers. */
export interface ScalarLayout {
  readonly outputs: number;
  readonly inputs: number;
  /** Consecutive inputs of a row that share a scale and a zero; divides `inputs`. */
  readonly groupSize: number;
  /** Of a code, 1 to 8. */
  readonly bits: number;
}

/** A layer of small integers: w = scale (code - zero). */
export interface ScalarLayer {
  readonly layout: ScalarLayout;
  /** Row-major `[outputs, inputs]`, each in [0, 2^bits). */
  readonly codes: Uint16Array;
  /** Row-major `[outputs, inputs / groupSize]`, as `zeros`. */
  readonly scales: Float64Array;
  /** Real numbers: they are tuned as the scales are. */
  readonly zeros: Float64Array;
}

/** Bits a weight, everything stored counted: scales and zeros in float16. */
export const scalarBitsPerWeight = ({ bits, groupSize }: ScalarLayout): number => bits + 32 / groupSize;

/**
 * Evenly spaced values from the smallest to the largest of each group, each weight on the nearest one.
 *
 * @param matrix row-major, finite
 * @throws InvalidProblemError when the group size does not divide the inputs
 */
export function roundedToGrid(matrix: ArrayLike<number>, layout: ScalarLayout): ScalarLayer {
  const { groupSize, bits } = layout;
  requireDivisor(layout);
  const groups = matrix.length / groupSize;
  const layer: ScalarLayer = {
    layout,
    codes: new Uint16Array(matrix.length),
    scales: new Float64Array(groups),
    zeros: new Float64Array(groups),
  };
  for (let group = 0; group < groups; group++) {
    const start = group * groupSize;
    let [low, high] = [matrix[start], matrix[start]];
    for (let i = start + 1; i < start + groupSize; i++) {
      low = Math.min(low, matrix[i]);
      high = Math.max(high, matrix[i]);
    }
    // Equal weights: code 0 stands for them.
    const scale = storable(low === high ? Math.abs(low) || 1 : (high - low) / (2 ** bits - 1));
    layer.scales[group] = scale;
    layer.zeros[group] = -low / scale;
  }
  for (let i = 0; i < matrix.length; i++) layer.codes[i] = nearestCode(layer, i, matrix[i]);
  return layer;
}

/**
 * The layer as GPTQ rounds it; zeros are whole at first.
 *
 * @param hessian X^T X times any constant, row-major `[inputs, inputs]`
 * @throws InvalidProblemError when the group size does not divide the inputs
 */
export function roundedByGptq(
  matrix: ArrayLike<number>,
  layout: ScalarLayout,
  hessian: Float64Array,
): ScalarLayer {
  requireDivisor(layout);
  const { bits, groupSize, inputs } = layout;
  const { codes, scales, zeros } = gptq(matrix, inputs, hessian, { bits, groupSize, roundScale: storable });
  return { layout, codes, scales, zeros: Float64Array.from(zeros) };
}

/** The matrix that a layer stands for, row-major. */
export function dequantizeScalars({ layout, codes, scales, zeros }: ScalarLayer): Float64Array {
  return Float64Array.from(codes, (code, i) => {
    const group = Math.floor(i / layout.groupSize);
    return scales[group] * (code - zeros[group]);
  });
}

/** Gradients by scales, sum of G (q - z), and zeros, -s sum of G, with the present codes; from that by the row-major matrix. */
export function scalarGradients(
  { layout, codes, scales, zeros }: ScalarLayer,
  gradient: ArrayLike<number>,
): { readonly scales: Float64Array; readonly zeros: Float64Array } {
  const [byScales, byZeros] = [new Float64Array(scales.length), new Float64Array(zeros.length)];
  codes.forEach((code, i) => {
    const group = Math.floor(i / layout.groupSize);
    byScales[group] += gradient[i] * (code - zeros[group]);
    byZeros[group] -= scales[group] * gradient[i];
  });
  return { scales: byScales, zeros: byZeros };
}

/** The code of element `index` that is nearest to `value`: clamp(round(w / s + z)); the lower one on ties. */
export function nearestCode({ layout, scales, zeros }: ScalarLayer, index: number, value: number): number {
  const group = Math.floor(index / layout.groupSize);
  const place = scales[group] === 0 ? 0 : value / scales[group] + zeros[group];
  return Math.min(Math.max(Math.ceil(place - 0.5), 0), 2 ** layout.bits - 1);
}

function requireDivisor({ inputs, groupSize }: ScalarLayout): void {
  if (inputs % groupSize !== 0)
    throw new InvalidProblemError(`The group size divides the ${inputs} inputs; given ${groupSize}.`);
}

/** The smallest positive float16. */
const SMALLEST_HALF = 2 ** -24;

/** A scale as it will be stored. */
const storable = (scale: number): number =>
  Math.max(float32FromFloat16(float16FromFloat32(Float32Array.of(scale)))[0], SMALLEST_HALF);
