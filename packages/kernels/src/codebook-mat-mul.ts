import {
  add,
  gather,
  matMul,
  mul,
  reshape,
  slice,
  stack,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  transpose,
  unsortedSegmentSum,
} from '@tensorflow/tfjs-core';
import {
  type CodebookShape,
  type CodebookTensors,
  codeCounts,
  codesOfTensor,
  codeTensor,
  codeWords,
  floatsOf,
  halfTensor,
  LARGEST_TILE,
} from './codebook-layout.js';
import { float16FromFloat32, float32FromFloat16 } from './half-precision.js';
import { defineOp, type Op } from './op.js';
import { paddedWords } from './packed-words.js';
import { requireDtype, requireNumber, requireShape } from './requirements.js';
import { values, wholeNumber } from './samples.js';

/** The shape of the codebooks, as attributes of a kernel. */
type Attributes = { readonly [name in keyof CodebookShape]: CodebookShape[name] };
type Matrix = { codes: Tensor; codebooks: Tensor; scales: Tensor };

/**
 * x times the transpose of a matrix that is stored as codes into codebooks (additive quantization): tile (i, j) of the matrix is
 * scale_i sum_m C_m[code_ijm].
 * Source: V. Egiazarian et al., "Extreme Compression of Large Language Models via Additive Quantization", 2024.
 *
 * @param x float32 [rows, inputs]
 * @returns float32 [rows, outputs]; differentiable by x, and by codebooks and scales where they are float32
 * @throws TypeError for another dtype, RangeError for shapes that do not fit
 */
export function codebookMatMul(x: Tensor, matrix: CodebookTensors, shape: CodebookShape): Tensor2D {
  requireCodebooks('codebookMatMul', matrix, shape);
  requireDtype('codebookMatMul', 'x', x, 'float32');
  requireShape('codebookMatMul', 'x', x, [null, shape.inputs]);
  return codebookMatMulOp.run({ x, ...matrix }, { ...shape })[0] as Tensor2D;
}

/** The matrix `[outputs, inputs]` that the tensors stand for, in plain tfjs ops; differentiable by float32 codebooks and scales. */
export function codebookMatrix(matrix: CodebookTensors, shape: CodebookShape): Tensor2D {
  requireCodebooks('codebookMatrix', matrix, shape);
  return decoded(matrix, shape);
}

/** `CodebookMatMul`: { x [rows, inputs], codes, codebooks, scales }, the shape -> [y [rows, outputs]]. */
export const codebookMatMulOp: Op<{ x: Tensor } & Matrix, Attributes> = defineOp({
  name: 'CodebookMatMul',
  summary: 'Rows times a matrix that is stored as codes into codebooks.',
  reference: ({ x, ...matrix }, shape) => [matMul(x as Tensor2D, decoded(matrix, shape), false, true)],
  gradient: {
    inputsToSave: ['x', 'codes', 'codebooks', 'scales'],
    backward([dy], [x, codes, codebooks, scales], shape) {
      const matrix = { codes: codes!, codebooks: codebooks!, scales: scales! };
      const byRows = { x: () => codebookMatMulGradientOp.run({ dy: dy!, ...matrix }, shape)[0]! };
      if (codebooks!.dtype !== 'float32' && scales!.dtype !== 'float32') return byRows;
      // Made here rather than in the functions below: what one of them makes, tfjs disposes of before it calls the next.
      const tiles = tilesOf(matMul(dy as Tensor2D, x as Tensor2D, true), shape);
      return {
        ...byRows,
        ...(codebooks!.dtype === 'float32' && { codebooks: () => byCodebooks(tiles, matrix, shape) }),
        ...(scales!.dtype === 'float32' && { scales: () => byScales(tiles, matrix, shape) }),
      };
    },
  },
  sample(random) {
    const { shape, matrix } = randomCodebooks(random);
    const x = values(random, [wholeNumber(random, 1, 14), shape.inputs]);
    return { inputs: { x, ...matrix }, attributes: shape };
  },
});

/** `CodebookMatMulGradient`: { dy [rows, outputs], codes, codebooks, scales } -> [dx [rows, inputs]], dy times the matrix. */
export const codebookMatMulGradientOp: Op<{ dy: Tensor } & Matrix, Attributes> = defineOp({
  name: 'CodebookMatMulGradient',
  summary: 'Gradient of CodebookMatMul by its rows.',
  reference: ({ dy, ...matrix }, shape) => [matMul(dy as Tensor2D, decoded(matrix, shape))],
  sample(random) {
    const { shape, matrix } = randomCodebooks(random);
    const dy = values(random, [wholeNumber(random, 1, 14), shape.outputs]);
    return { inputs: { dy, ...matrix }, attributes: shape };
  },
});

function requireCodebooks(
  op: string,
  { codes, codebooks, scales }: CodebookTensors,
  shape: CodebookShape,
): void {
  const { outputs, inputs, outGroup, inGroup, codebooks: count, codeBits } = shape;
  const isBits = Number.isInteger(codeBits) && codeBits >= 1 && codeBits <= 16;
  requireNumber(op, 'codeBits', codeBits, isBits, 'a whole number from 1 to 16');
  requireNumber(
    op,
    'codebooks',
    count,
    Number.isInteger(count) && count >= 1,
    'a whole number of at least 1',
  );
  requireNumber(
    op,
    'outGroup',
    outGroup,
    outGroup >= 1 && outputs % outGroup === 0,
    `a divisor of ${outputs}`,
  );
  requireNumber(op, 'inGroup', inGroup, inGroup >= 1 && inputs % inGroup === 0, `a divisor of ${inputs}`);
  const size = outGroup * inGroup;
  requireNumber(op, 'outGroup times inGroup', size, size <= LARGEST_TILE, `${LARGEST_TILE} at most`);
  requireDtype(op, 'codes', codes, 'int32');
  requireShape(op, 'codes', codes, [codeWords(shape)]);
  const vectors = count * 2 ** codeBits * size;
  if (codebooks.dtype === 'float32')
    requireShape(op, 'codebooks', codebooks, [count, 2 ** codeBits, outGroup, inGroup]);
  else requireHalves(op, 'codebooks', codebooks, vectors);
  if (scales.dtype === 'float32') requireShape(op, 'scales', scales, [outputs / outGroup]);
  else requireHalves(op, 'scales', scales, outputs / outGroup);
}

