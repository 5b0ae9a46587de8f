import { InvalidDataError, type TensorParts, UnsupportedError, type WeightCodec } from '@espalier/core';
import { decodeNOfM } from '@espalier/kernels';
import { restoreBitmap } from '../weights/bitmap.js';
import { isFloatDtype } from './dtype.js';
import { ignoredLayers } from './ignored-layers.js';
import { maskByRows, maskInOneRun } from './row-mask.js';
import { readStoredShape, storedShape } from './stored-shape.js';
import { isJsonObject } from './strict-json.js';

const SPARSE_BITMASK_FORMAT = 'sparse-bitmask';

/**
 * Weights with zeros anywhere in the format `sparse-bitmask` of compressed-tensors
 * (github.com/vllm-project/compressed-tensors), which the library has up to 0.14. A layer `L` of weight `[rows, columns]` becomes
 * - `L.compressed` `[count]`: the values that are not zero, row by row;
 * - `L.bitmask` U8 `[rows, ceil(columns / 8)]`: a bit for every input, the lowest bit first;
 * - `L.row_offsets` I64 `[rows]`: where in the values each row begins;
 * - `L.shape` I64 `[2]`: rows and columns.
 */
export const sparseBitmaskCodec: WeightCodec = {
  method: 'compressed-tensors',
  variant: SPARSE_BITMASK_FORMAT,
  summary:
    'Zeros anywhere, as values and a bit mask (sparse-bitmask); compressed-tensors reads it up to 0.14.',
  formats: ['bitmap'],
  parts: ['compressed', 'bitmask', 'row_offsets', 'shape'],
  configure(layers, others) {
    const packed = new Set([...layers.keys()].map((name) => `${name}.weight`));
    return {
      quant_method: 'compressed-tensors',
      sparsity_config: {
        format: SPARSE_BITMASK_FORMAT,
        ignore: ignoredLayers(packed, others),
        sparsity_structure: 'unstructured',
        targets: ['Linear'],
      },
    };
  },
  encode({ shape, arrays }, dtype) {
    const [rows, columns] = shape;
    const values = arrays.values!.data as Float32Array;
    const bitmask = maskByRows(arrays.mask!.data as Uint8Array, rows, columns);
    return {
      compressed: { dtype, shape: [values.length], content: values },
      bitmask: { dtype: 'U8', shape: [rows, Math.ceil(columns / 8)], content: bitmask },
      row_offsets: {
        dtype: 'I64',
        shape: [rows],
        content: new Uint8Array(BigInt64Array.from(rowStarts(bitmask, rows).slice(0, -1), BigInt).buffer),
      },
      shape: { dtype: 'I64', shape: [2], content: storedShape(shape) },
    };
  },
  reads: ({ sparsity_config: sparsity }) =>
    isJsonObject(sparsity) && sparsity.format === SPARSE_BITMASK_FORMAT,
  open({ config_groups: groups }, at) {
    if (isJsonObject(groups) && Object.keys(groups).length > 0)
      throw new UnsupportedError(`${at}: the weights are sparse and quantized ("compressed-tensors").`, {
        remedy: `Use the model as it was before; ${SPARSE_BITMASK_FORMAT} is read without config_groups.`,
      });
    return {
      shapeOf,
      async decode(parts) {
        const { shape, values, mask } = await readParts(parts);
        return restoreBitmap(shape, values, mask);
      },
      async toDense(parts) {
        const { shape, values, mask } = await readParts(parts);
        return decodeNOfM(shape[0] * shape[1], values, mask);
      },
    };
  },
};

/** How many bits are set before each row, and, last, in all. */
function rowStarts(bitmask: Uint8Array, rows: number): readonly number[] {
  const stride = bitmask.length / rows;
  const offsets = [0];
  for (let row = 0, count = 0; row < rows; row++) {
    for (let byte of bitmask.subarray(row * stride, (row + 1) * stride))
      for (; byte !== 0; byte &= byte - 1) count++;
    offsets.push(count);
  }
  return offsets;
}

async function shapeOf({ compressed, bitmask, row_offsets: offsets, shape }: TensorParts) {
  if (!isFloatDtype(compressed!.dtype as never))
    throw new UnsupportedError(
      `${compressed!.at} holds ${compressed!.dtype}; packed values are read from F32, F16, BF16.`,
    );
  const [rows, columns] = await readStoredShape(shape!);
  const fits =
    compressed!.shape.length === 1 &&
    bitmask!.dtype === 'U8' &&
    bitmask!.shape.join() === `${rows},${Math.ceil(columns / 8)}` &&
    offsets!.dtype === 'I64' &&
    offsets!.shape.join() === `${rows}`;
  if (!fits)
    throw new InvalidDataError(
      `${shape!.at} says [${rows},${columns}], which does not fit packed values [${compressed!.shape}], a mask ${bitmask!.dtype} [${bitmask!.shape}] and rows ${offsets!.dtype} [${offsets!.shape}].`,
    );
  return [rows, columns] as const;
}

async function readParts(parts: TensorParts) {
  const shape = await shapeOf(parts);
  const [rows, columns] = shape;
  const values = await parts.compressed!.read();
  const mask = maskInOneRun(await parts.bitmask!.readBytes(), rows, columns);
  const starts = rowStarts(maskByRows(mask, rows, columns), rows);
  const count = starts[rows]!;
  if (count !== values.length)
    throw new InvalidDataError(
      `${parts.bitmask!.at} keeps ${count} numbers; ${parts.compressed!.at} has ${values.length}.`,
    );
  const stored = new BigInt64Array((await parts.row_offsets!.readBytes()).buffer);
  const bad = stored.findIndex((start, row) => start !== BigInt(starts[row]!));
  if (bad >= 0)
    throw new InvalidDataError(
      `${parts.row_offsets!.at} says that row ${bad} begins at ${stored[bad]}; by the mask it begins at ${starts[bad]}.`,
    );
  return { shape, values, mask };
}
