import { InvalidDataError, type StoredArrays, type StoredWeight } from '@espalier/core';
import { float32FromFloat16, packCodes, packedWeight, unpackCodes } from '@espalier/models';
import {
  type CodebookLayer,
  type CodebookLayout,
  dequantizeTiles,
  fromTiles,
  scaleCount,
  scalesAreCoded,
  tileCount,
  tileSize,
} from './codebook-layer.js';
import type { CodebookWeight } from './codebook-weight.js';
import { toHalf } from './half-values.js';
import { type Coded, codeSecondLevel, readSecondLevel, rowLength } from './second-level.js';
import { storedNumber } from './stored-number.js';

/** Whether a layout needs the form of this file. */
export const hasSecondLevel = ({ scaleBits = 0, codebookValueBits = 16 }: CodebookLayout): boolean =>
  scaleBits > 0 || codebookValueBits < 16;

/**
 * A codebook weight with a second level: codebooks as codes into small tables, a scale for each tile, these coded as well where that is shorter.
 * Tables, and what is not coded, are in float16. Products decode it; it has no trainable parts of its own.
 *
 * @throws NumericalError for numbers beyond float16
 */
export function codedCodebookWeight(layer: CodebookLayer): CodebookWeight {
  const second = codeSecondLevel(layer);
  const pack = (coded: Coded) => ({
    codes: packed(coded.codes, coded.bits),
    tables: half('tables', coded.tables),
  });
  const [codebooks, scales] = [
    second.codebooks && pack(second.codebooks),
    second.scales && pack(second.scales),
  ];
  return weightOf(layer.layout, {
    codes: packed(layer.codes, layer.layout.codeBits),
    ...(codebooks
      ? { codebookCodes: codebooks.codes, codebookTables: codebooks.tables }
      : { codebooks: half('codebooks', layer.codebooks) }),
    ...(scales
      ? { scaleCodes: scales.codes, scaleTables: scales.tables }
      : { scales: half('scales', layer.scales) }),
  });
}

/** The weight from what it stores. @throws InvalidDataError when the parts do not fit each other */
export function restoreCodedCodebook({ shape, arrays, attributes }: StoredWeight): CodebookWeight {
  const number = (name: string) => storedNumber(attributes, name, 0);
  const layout: CodebookLayout = {
    outputs: shape[0],
    inputs: shape[1],
    outGroup: number('outGroup'),
    inGroup: number('inGroup'),
    codebooks: number('codebooks'),
    codeBits: number('codeBits'),
    scaleBits: number('scaleBits'),
    codebookValueBits: number('codebookValueBits'),
    codebookValueGroups: number('codebookValueGroups'),
  };
  for (const [name, length] of Object.entries(lengthsOf(layout))) {
    const data = arrays[name]?.data;
    if (
      !(data instanceof (name.toLowerCase().endsWith('codes') ? Uint8Array : Uint16Array)) ||
      data.length !== length
    )
      throw new InvalidDataError(
        `A stored codebook weight [${shape}] of this layout has ${length} elements in '${name}'; given ${data?.length ?? 'none'}.`,
      );
  }
  return weightOf(layout, arrays);
}

/** Elements of each array: bytes of codes, float16 of everything else. */
function lengthsOf(layout: CodebookLayout): Readonly<Record<string, number>> {
  const { outputs, outGroup, codebooks, codeBits, scaleBits = 0 } = layout;
  const { codebookValueBits = 16, codebookValueGroups = 1 } = layout;
  const bytes = (count: number, bits: number) => Math.ceil((count * bits) / 8);
  const values = codebooks * 2 ** codeBits * tileSize(layout);
  return {
    codes: bytes(tileCount(layout) * codebooks, codeBits),
    ...(codebookValueBits < 16
      ? {
          codebookCodes: bytes(values, codebookValueBits),
          codebookTables: 2 ** codebookValueBits * codebooks * codebookValueGroups * tileSize(layout),
        }
      : { codebooks: values }),
    ...(scalesAreCoded(layout)
      ? {
          scaleCodes: bytes(scaleCount(layout), scaleBits),
          scaleTables: (outputs / outGroup) * 2 ** scaleBits,
        }
      : { scales: scaleCount(layout) }),
  };
}

function weightOf(layout: CodebookLayout, arrays: StoredArrays): CodebookWeight {
  const { outputs, inputs, outGroup, inGroup, codebooks, codeBits } = layout;
  const { scaleBits = 0, codebookValueBits = 16, codebookValueGroups = 1 } = layout;
  const layer = (): CodebookLayer => layerOf(layout, arrays);
  const weight = packedWeight({
    format: 'codebook',
    shape: [outputs, inputs],
    arrays,
    attributes: { outGroup, inGroup, codebooks, codeBits, scaleBits, codebookValueBits, codebookValueGroups },
    decode: () => Float32Array.from(fromTiles(dequantizeTiles(layer()), layout)),
  });
  return { ...weight, format: 'codebook', layout, layer: async () => layer() };
}

function layerOf(layout: CodebookLayout, arrays: StoredArrays): CodebookLayer {
  const { codebooks: count, codeBits, scaleBits = 0, codebookValueBits = 16 } = layout;
  const codes = (name: string, bits: number, length: number) =>
    unpackCodes(arrays[name].data as Uint8Array, bits, length);
  const halves = (name: string) => Float64Array.from(float32FromFloat16(arrays[name].data as Uint16Array));
  const values = count * 2 ** codeBits * tileSize(layout);
  const second = {
    ...(arrays['codebookCodes'] && {
      codebooks: {
        bits: codebookValueBits,
        length: rowLength(layout),
        codes: codes('codebookCodes', codebookValueBits, values),
        tables: halves('codebookTables'),
      },
    }),
    ...(arrays['scaleCodes'] && {
      scales: {
        bits: scaleBits,
        length: layout.inputs / layout.inGroup,
        codes: codes('scaleCodes', scaleBits, scaleCount(layout)),
        tables: halves('scaleTables'),
      },
    }),
  };
  const plain: CodebookLayer = {
    layout,
    codes: codes('codes', codeBits, tileCount(layout) * count),
    codebooks: second.codebooks ? new Float64Array(values) : halves('codebooks'),
    scales: second.scales ? new Float64Array(scaleCount(layout)) : halves('scales'),
  };
  return readSecondLevel(plain, second);
}

function packed(codes: ArrayLike<number>, bits: number) {
  const data = packCodes(codes, bits);
  return { shape: [data.length], data };
}

function half(what: string, values: Float64Array) {
  const data = toHalf(what, values);
  return { shape: [data.length], data };
}