function requireHalves(op: string, name: string, numbers: Tensor, count: number): void {
  requireDtype(op, name, numbers, 'int32');
  requireShape(op, name, numbers, [paddedWords(2 * count)]);
}

function decoded(matrix: CodebookTensors, shape: CodebookShape): Tensor2D {
  const { outputs, inputs, outGroup, inGroup } = shape;
  const { groups, columns } = codeCounts(shape);
  const tiles = reshape(unscaledTiles(matrix, shape), [groups, columns, outGroup, inGroup]);
  const scales = floatsOf(matrix.scales, [groups, 1, 1], float32FromFloat16);
  const rows = reshape(transpose(tiles, [0, 2, 1, 3]), [groups, outGroup, inputs]);
  return reshape(mul(rows, scales), [outputs, inputs]) as Tensor2D;
}

/** `[tiles, outGroup inGroup]`: sums of vectors, out-group major. */
function unscaledTiles(matrix: CodebookTensors, shape: CodebookShape): Tensor {
  const { outGroup, inGroup, codebooks: count, codeBits } = shape;
  const vectors = floatsOf(matrix.codebooks, [count, 2 ** codeBits, outGroup * inGroup], float32FromFloat16);
  return codesByCodebook(matrix.codes, shape)
    .map((codes, m) => gather(reshape(slice(vectors, [m, 0, 0], [1, -1, -1]), [2 ** codeBits, -1]), codes))
    .reduce((total, each) => add(total, each));
}

/** A tensor of codes for each codebook, in the order of the tiles. */
function codesByCodebook(codes: Tensor, shape: CodebookShape): Tensor1D[] {
  const all = codesOfTensor(shape, codes.dataSync());
  const count = shape.codebooks;
  return Array.from({ length: count }, (_, m) =>
    tensor1d(
      Int32Array.from({ length: all.length / count }, (_, tile) => all[tile * count + m]!),
      'int32',
    ),
  );
}

/** A matrix `[outputs, inputs]` as `[tiles, outGroup inGroup]`. */
function tilesOf(matrix: Tensor, shape: CodebookShape): Tensor {
  const { groups, columns } = codeCounts(shape);
  const { outGroup, inGroup } = shape;
  const parts = reshape(matrix, [groups, outGroup, columns, inGroup]);
  return reshape(transpose(parts, [0, 2, 1, 3]), [groups * columns, outGroup * inGroup]);
}

/** dC_m[k]: the sum over the tiles that use the vector of scale times gradient. */
function byCodebooks(tiles: Tensor, { codes, scales }: CodebookTensors, shape: CodebookShape): Tensor {
  const { groups, columns } = codeCounts(shape);
  const { outGroup, inGroup, codebooks: count, codeBits } = shape;
  const size = outGroup * inGroup;
  const factors = floatsOf(scales, [groups, 1, 1], float32FromFloat16);
  const scaled = reshape(mul(reshape(tiles, [groups, columns, size]), factors), [groups * columns, size]);
  const sums = codesByCodebook(codes, shape).map((each) => unsortedSegmentSum(scaled, each, 2 ** codeBits));
  return reshape(stack(sums), [count, 2 ** codeBits, outGroup, inGroup]);
}

/** ds_i: the product of the gradient and the sums of vectors, over the tiles that share the scale. */
function byScales(tiles: Tensor, matrix: CodebookTensors, shape: CodebookShape): Tensor {
  const products = mul(tiles, unscaledTiles(matrix, shape));
  return sum(reshape(products, [codeCounts(shape).groups, -1]), 1);
}

function randomCodebooks(random: () => number): { shape: CodebookShape; matrix: CodebookTensors } {
  const pick = (choices: readonly number[]) => choices[Math.floor(random() * choices.length)]!;
  const [outGroup, inGroup] = [pick([1, 1, 2, 3, 4]), pick([1, 2, 3, 4, 8])];
  // Now and then as many rows as make tables of products worth while.
  const groups = random() < 0.3 ? wholeNumber(random, 60, 90) : wholeNumber(random, 1, 9);
  const shape: CodebookShape = {
    outGroup,
    inGroup,
    outputs: outGroup * groups,
    inputs: inGroup * wholeNumber(random, 1, 40),
    codebooks: wholeNumber(random, 1, 3),
    codeBits: pick([1, 2, 3, 8, 9]),
  };
  const { groups: scaleCount, codes: codeCount } = codeCounts(shape);
  const codes = Uint16Array.from({ length: codeCount }, () => Math.floor(random() * 2 ** shape.codeBits));
  const floats = {
    codebooks: values(random, [shape.codebooks, 2 ** shape.codeBits, outGroup, inGroup]),
    scales: values(random, [scaleCount]),
  };
  const half = (numbers: Tensor) =>
    halfTensor(float16FromFloat32(Float32Array.from(numbers.dataSync<'float32'>())));
  const matrix = {
    codes: codeTensor(shape, codes),
    codebooks: random() < 0.5 ? floats.codebooks : half(floats.codebooks),
    scales: random() < 0.5 ? floats.scales : half(floats.scales),
  };
  return { shape, matrix };
}
