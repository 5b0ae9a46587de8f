import { matMul, stack, type Tensor, type Tensor2D, tensor, tensor2d, unstack } from '@tensorflow/tfjs-core';
import { type BitmapTiles, packTiles, type TileLayout, unpackTiles } from './bitmap-tiles.js';
import { float16FromFloat32, float32FromFloat16 } from './half-precision.js';
import { defineOp, type Op } from './op.js';
import { requireDtype, requireNumber, requireShape } from './requirements.js';
import { values, wholeNumber } from './samples.js';

/** Sparse matrices of several heads, as tensors. */
export interface BitmapTensors {
  /** int32 `[heads, bytes / 4]`: the bytes of each head's bits, four to a number, filled up with zeros. */
  readonly words: Tensor;
  /** int32 `[heads, offsets]` */
  readonly offsets: Tensor;
  /** float32 `[n]`, or int32 `[n / 2]` with two float16 numbers each: all heads, one after the other, and 16 spare bytes. */
  readonly values: Tensor;
  /** int32 `[heads]`: where each head's values begin, in values. */
  readonly starts: Tensor;
}

/** The layout, with how many of the elements are zero: it decides between two loops. */
export type BitmapAttributes = TileLayout & { readonly sparsity: number };

/**
 * Rows times sparse matrices, head by head: y[h] = x[h] M[h], computed on the packed form. No gradient.
 *
 * @param x float32 [heads, rows, reduction]
 * @returns float32 [heads, rows, outputs]
 * @throws TypeError for another dtype, RangeError for shapes that do not fit
 */
export function bitmapMatMul(x: Tensor, matrix: BitmapTensors, attributes: BitmapAttributes): Tensor {
  const { words, offsets, values: numbers, starts } = matrix;
  requireDtype('bitmapMatMul', 'x', x, 'float32');
  const [heads] = x.shape;
  const { width, reduction, outputs, reductionBlock } = attributes;
  requireShape('bitmapMatMul', 'x', x, [null, null, reduction]);
  const isWidth = [8, 16, 32, 64].includes(width);
  requireNumber('bitmapMatMul', 'width', width, isWidth, '8, 16, 32 or 64');
  requireNumber('bitmapMatMul', 'outputs', outputs, outputs % width === 0, `a multiple of ${width}`);
  const divides = reduction % reductionBlock === 0;
  requireNumber('bitmapMatMul', 'reductionBlock', reductionBlock, divides, `a divisor of ${reduction}`);
  for (const [name, each] of Object.entries({ words, offsets, starts }))
    requireDtype('bitmapMatMul', name, each, 'int32');
  requireShape('bitmapMatMul', 'words', words, [heads, Math.ceil((reduction * outputs) / 32)]);
  requireShape('bitmapMatMul', 'starts', starts, [heads]);
  return bitmapMatMulOp.run({ x, words, offsets, values: numbers, starts }, { ...attributes })[0];
}

/** `BitmapMatMul`: { x [h, r, n], words, offsets, values, starts }, the layout -> [y [h, r, outputs]]. No gradient. */
export const bitmapMatMulOp: Op<
  { x: Tensor; words: Tensor; offsets: Tensor; values: Tensor; starts: Tensor },
  { [name in keyof BitmapAttributes]: BitmapAttributes[name] }
> = defineOp({
  name: 'BitmapMatMul',
  summary: 'Rows times sparse matrices that are stored as bits and values.',
  reference({ x, words, offsets, values: numbers, starts }, layout) {
    const products = (unstack(x) as Tensor2D[]).map((row, head) =>
      matMul(row, denseTiles({ words, offsets, values: numbers, starts }, layout, head)),
    );
    return [stack(products)];
  },
  sample(random) {
    const width = 2 ** wholeNumber(random, 3, 6);
    const blocks = wholeNumber(random, 1, 3);
    const reductionBlock = wholeNumber(random, 1, 9);
    const layout: TileLayout = {
      width,
      reduction: blocks * reductionBlock,
      outputs: width * wholeNumber(random, 1, 3),
      reductionBlock,
      packing: random() < 0.5 ? 'padded' : 'compact',
    };
    const sparsity = random() < 0.5 ? 0.95 : 0.5;
    const halves = random() < 0.5;
    const heads = wholeNumber(random, 1, 3);
    const tiles = Array.from({ length: heads }, () => {
      const dense = Float32Array.from({ length: layout.reduction * layout.outputs }, () =>
        random() < sparsity ? 0 : 4 * random() - 2,
      );
      return packTiles(
        layout,
        (row, output) => dense[row * layout.outputs + output],
        halves ? float16FromFloat32 : undefined,
      );
    });
    const x = values(random, [heads, wholeNumber(random, 1, 5), layout.reduction]);
    return { inputs: { x, ...bitmapTensors(tiles) }, attributes: { ...layout, sparsity } };
  },
});

/** The matrix `[reduction, outputs]` of one head. */
export function denseTiles(
  { words, offsets, values, starts }: BitmapTensors,
  layout: TileLayout,
  head: number,
): Tensor2D {
  const first = starts.dataSync()[head];
  const row = (x: Tensor) => {
    const width = x.shape[1]!;
    return Int32Array.from(x.dataSync().slice(head * width, (head + 1) * width));
  };
  const all = values.dataSync();
  const numbers =
    values.dtype === 'int32' ? new Uint16Array(Int32Array.from(all).buffer) : Float32Array.from(all);
  const tiles = {
    words: new Uint8Array(row(words).buffer),
    offsets: row(offsets),
    values: numbers.subarray(first),
  };
  return tensor2d(unpackTiles(layout, tiles, float32FromFloat16), [layout.reduction, layout.outputs]);
}

/** Packed matrices of one layout as tensors. */
export function bitmapTensors(heads: readonly BitmapTiles[]): {
  words: Tensor;
  offsets: Tensor;
  values: Tensor;
  starts: Tensor;
} {
  const wordRow = Math.ceil(heads[0].words.length / 4);
  const words = new Uint8Array(heads.length * wordRow * 4);
  const starts = new Int32Array(heads.length);
  let count = 0;
  heads.forEach((head, i) => {
    words.set(head.words, i * wordRow * 4);
    starts[i] = count;
    count += head.values.length;
  });
  const offsetRow = heads[0].offsets.length;
  const offsets = new Int32Array(heads.length * offsetRow);
  heads.forEach((head, i) => {
    offsets.set(head.offsets, i * offsetRow);
  });
  const halves = heads[0].values instanceof Uint16Array;
  // Loads of four numbers at a time run past the last value: 16 bytes are spare.
  const spare = 16 / (halves ? 2 : 4);
  const numbers = halves
    ? new Uint16Array(2 * Math.ceil((count + spare) / 2))
    : new Float32Array(count + spare);
  heads.forEach((head, i) => {
    numbers.set(head.values, starts[i]);
  });
  return {
    words: tensor(new Int32Array(words.buffer), [heads.length, wordRow], 'int32'),
    offsets: tensor(offsets, [heads.length, offsetRow], 'int32'),
    values: halves
      ? tensor(new Int32Array(numbers.buffer), [numbers.length / 2], 'int32')
      : tensor(numbers, [numbers.length], 'float32'),
    starts: tensor(starts, [heads.length], 'int32'),
  };
}
