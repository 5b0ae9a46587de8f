import { type CompressedWeight, InvalidDataError, type StoredWeight } from '@espalier/core';
import {
  bytesOfWords,
  type CodebookShape,
  type CodebookTensors,
  codebookMatMul,
  codebookMatrix,
  codesOfTensor,
  codeTensor,
  halfTensor,
} from '@espalier/kernels';
import { float32FromFloat16, multiplyRows, packCodes, unpackCodes } from '@espalier/models';
import { keep, reshape, type Tensor, tensor, tidy, type Variable, variable } from '@tensorflow/tfjs-core';
import { type CodebookLayer, type CodebookLayout, tileCount, tileSize } from './codebook-layer.js';
import { toHalf } from './half-values.js';
import { storedNumber } from './stored-number.js';

/** A weight of codes into codebooks, with a scale for each group of outputs. */
export interface CodebookWeight extends CompressedWeight {
  readonly format: 'codebook';
  readonly layout: CodebookLayout;
  /** What it holds at present, as float64. */
  layer(): Promise<CodebookLayer>;
}

/** Whether a weight is stored as codes. */
export const isCodebookWeight = (weight: CompressedWeight): weight is CodebookWeight =>
  weight.format === 'codebook' && 'layout' in weight;

/**
 * A weight that is stored as codes packed at B bits and codebooks and scales in float16, to which both are rounded here. Products are
 * computed from these (`codebookMatMul`), with codes of one byte, or two for B above 8; the matrix is made by `toDense` alone. Its parameters
 * are `codebooks` `[M, 2^B, outGroup, inGroup]` and `scales` `[outputs / outGroup, 1]`: once they are asked for, they stand in float32, and
 * products have gradients by both.
 *
 * @throws NumericalError for codebooks or scales beyond float16
 */
export function codebookWeight({ layout, codes, codebooks, scales }: CodebookLayer): CodebookWeight {
  return weightOf(layout, codes, toHalf('codebooks', codebooks), toHalf('scales', scales));
}

/** The weight from what it stores. @throws InvalidDataError when the parts do not fit the layout */
export function restoreCodebook({ shape, arrays, attributes }: StoredWeight): CodebookWeight {
  const number = (name: string) => storedNumber(attributes, name, 1);
  const layout: CodebookLayout = {
    outputs: shape[0],
    inputs: shape[1],
    outGroup: number('outGroup'),
    inGroup: number('inGroup'),
    codebooks: number('codebooks'),
    codeBits: number('codeBits'),
  };
  const { codes, codebooks, scales } = arrays;
  const count = tileCount(layout) * layout.codebooks;
  const expected = {
    codes: Math.ceil((count * layout.codeBits) / 8),
    codebooks: layout.codebooks * 2 ** layout.codeBits * tileSize(layout),
    scales: layout.outputs / layout.outGroup,
  };
  if (
    !(codes?.data instanceof Uint8Array && codes.data.length === expected.codes) ||
    !(codebooks?.data instanceof Uint16Array && codebooks.data.length === expected.codebooks) ||
    !(scales?.data instanceof Uint16Array && scales.data.length === expected.scales)
  )
    throw new InvalidDataError(
      `A stored codebook weight [${shape}] has ${expected.codes} bytes of codes, ${expected.codebooks} float16 in codebooks and ${expected.scales} scales.`,
    );
  return weightOf(layout, unpackCodes(codes.data, layout.codeBits, count), codebooks.data, scales.data);
}

function weightOf(
  layout: CodebookLayout,
  codes: Uint16Array,
  codebooks: Uint16Array,
  scales: Uint16Array,
): CodebookWeight {
  const { outputs, inputs, outGroup, inGroup, codebooks: count, codeBits } = layout;
  const shape: CodebookShape = { outputs, inputs, outGroup, inGroup, codebooks: count, codeBits };
  const shapes = { codebooks: [count, 2 ** codeBits, outGroup, inGroup], scales: [outputs / outGroup, 1] };
  const sizes = { codebooks: codebooks.length, scales: scales.length };
  const codeWords = tidy(() => keep(codeTensor(shape, codes)));
  let halves: Readonly<Record<Part, Tensor>> | undefined = tidy(() => ({
    codebooks: keep(halfTensor(codebooks)),
    scales: keep(halfTensor(scales)),
  }));
  let trained: Readonly<Record<Part, Variable>> | undefined;

  /** From here on codebooks and scales are variables. */
  const train = (): Readonly<Record<Part, Variable>> => {
    if (trained) return trained;
    const from = halves!;
    const make = (part: Part) =>
      tidy(() => variable(tensor(floatsOf(from[part].dataSync(), sizes[part]), shapes[part])));
    trained = { codebooks: make('codebooks'), scales: make('scales') };
    for (const part of Object.values(from)) part.dispose();
    halves = undefined;
    return trained;
  };
  /** Called in a tidy. */
  const tensors = (): CodebookTensors =>
    trained
      ? {
          codes: codeWords,
          codebooks: trained.codebooks,
          scales: reshape(trained.scales, [sizes.scales]),
        }
      : { codes: codeWords, ...halves! };
  const values = async (part: Part): Promise<Float64Array> =>
    Float64Array.from(
      trained ? await trained[part].data() : floatsOf(await halves![part].data(), sizes[part]),
    );
  const codesNow = async () => codesOfTensor(shape, await codeWords.data());
  const packedBytes = Math.ceil((codes.length * codeBits) / 8);
  return {
    format: 'codebook',
    shape: [outputs, inputs],
    layout,
    bytes: packedBytes + codebooks.byteLength + scales.byteLength,
    toDense: () => tidy(() => codebookMatrix(tensors(), shape)),
    matmul: (x) => multiplyRows(x, [outputs, inputs], (rows) => codebookMatMul(rows, tensors(), shape)),
    parameters: train,
    layer: async () => ({
      layout,
      codes: await codesNow(),
      codebooks: await values('codebooks'),
      scales: await values('scales'),
    }),
    async store() {
      const packed = packCodes(await codesNow(), codeBits);
      const half = async (part: Part) => ({
        shape: shapes[part],
        data: toHalf(part, await values(part)),
      });
      return {
        format: 'codebook',
        shape: [outputs, inputs],
        arrays: {
          codes: { shape: [packed.length], data: packed },
          codebooks: await half('codebooks'),
          scales: await half('scales'),
        },
        attributes: { outGroup, inGroup, codebooks: count, codeBits },
      };
    },
    dispose() {
      codeWords.dispose();
      for (const part of Object.values(trained ?? halves ?? {})) part.dispose();
    },
  };
}

/** What is trained. */
type Part = 'codebooks' | 'scales';

/** The float16 numbers of a tensor of words. */
const floatsOf = (words: ArrayLike<number>, count: number): Float32Array =>
  float32FromFloat16(new Uint16Array(bytesOfWords(words, 2 * count)));
