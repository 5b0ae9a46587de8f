import { type CompressedWeight, InvalidDataError, type StoredWeight } from '@espalier/core';
import { float32FromFloat16, packCodes, packedWeight, unpackCodes } from '@espalier/models';
import { toHalf } from './half-values.js';
import { dequantizeScalars, type ScalarLayer, type ScalarLayout } from './scalar-layer.js';

/** A weight of small integers with a real scale and a real zero for each group. */
export interface ScalarWeight extends CompressedWeight {
  readonly format: 'scalar';
  readonly layout: ScalarLayout;
  /** What it holds. */
  layer(): ScalarLayer;
}

/** Whether a weight is stored as small integers with real zeros. */
export const isScalarWeight = (weight: CompressedWeight): weight is ScalarWeight =>
  weight.format === 'scalar' && 'layout' in weight;

/**
 * A weight that is stored as codes packed at their bits, and scales and zeros in float16, to which both are rounded here.
 * @throws NumericalError for scales or zeros beyond float16
 */
export function scalarWeight({ layout, codes, scales, zeros }: ScalarLayer): ScalarWeight {
  return weightOf(layout, {
    codes: packCodes(codes, layout.bits),
    scales: toHalf('scales', scales),
    zeros: toHalf('zeros', zeros),
  });
}

/** The weight from what it stores. @throws InvalidDataError when the parts do not fit each other */
export function restoreScalar({ shape, arrays, attributes }: StoredWeight): ScalarWeight {
  const [outputs, inputs] = shape;
  const { bits, groupSize } = attributes;
  const groups = (outputs * inputs) / Number(groupSize);
  const { codes, scales, zeros } = arrays;
  if (
    !(Number.isInteger(bits) && Number.isInteger(groups) && Number.isInteger(groupSize)) ||
    !(
      codes?.data instanceof Uint8Array &&
      codes.data.length === Math.ceil((outputs * inputs * Number(bits)) / 8)
    ) ||
    !(scales?.data instanceof Uint16Array && scales.data.length === groups) ||
    !(zeros?.data instanceof Uint16Array && zeros.data.length === groups)
  )
    throw new InvalidDataError(
      `A stored weight [${shape}] of small integers has codes at its bits, and a float16 scale and zero for each group; given ${bits} bits in groups of ${groupSize}.`,
    );
  const layout: ScalarLayout = { outputs, inputs, groupSize: Number(groupSize), bits: Number(bits) };
  return weightOf(layout, { codes: codes.data, scales: scales.data, zeros: zeros.data });
}

function weightOf(
  layout: ScalarLayout,
  {
    codes,
    scales,
    zeros,
  }: { readonly codes: Uint8Array; readonly scales: Uint16Array; readonly zeros: Uint16Array },
): ScalarWeight {
  const { outputs, inputs, groupSize, bits } = layout;
  const groups = inputs / groupSize;
  const layer = (): ScalarLayer => ({
    layout,
    codes: unpackCodes(codes, bits, outputs * inputs),
    scales: Float64Array.from(float32FromFloat16(scales)),
    zeros: Float64Array.from(float32FromFloat16(zeros)),
  });
  const weight = packedWeight({
    format: 'scalar',
    shape: [outputs, inputs],
    arrays: {
      codes: { shape: [codes.length], data: codes },
      scales: { shape: [outputs, groups], data: scales },
      zeros: { shape: [outputs, groups], data: zeros },
    },
    attributes: { bits, groupSize },
    decode: () => Float32Array.from(dequantizeScalars(layer())),
  });
  return { ...weight, format: 'scalar', layout, layer };
}
