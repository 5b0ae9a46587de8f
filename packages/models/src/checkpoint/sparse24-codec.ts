import { InvalidDataError, type TensorPart, UnsupportedError, type WeightCodec } from '@espalier/core';
import { restoreNOfM } from '../weights/n-of-m.js';
import { isFloatDtype } from './dtype.js';
import { maskByRows, maskInOneRun } from './row-mask.js';
import { SPARSE24_FORMAT, type Sparse24Weight, sparse24Quantization, unpackSparse24 } from './sparse24.js';
import { readStoredShape, storedShape } from './stored-shape.js';
import { isJsonObject } from './strict-json.js';

type Parts = Readonly<Record<string, TensorPart>>;

/** 2:4 weights as compressed-tensors has them: see {@link SPARSE24_FORMAT}. */
export const sparse24Codec: WeightCodec = {
  method: 'compressed-tensors',
  variant: SPARSE24_FORMAT,
  summary: '2:4 sparsity as values and a bit mask (sparse-24-bitmask); vLLM reads it up to 0.18.',
  formats: ['n:m'],
  parts: ['compressed', 'bitmask', 'shape'],
  configure(layers, others) {
    const odd = [...layers].find(([, { attributes }]) => attributes.n !== 2 || attributes.m !== 4);
    if (odd) {
      const [layer, { attributes }] = odd;
      throw new UnsupportedError(
        `${layer} is ${attributes.n}:${attributes.m}; compressed-tensors has 2:4 only.`,
        { remedy: 'Write the checkpoint dense.' },
      );
    }
    const shapes = [...layers].map(([layer, { shape }]) => [`${layer}.weight`, shape] as const);
    return sparse24Quantization(new Map(shapes), new Map<string, readonly number[]>([...shapes, ...others]));
  },
  encode({ shape, arrays }, dtype) {
    const [rows, columns] = shape;
    return {
      compressed: { dtype, shape: [rows, columns / 2], content: arrays.values!.data as Float32Array },
      bitmask: {
        dtype: 'U8',
        shape: [rows, Math.ceil(columns / 8)],
        content: maskByRows(arrays.mask!.data as Uint8Array, rows, columns),
      },
      shape: {
        dtype: 'I64',
        shape: [2, 1],
        content: storedShape(shape),
      },
    };
  },
  reads: ({ sparsity_config: sparsity }) => isJsonObject(sparsity) && sparsity.format === SPARSE24_FORMAT,
  open(configuration, at) {
    const { config_groups: groups } = configuration;
    if (isJsonObject(groups) && Object.keys(groups).length > 0)
      throw new UnsupportedError(`${at}: the weights are 2:4 sparse and quantized ("compressed-tensors").`, {
        remedy: `Use the model as it was before; ${SPARSE24_FORMAT} is read without config_groups.`,
      });
    return {
      shapeOf,
      async decode(parts) {
        const weight = await readParts(parts);
        unpack(parts, weight); // refuses masks that do not keep two of four
        const [rows, columns] = weight.shape;
        const mask = maskInOneRun(weight.bitmask, rows, columns);
        return restoreNOfM(weight.shape, { n: 2, m: 4 }, weight.compressed, mask);
      },
      async toDense(parts) {
        return unpack(parts, await readParts(parts));
      },
    };
  },
};

async function shapeOf({ compressed, bitmask, shape }: Parts): Promise<readonly [number, number]> {
  if (!isFloatDtype(compressed!.dtype as never))
    throw new UnsupportedError(
      `${compressed!.at} holds ${compressed!.dtype}; packed values are read from F32, F16, BF16.`,
    );
  const [rows, columns] = await readStoredShape(shape!);
  const [maskRows, maskColumns] = bitmask!.shape;
  const fits =
    compressed!.shape.length === 2 &&
    compressed!.shape[0] === rows &&
    compressed!.shape[1] === columns / 2 &&
    bitmask!.dtype === 'U8' &&
    bitmask!.shape.length === 2 &&
    maskRows === rows &&
    maskColumns === Math.ceil(columns / 8);
  if (!fits)
    throw new InvalidDataError(
      `${shape!.at} says [${rows},${columns}], which does not fit packed values [${compressed!.shape}] and a mask ${bitmask!.dtype} [${bitmask!.shape}].`,
    );
  return [rows, columns];
}

async function readParts(parts: Parts): Promise<Sparse24Weight> {
  const shape = await shapeOf(parts);
  return { shape, compressed: await parts.compressed!.read(), bitmask: await parts.bitmask!.readBytes() };
}

const unpack = ({ bitmask }: Parts, weight: Sparse24Weight): Float32Array =>
  unpackSparse24(weight, bitmask!.at);
