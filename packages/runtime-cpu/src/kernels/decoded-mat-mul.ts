import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context } from '../context.js';

/** A matrix `[outputs, inputs]` in a form that assembly/decoded-matmul.ts decodes block by block. */
export interface StoredMatrix {
  readonly format: 'CODEBOOK' | 'N_OF_M' | 'INTEGERS';
  readonly outputs: number;
  readonly inputs: number;
  /** Blocks are cut at multiples of these; 1 where left out. */
  readonly outputStep?: number;
  readonly inputStep?: number;
  /** The format's own arguments. */
  readonly arguments: readonly number[];
}

/** Columns of a decoded block: those that assembly/gemm.ts packs together. */
const INPUTS = 256;
/** Rows of a decoded block that stays in the first cache, for y = x W^T; and of one that is packed again, for y = x W. */
const OUTPUTS = 16;
const GRADIENT_OUTPUTS = 64;

/** y = x W^T. */
export function decodedMatMul(context: Context, x: TensorInfo, matrix: StoredMatrix): TensorInfo {
  const rows = x.shape[0]!;
  const y = allocate(context, [rows, matrix.outputs]);
  const [outputs, inputs] = blockOf(context, matrix, OUTPUTS);
  // Few enough pieces of one row that each is worth handing out; cut by size alone.
  const grain = rows === 1 ? Math.max(1, Math.floor(PIECE_WORK / (outputs * matrix.inputs))) : 1;
  run(context, 'DECODED_MATMUL', Math.ceil(matrix.outputs / outputs), grain, x, y, matrix, [outputs, inputs]);
  return y;
}

/** y = x W. */
export function decodedMatMulGradient(context: Context, x: TensorInfo, matrix: StoredMatrix): TensorInfo {
  const y = allocate(context, [x.shape[0]!, matrix.inputs]);
  const [outputs, inputs] = blockOf(context, matrix, GRADIENT_OUTPUTS);
  run(context, 'DECODED_MATMUL_GRADIENT', Math.ceil(matrix.inputs / inputs), 1, x, y, matrix, [
    outputs,
    inputs,
  ]);
  return y;
}

/** Elements of the matrix that a piece has at least, for one row. */
const PIECE_WORK = 1 << 15;

function run(
  context: Context,
  piece: string,
  count: number,
  grain: number,
  x: TensorInfo,
  y: TensorInfo,
  { format, outputs, inputs, arguments: own }: StoredMatrix,
  block: readonly [number, number],
): void {
  const rows = x.shape[0]!;
  if (rows === 0) return;
  const [from, to] = [addressOf(context, x), addressOf(context, y)];
  const general = [from, to, rows, inputs, outputs, context.simd.constant(format), ...block];
  context.simd.run(piece, count, grain, [...general, ...own]);
}

/** Rows and columns of a decoded block: multiples of the steps, of no more numbers than there is room for. */
function blockOf(
  { simd }: Context,
  { outputStep = 1, inputStep = 1 }: StoredMatrix,
  outputs: number,
): [outputs: number, inputs: number] {
  const room = simd.constant('DECODED');
  const multiple = (step: number, most: number) => Math.max(step, Math.floor(most / step) * step);
  const rows = multiple(outputStep, Math.min(outputs, room / inputStep));
  return [rows, multiple(inputStep, Math.min(INPUTS, room / rows))];
}
