import { whole } from './arguments';
import { decodeCodebook } from './codebook';
import { fewRows } from './few-rows';
import { gemm, gemmRoom } from './gemm';
import { decodeIntegers, integerVector } from './integers';
import { at } from './lanes';
import { decodeNOfM, nOfMVector, writeShuffles } from './n-of-m';

/*
 * Products with a matrix W [outputs, inputs] that is stored in another form: a block of it is decoded into memory that stays in a cache, and
 * multiplied there. Arguments: x, y, rows, inputs, outputs, format, outputs of a block, inputs of a block (their product is DECODED numbers
 * at most), then those of the format.
 */

export const CODEBOOK: i32 = 0;
export const N_OF_M: i32 = 1;
export const INTEGERS: i32 = 2;

/** Numbers of a decoded block at most. */
export const DECODED: usize = 16384;

/** y = x W^T. Index: block of outputs. */
export function decodedMatmulPiece(args: usize, first: usize, last: usize, room: usize): void {
  const x = whole(args, 0);
  const rows = whole(args, 2);
  const inputs = whole(args, 3);
  const outputs = whole(args, 4);
  const format = <i32>whole(args, 5);
  const block = whole(args, 6);
  const step = whole(args, 7);
  const decoded = at(room, gemmRoom());
  const shuffles = at(decoded, DECODED);
  if (format == N_OF_M) writeShuffles(shuffles);
  for (let i = first; i < last; i++) {
    const output = i * block;
    const count = min(block, outputs - output);
    if (rows == 1 && format == N_OF_M) {
      nOfMVector(args, output, count, shuffles);
      continue;
    }
    if (rows == 1 && format == INTEGERS && integerVector(args, output, count)) continue;
    const y = at(whole(args, 1), output);
    for (let input: usize = 0; input < inputs; input += step) {
      const width = min(step, inputs - input);
      decode(format, args, output, count, input, width, decoded, shuffles);
      fewRows(rows, count, width, at(x, input), inputs, decoded, width, y, outputs, input > 0);
    }
  }
}

/** y = x W, for x [rows, outputs]. Index: block of inputs. */
export function decodedMatmulGradientPiece(args: usize, first: usize, last: usize, room: usize): void {
  const x = whole(args, 0);
  const rows = whole(args, 2);
  const inputs = whole(args, 3);
  const outputs = whole(args, 4);
  const format = <i32>whole(args, 5);
  const block = whole(args, 6);
  const step = whole(args, 7);
  const decoded = at(room, gemmRoom());
  const shuffles = at(decoded, DECODED);
  if (format == N_OF_M) writeShuffles(shuffles);
  for (let i = first; i < last; i++) {
    const input = i * step;
    const width = min(step, inputs - input);
    const y = at(whole(args, 1), input);
    for (let output: usize = 0; output < outputs; output += block) {
      const count = min(block, outputs - output);
      decode(format, args, output, count, input, width, decoded, shuffles);
      gemm(rows, width, count, at(x, output), outputs, 1, decoded, width, 1, y, inputs, output > 0, room);
    }
  }
}

/** `count` rows of W from `output` on, of each `width` numbers from `input` on, row-major to `target`. */
function decode(
  format: i32,
  args: usize,
  output: usize,
  count: usize,
  input: usize,
  width: usize,
  target: usize,
  shuffles: usize,
): void {
  if (format == CODEBOOK) decodeCodebook(args, output, count, input, width, target);
  else if (format == N_OF_M) decodeNOfM(args, output, count, input, width, target, shuffles);
  else decodeIntegers(args, output, count, input, width, target);
}
