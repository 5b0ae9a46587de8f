import { reshape, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { bytesOfWords, paddedWords, wordTensor } from './packed-words.js';

/** A matrix `[outputs, inputs]` in tiles `[outGroup, inGroup]`, each a scale times a sum of vectors from codebooks. */
export interface CodebookShape {
  readonly outputs: number;
  readonly inputs: number;
  /** Rows of a tile, which share a scale; divides `outputs`. */
  readonly outGroup: number;
  /** Columns of a tile; divides `inputs`. A tile has 4,096 elements at most. */
  readonly inGroup: number;
  /** M: vectors that are added up for a tile. */
  readonly codebooks: number;
  /** B, 1 to 16: each codebook has 2^B vectors. */
  readonly codeBits: number;
}

/** Such a matrix as tensors. */
export interface CodebookTensors {
  /** int32: codes of one byte each (two for more than 8 bits), `[inputs / inGroup, outputs / outGroup, M]`, then 16 spare bytes. */
  readonly codes: Tensor;
  /** float32 `[M, 2^B, outGroup, inGroup]`, or int32 with two float16 numbers each, then 16 spare bytes. */
  readonly codebooks: Tensor;
  /** float32 `[outputs / outGroup]`, or int32 as `codebooks`. */
  readonly scales: Tensor;
}

/** Elements of a tile at most. */
export const LARGEST_TILE = 4096;

/** Out-groups, in-groups, and codes in all. */
export function codeCounts({ outputs, inputs, outGroup, inGroup, codebooks }: CodebookShape): {
  readonly groups: number;
  readonly columns: number;
  readonly codes: number;
} {
  const [groups, columns] = [outputs / outGroup, inputs / inGroup];
  return { groups, columns, codes: groups * columns * codebooks };
}

/** Length of the tensor that {@link codeTensor} makes. */
export const codeWords = (shape: CodebookShape): number =>
  paddedWords(codeCounts(shape).codes * bytesOfCode(shape));

/**
 * Codes `[outputs / outGroup, inputs / inGroup, M]` in the order and width in which they are multiplied: all rows of an in-group stand together.
 * @throws RangeError for a code beyond B bits or another number of codes
 */
export function codeTensor(shape: CodebookShape, codes: ArrayLike<number>): Tensor {
  const counts = codeCounts(shape);
  if (codes.length !== counts.codes)
    throw new RangeError(`codeTensor: there are ${codes.length} codes; it must be ${counts.codes}.`);
  const ordered = bytesOfCode(shape) === 1 ? new Uint8Array(counts.codes) : new Uint16Array(counts.codes);
  const limit = 2 ** shape.codeBits;
  eachCode(shape, (inTensor, inTiles) => {
    const code = codes[inTiles]!;
    if (!(code >= 0 && code < limit))
      throw new RangeError(
        `codeTensor: code ${inTiles} is ${code}; it must be from 0 to ${limit - 1} at ${shape.codeBits} bits.`,
      );
    ordered[inTensor] = code;
  });
  return wordTensor(ordered);
}

/** The inverse of {@link codeTensor}, from the data of its tensor. */
export function codesOfTensor(shape: CodebookShape, data: ArrayLike<number>): Uint16Array<ArrayBuffer> {
  const { codes: count } = codeCounts(shape);
  const width = bytesOfCode(shape);
  const bytes = bytesOfWords(data, count * width);
  const ordered = width === 1 ? new Uint8Array(bytes) : new Uint16Array(bytes);
  const codes = new Uint16Array(count);
  eachCode(shape, (inTensor, inTiles) => {
    codes[inTiles] = ordered[inTensor]!;
  });
  return codes;
}

/** float16 numbers as a tensor of two each. */
export const halfTensor = (halves: Uint16Array): Tensor => wordTensor(halves);

/** Numbers of a tensor that may hold float16: float32 of the given shape. @param fromHalf reads float16 bits */
export function floatsOf(
  numbers: Tensor,
  shape: readonly number[],
  fromHalf: (bits: Uint16Array) => Float32Array,
): Tensor {
  if (numbers.dtype === 'float32') return reshape(numbers, [...shape]);
  const count = shape.reduce((product, n) => product * n, 1);
  const halves = new Uint16Array(bytesOfWords(numbers.dataSync(), 2 * count));
  return tensor(fromHalf(halves), [...shape], 'float32');
}

const bytesOfCode = ({ codeBits }: CodebookShape): 1 | 2 => (codeBits <= 8 ? 1 : 2);

function eachCode(shape: CodebookShape, visit: (inTensor: number, inTiles: number) => void): void {
  const { groups, columns } = codeCounts(shape);
  const count = shape.codebooks;
  for (let column = 0, at = 0; column < columns; column++)
    for (let group = 0; group < groups; group++)
      for (let m = 0; m < count; m++) visit(at++, (group * columns + column) * count + m);
}
