import { matMul, type Tensor, type Tensor2D, tensor2d } from '@tensorflow/tfjs-core';
import { defineOp, type Op } from './op.js';
import { bytesOfWords, paddedWords, spareTensor, wordTensor } from './packed-words.js';
import { requireDtype, requireNumber, requireShape } from './requirements.js';
import { values, wholeNumber } from './samples.js';

/** A matrix `[outputs, inputs]` of which `n` of every `m` consecutive inputs are kept. */
export interface NOfMShape {
  readonly outputs: number;
  /** A multiple of `m`. */
  readonly inputs: number;
  readonly n: number;
  readonly m: number;
}

/** Such a matrix as tensors. */
export interface NOfMTensors {
  /** float32: the `n` values of each group, groups in row-major order, then 4 spare numbers. */
  readonly values: Tensor;
  /** int32: bit c % 8 of byte c / 8 says whether element c of the row-major matrix is kept, `n` in each group; then 16 spare bytes. */
  readonly mask: Tensor;
}

type Attributes = { readonly [name in keyof NOfMShape]: NOfMShape[name] };
type Matrix = { values: Tensor; mask: Tensor };

/**
 * x times the transpose of an n:m matrix.
 *
 * @param x float32 [rows, inputs]
 * @returns float32 [rows, outputs]; differentiable by x
 * @throws TypeError for another dtype, RangeError for shapes that do not fit
 */
export function nOfMMatMul(x: Tensor, matrix: NOfMTensors, shape: NOfMShape): Tensor2D {
  const { outputs, inputs, n, m } = shape;
  const op = 'nOfMMatMul';
  requireNumber(op, 'n', n, Number.isInteger(n) && n >= 1 && n < m, `a whole number from 1 to ${m - 1}`);
  requireNumber(op, 'inputs', inputs, inputs % m === 0, `a multiple of ${m}`);
  requireDtype(op, 'x', x, 'float32');
  requireShape(op, 'x', x, [null, inputs]);
  requireDtype(op, 'values', matrix.values, 'float32');
  requireShape(op, 'values', matrix.values, [paddedWords((4 * outputs * inputs * n) / m)]);
  requireDtype(op, 'mask', matrix.mask, 'int32');
  requireShape(op, 'mask', matrix.mask, [paddedWords(Math.ceil((outputs * inputs) / 8))]);
  return nOfMMatMulOp.run({ x, ...matrix }, { ...shape })[0] as Tensor2D;
}

/** Values and mask as tensors. @param mask bit c % 8 of byte c / 8 is element c */
export function nOfMTensors(values: Float32Array, mask: Uint8Array): Matrix {
  return { values: spareTensor(values), mask: wordTensor(mask) };
}

/** The row-major matrix of values and bits. */
export function decodeNOfM(size: number, values: Float32Array, mask: Uint8Array): Float32Array<ArrayBuffer> {
  const dense = new Float32Array(size);
  for (let i = 0, at = 0; i < size; i++) if ((mask[i >> 3]! >> (i & 7)) & 1) dense[i] = values[at++]!;
  return dense;
}

/** `NOfMMatMul`: { x [rows, inputs], values, mask }, the shape -> [y [rows, outputs]]. */
export const nOfMMatMulOp: Op<{ x: Tensor } & Matrix, Attributes> = defineOp({
  name: 'NOfMMatMul',
  summary: 'Rows times a matrix of which n of every m consecutive inputs are kept.',
  reference: ({ x, ...matrix }, shape) => [matMul(x as Tensor2D, decoded(matrix, shape), false, true)],
  gradient: {
    inputsToSave: ['values', 'mask'],
    backward: ([dy], [numbers, mask], shape) => ({
      x: () => nOfMMatMulGradientOp.run({ dy: dy!, values: numbers!, mask: mask! }, shape)[0]!,
    }),
  },
  sample(random) {
    const { shape, matrix } = randomMatrix(random);
    const x = values(random, [wholeNumber(random, 1, 14), shape.inputs]);
    return { inputs: { x, ...matrix }, attributes: shape };
  },
});

/** `NOfMMatMulGradient`: { dy [rows, outputs], values, mask }, the shape -> [dx [rows, inputs]], dy times the matrix. */
export const nOfMMatMulGradientOp: Op<{ dy: Tensor } & Matrix, Attributes> = defineOp({
  name: 'NOfMMatMulGradient',
  summary: 'Gradient of NOfMMatMul by its rows.',
  reference: ({ dy, ...matrix }, shape) => [matMul(dy as Tensor2D, decoded(matrix, shape))],
  sample(random) {
    const { shape, matrix } = randomMatrix(random);
    const dy = values(random, [wholeNumber(random, 1, 14), shape.outputs]);
    return { inputs: { dy, ...matrix }, attributes: shape };
  },
});

function decoded({ values: numbers, mask }: NOfMTensors, { outputs, inputs, n, m }: NOfMShape): Tensor2D {
  const size = outputs * inputs;
  const kept = new Float32Array(bytesOfWords(numbers.dataSync(), (4 * size * n) / m));
  const bits = new Uint8Array(bytesOfWords(mask.dataSync(), Math.ceil(size / 8)));
  return tensor2d(decodeNOfM(size, kept, bits), [outputs, inputs]);
}

function randomMatrix(random: () => number): { shape: NOfMShape; matrix: Matrix } {
  const patterns = [
    [2, 4],
    [2, 4],
    [4, 8],
    [1, 2],
    [2, 3],
    [5, 7],
    [3, 16],
  ] as const;
  const [n, m] = patterns[Math.floor(random() * patterns.length)]!;
  const groups = random() < 0.2 ? wholeNumber(random, 100, 200) : wholeNumber(random, 1, 20);
  const shape = { outputs: wholeNumber(random, 1, 40), inputs: m * groups, n, m };
  const size = shape.outputs * shape.inputs;
  const mask = new Uint8Array(Math.ceil(size / 8));
  for (let start = 0; start < size; start += m)
    for (let place = 0, left = n; place < m; place++)
      if (random() * (m - place) < left) {
        mask[(start + place) >> 3]! |= 1 << ((start + place) & 7);
        left--;
      }
  const kept = Float32Array.from({ length: (size * n) / m }, () => 4 * random() - 2);
  return { shape, matrix: nOfMTensors(kept, mask) };
}
