import { InvalidDataError, type JsonObject, UnsupportedError } from '@espalier/core';
import type { CheckpointReader, TensorInfo } from './checkpoint.js';
import { ELEMENT_BYTES, elementCount, isFloatDtype } from './dtype.js';
import { bytesFromFloats } from './float-bytes.js';
import { SPARSE24_FORMAT, unpackSparse24 } from './sparse24.js';
import { isJsonObject } from './strict-json.js';
import { throwUnknown } from './tensor-reader.js';

/** Whether a `quantization_config` says 2:4 sparsity of compressed-tensors and nothing else. */
export function isSparse24(quantization: JsonObject): boolean {
  const { quant_method: method, sparsity_config: sparsity, config_groups: groups } = quantization;
  const quantized = isJsonObject(groups) && Object.keys(groups).length > 0;
  return (
    method === 'compressed-tensors' &&
    isJsonObject(sparsity) &&
    sparsity.format === SPARSE24_FORMAT &&
    !quantized
  );
}

const PARTS = ['compressed', 'bitmask', 'shape'] as const;

/**
 * Shows the packed weights of a file as the dense ones that they stand for, `....weight`; all other tensors as they are.
 * @throws InvalidDataError for parts that are missing or do not fit each other
 */
export async function sparse24Reader(stored: CheckpointReader): Promise<CheckpointReader> {
  const packed = new Map<string, TensorInfo & { readonly layer: string }>();
  const names: string[] = [];
  for (const name of stored.names) {
    const [, layer, part] = /^(.*)\.(compressed|bitmask|shape)$/.exec(name) ?? [];
    if (layer === undefined) names.push(name);
    else if (part === 'compressed') packed.set(`${layer}.weight`, await denseInfo(stored, layer));
    else if (!stored.has(`${layer}.compressed`)) throw missing(layer, 'compressed');
  }
  const twice = [...packed.keys()].find((name) => stored.has(name));
  if (twice !== undefined)
    throw new InvalidDataError(`The tensor '${twice}' is there both dense and packed.`);
  const all = [...names, ...packed.keys()];
  const known = new Set(all);
  const read = async (name: string): Promise<Float32Array> => {
    const weight = packed.get(name);
    if (!weight) return known.has(name) ? stored.read(name) : throwUnknown(name, all);
    const { layer, shape } = weight;
    return unpackSparse24(
      {
        shape: shape as readonly [number, number],
        compressed: await stored.read(`${layer}.compressed`),
        bitmask: await stored.readBytes(`${layer}.bitmask`),
      },
      layer,
    );
  };
  return {
    names: all,
    metadata: stored.metadata,
    has: (name) => known.has(name),
    info(name) {
      if (!known.has(name)) throwUnknown(name, all);
      const { dtype, shape, bytes } = packed.get(name) ?? stored.info(name);
      return { dtype, shape, bytes };
    },
    read,
    async readBytes(name, start = 0, end) {
      const weight = packed.get(name);
      if (!weight) return known.has(name) ? stored.readBytes(name, start, end) : throwUnknown(name, all);
      if (!isFloatDtype(weight.dtype)) throw notFloat(weight);
      return new Uint8Array(bytesFromFloats(weight.dtype, await read(name))).slice(start, end);
    },
    close: () => stored.close(),
  };
}

/** The weight that the three tensors of a layer stand for. */
async function denseInfo(
  stored: CheckpointReader,
  layer: string,
): Promise<TensorInfo & { readonly layer: string }> {
  for (const part of PARTS) if (!stored.has(`${layer}.${part}`)) throw missing(layer, part);
  const { dtype, shape: packedShape } = stored.info(`${layer}.compressed`);
  if (!isFloatDtype(dtype)) throw notFloat({ dtype, layer });
  const shapeInfo = stored.info(`${layer}.shape`);
  if (shapeInfo.dtype !== 'I64' || shapeInfo.bytes !== 16) {
    throw new InvalidDataError(
      `'${layer}.shape' is ${shapeInfo.dtype} [${shapeInfo.shape}]; two I64 are expected.`,
    );
  }
  const shape = [...new BigInt64Array((await stored.readBytes(`${layer}.shape`)).buffer)].map(Number);
  const [rows, columns] = shape as [number, number];
  const [maskRows, maskColumns] = stored.info(`${layer}.bitmask`).shape;
  const fits =
    packedShape.length === 2 &&
    packedShape[0] === rows &&
    packedShape[1] === columns / 2 &&
    maskRows === rows &&
    maskColumns === Math.ceil(columns / 8);
  if (!fits) {
    throw new InvalidDataError(
      `'${layer}': a shape of [${shape}] does not fit packed values [${packedShape}] and a mask [${stored.info(`${layer}.bitmask`).shape}].`,
    );
  }
  return { layer, dtype, shape, bytes: elementCount(shape)! * ELEMENT_BYTES[dtype] };
}

const missing = (layer: string, part: string) =>
  new InvalidDataError(`The packed weight of '${layer}' lacks its tensor '${layer}.${part}'.`);

const notFloat = ({ dtype, layer }: { readonly dtype: string; readonly layer: string }) =>
  new UnsupportedError(`'${layer}.compressed' holds ${dtype}; packed values are read from F32, F16, BF16.`);
