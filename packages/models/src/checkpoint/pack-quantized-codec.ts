import type { WeightCodec } from '@espalier/core';
import { decodeIntegers } from '@espalier/kernels';
import { packCodes, unpackCodes } from '../weights/bits.js';
import { restoreInteger } from '../weights/integer.js';
import { transposed, wordCount, wordsFromRun } from './code-words.js';
import {
  isPackQuantized,
  PACK_QUANTIZED_FORMAT,
  packQuantization,
  readPackQuantization,
  schemeOfWeight,
} from './pack-quantized-config.js';
import { geometryOf, readArrays } from './pack-quantized-parts.js';
import { storedShape } from './stored-shape.js';

/**
 * Integer weights, w = scale (code - zero), in the format `pack-quantized` of compressed-tensors
 * (github.com/vllm-project/compressed-tensors). A layer `L` of weight `[rows, columns]` with `groups` scales a row becomes
 * - `L.weight_packed` I32 `[rows, ceil(columns bits / 32)]`: the codes of a row, the lowest bits first;
 * - `L.weight_scale` `[rows, groups]`;
 * - `L.weight_shape` I64 `[2]`: rows and columns;
 * - `L.weight_zero_point` I32 `[ceil(rows bits / 32), groups]`: the zeros, packed along the rows; none where all are 2^(bits-1);
 * - `L.weight_g_idx` I32 `[columns]`: the group of each column, where groups are not of consecutive ones.
 *
 * Codes and zeros stand there without sign, from 0 on. Those of 3, 5, 6 and 7 bits cross words, as in the library since June 2026 (its pull
 * request 732); the older layout, with whole codes in a word, is read too, as are zeros that are not packed (I8, less 2^(bits-1)). Scales
 * keep the precision in which the method stored them.
 */
export const packQuantizedCodec: WeightCodec = {
  method: 'compressed-tensors',
  variant: PACK_QUANTIZED_FORMAT,
  summary: 'Integers of 1 to 8 bits with scales (pack-quantized); made for transformers and vLLM.',
  formats: ['integer'],
  parts: ['weight_packed', 'weight_scale', 'weight_shape'],
  optionalParts: ['weight_zero_point', 'weight_g_idx'],
  configure: packQuantization,
  encode({ arrays, ...outline }) {
    const [rows, columns] = outline.shape;
    const { bits, symmetric, groupSize, listed } = schemeOfWeight('The weight', outline);
    const groups = groupSize === 'row' ? 1 : columns / groupSize;
    const scales = arrays.scales!.data;
    const words = wordCount('continuous', columns, bits);
    return {
      weight_packed: {
        dtype: 'I32',
        shape: [rows, words],
        content: wordsFromRun(arrays.codes!.data as Uint8Array, rows, columns, bits),
      },
      weight_scale: {
        dtype: scales instanceof Float32Array ? 'F32' : 'F16',
        shape: [rows, groups],
        content: bytesOf(scales),
      },
      weight_shape: {
        dtype: 'I64',
        shape: [2],
        content: storedShape(outline.shape),
      },
      ...(!symmetric && {
        weight_zero_point: {
          dtype: 'I32',
          shape: [zeroWords(rows, bits), groups],
          content: packZeros(arrays.zeros!.data as Uint8Array, rows, groups, bits),
        },
      }),
      ...(listed && {
        weight_g_idx: {
          dtype: 'I32',
          shape: [columns],
          content: bytesOf(Int32Array.from(arrays.groupOfInput!.data as Uint16Array)),
        },
      }),
    };
  },
  reads: isPackQuantized,
  open(configuration, at) {
    const schemeOf = readPackQuantization(configuration, at);
    return {
      shapeOf: async (parts, layer) => (await geometryOf(parts, schemeOf(layer))).shape,
      async decode(parts, layer) {
        const geometry = await geometryOf(parts, schemeOf(layer));
        return restoreInteger(geometry.shape, await readArrays(parts, geometry));
      },
      async toDense(parts, layer) {
        const geometry = await geometryOf(parts, schemeOf(layer));
        const [outputs, inputs] = geometry.shape;
        const { bits, groupSize, ...arrays } = await readArrays(parts, geometry);
        return decodeIntegers({ outputs, inputs, bits, groupSize }, arrays);
      },
    };
  },
};

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength);

const zeroWords = (rows: number, bits: number) => wordCount('continuous', rows, bits);

/** Zeros `[rows, groups]` in one run as words `[words, groups]`. */
function packZeros(run: Uint8Array, rows: number, groups: number, bits: number): Uint8Array {
  const zeros = transposed(unpackCodes(run, bits, rows * groups), rows, groups);
  const words = wordsFromRun(packCodes(zeros, bits), groups, rows, bits);
  return bytesOf(transposed(new Uint32Array(words.slice().buffer), groups, zeroWords(rows, bits)));
}
