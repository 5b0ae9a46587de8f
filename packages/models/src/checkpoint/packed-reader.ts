import {
  type CompressedWeight,
  InvalidDataError,
  type TensorPart,
  type TensorParts,
  UnsupportedError,
  type WeightCodec,
  type WeightDecoder,
} from '@espalier/core';
import { denseValues } from '../definers/compress-layers.js';
import type { CheckpointReader, TensorInfo } from './checkpoint.js';
import { ELEMENT_BYTES, elementCount, type FloatDtype } from './dtype.js';
import { bytesFromFloats, firstNonFinite } from './float-bytes.js';
import { throwUnknown } from './tensor-reader.js';

/** A reader that also gives weights in the form in which they are stored. */
export interface PackedReader extends CheckpointReader {
  /** The weight of a layer (its name without `.weight`) in its stored form; undefined where it is stored dense. */
  weight(layer: string): Promise<CompressedWeight> | undefined;
}

/**
 * Shows the packed weights of files as the dense ones that they stand for, `<layer>.weight`, and gives them in their stored form; all
 * other tensors are as they are.
 * @param dtype element type of the dense weights, which `readBytes` rounds to
 * @throws InvalidDataError for parts that are missing or do not fit each other
 */
export async function packedReader(
  stored: CheckpointReader,
  codec: WeightCodec,
  decoder: WeightDecoder,
  dtype: FloatDtype,
): Promise<PackedReader> {
  const packed = new Map<string, TensorInfo & { readonly parts: TensorParts }>();
  const names: string[] = [];
  const { parts: required, optionalParts = [] } = codec;
  for (const name of stored.names) {
    const part = [...required, ...optionalParts].find((one) => name.endsWith(`.${one}`));
    const layer = part && name.slice(0, -part.length - 1);
    if (layer === undefined) names.push(name);
    else if (!packed.has(`${layer}.weight`)) {
      const parts = partsOf(stored, codec, layer);
      const shape = await decoder.shapeOf(parts, layer);
      const bytes = elementCount(shape)! * ELEMENT_BYTES[dtype];
      packed.set(`${layer}.weight`, { dtype, shape, bytes, parts });
    }
  }
  const twice = [...packed.keys()].find((name) => stored.has(name));
  if (twice !== undefined)
    throw new InvalidDataError(
      `${stored.fileOf(twice)}: the tensor '${twice}' is there both dense and packed.`,
    );
  const all = [...names, ...packed.keys()];
  const known = new Set(all);
  const requireKnown = (name: string) => (known.has(name) ? name : throwUnknown(name, all));
  const read = async (name: string): Promise<Float32Array> => {
    const weight = packed.get(name);
    if (!weight) return stored.read(requireKnown(name));
    return checkedDense(name, weight.parts, decoder);
  };
  return {
    names: all,
    metadata: stored.metadata,
    has: (name) => known.has(name),
    info(name) {
      const { dtype, shape, bytes } = packed.get(name) ?? stored.info(requireKnown(name));
      return { dtype, shape, bytes };
    },
    fileOf(name) {
      const parts = packed.get(name)?.parts;
      return stored.fileOf(parts ? partName(name, codec.parts[0]!) : requireKnown(name));
    },
    read,
    async readBytes(name, start = 0, end) {
      if (!packed.has(name)) return stored.readBytes(requireKnown(name), start, end);
      return new Uint8Array(bytesFromFloats(dtype, await read(name))).slice(start, end);
    },
    weight(layer) {
      const parts = packed.get(`${layer}.weight`)?.parts;
      return parts && decoder.decode(parts, layer);
    },
    close: () => stored.close(),
  };
}

const partName = (weight: string, part: string) => `${weight.replace(/\.weight$/, '')}.${part}`;

/** All tensors of one layer. */
function partsOf(stored: CheckpointReader, codec: WeightCodec, layer: string): TensorParts {
  const { parts, optionalParts = [] } = codec;
  const present = optionalParts.filter((part) => stored.has(`${layer}.${part}`));
  const there = [...parts, ...present].find((part) => stored.has(`${layer}.${part}`))!;
  const file = stored.fileOf(`${layer}.${there}`);
  return Object.fromEntries(
    [...parts, ...present].map((part): [string, TensorPart] => {
      const name = `${layer}.${part}`;
      if (!stored.has(name))
        throw new InvalidDataError(
          `${file}: the packed weight of '${layer}' lacks its tensor '${name}'; '${layer}.${there}' is there.`,
        );
      const { dtype, shape } = stored.info(name);
      const at = `${stored.fileOf(name)}: the tensor '${name}'`;
      return [
        part,
        { dtype, shape, at, read: () => stored.read(name), readBytes: () => stored.readBytes(name) },
      ];
    }),
  );
}

async function checkedDense(name: string, parts: TensorParts, decoder: WeightDecoder): Promise<Float32Array> {
  const layer = name.replace(/\.weight$/, '');
  const values = decoder.toDense
    ? await decoder.toDense(parts, layer)
    : await decodedDense(parts, layer, decoder);
  const bad = firstNonFinite(values);
  if (bad >= 0)
    throw new UnsupportedError(
      `The weight '${name}' is ${values[bad]} at element ${bad} when it is unpacked.`,
    );
  return values;
}

async function decodedDense(
  parts: TensorParts,
  layer: string,
  decoder: WeightDecoder,
): Promise<Float32Array> {
  const weight = await decoder.decode(parts, layer);
  try {
    return await denseValues(weight);
  } finally {
    weight.dispose();
  }
}
