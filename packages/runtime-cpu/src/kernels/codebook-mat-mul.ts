import { type CodebookShape, codebookMatMulGradientOp, codebookMatMulOp } from '@espalier/kernels';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, ELEMENTS, withScratch } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';
import { decodedMatMul, decodedMatMulGradient, type StoredMatrix } from './decoded-mat-mul.js';

interface Matrix {
  readonly codes: TensorInfo;
  readonly codebooks: TensorInfo;
  readonly scales: TensorInfo;
}

/** `CodebookMatMul` and `CodebookMatMulGradient`: tables of products for few rows, else decoded block by block. */
export function codebookMatMul(context: Context): KernelDefinition[] {
  return [
    defineKernel<Matrix & { readonly x: TensorInfo }, CodebookShape>(
      codebookMatMulOp.name,
      'espalier-simd',
      ({ inputs: { x, ...matrix }, attrs }) =>
        withFloats(context, matrix, attrs, (codebooks, scales) =>
          tablesPay(x.shape[0]!, attrs)
            ? byTables(context, x, addressOf(context, matrix.codes), codebooks, scales, attrs)
            : decodedMatMul(context, x, stored(context, matrix.codes, codebooks, scales, attrs)),
        ),
    ),
    defineKernel<Matrix & { readonly dy: TensorInfo }, CodebookShape>(
      codebookMatMulGradientOp.name,
      'espalier-simd',
      ({ inputs: { dy, ...matrix }, attrs }) =>
        withFloats(context, matrix, attrs, (codebooks, scales) =>
          decodedMatMulGradient(context, dy, stored(context, matrix.codes, codebooks, scales, attrs)),
        ),
    ),
  ];
}

/** Rows up to which tables are made: a decoded block serves all rows, tables one. */
const TABLE_ROWS = 3;
/** Numbers of the tables of one in-group at most: they stay in the second cache. */
const TABLE_NUMBERS = 1 << 14;

/**
 * A table of 2^B outGroup products is made for each in-group and codebook, and looked into once an output. That pays where there are at least as
 * many out-groups as vectors in a codebook, codes take one byte, and rows are few: measured with 2 codebooks of 8 bits, tables take 40 % of the
 * time of decoding for one row, and as long as decoding for three (1024 outputs) or four (4096).
 */
function tablesPay(rows: number, { outputs, outGroup, codebooks, codeBits }: CodebookShape): boolean {
  const fits = codeBits <= 8 && codebooks * padded(2 ** codeBits * outGroup) <= TABLE_NUMBERS;
  return rows <= TABLE_ROWS && fits && outputs / outGroup >= 2 ** codeBits;
}

const padded = (entries: number): number => Math.ceil(entries / 4) * 4;

function stored(
  context: Context,
  codes: TensorInfo,
  codebooks: number,
  scales: number,
  { outputs, inputs, outGroup, inGroup, codebooks: count, codeBits }: CodebookShape,
): StoredMatrix {
  const own = [addressOf(context, codes), codebooks, scales, outGroup, inGroup, count, codeBits];
  return {
    format: 'CODEBOOK',
    outputs,
    inputs,
    outputStep: outGroup,
    inputStep: inGroup,
    arguments: [...own, bytesOfCode(codeBits)],
  };
}

const bytesOfCode = (codeBits: number): number => (codeBits <= 8 ? 1 : 2);

/** In-groups are cut into this many chunks at most, each with sums of its own. */
const CHUNKS = 16;
/** Look-ups of a chunk at least. */
const CHUNK_WORK = 1 << 14;

function byTables(
  context: Context,
  x: TensorInfo,
  codes: number,
  codebooks: number,
  scales: number,
  { outputs, inputs, outGroup, inGroup, codebooks: count, codeBits }: CodebookShape,
): TensorInfo {
  const rows = x.shape[0]!;
  const y = allocate(context, [rows, outputs]);
  const entries = 2 ** codeBits * outGroup;
  const width = padded(entries);
  const columns = inputs / inGroup;
  const work = columns * outputs * count;
  const chunk = Math.ceil(columns / Math.min(CHUNKS, columns, Math.ceil(work / CHUNK_WORK)));
  const chunks = Math.ceil(columns / chunk);
  const [books, numbers] = [count * inGroup * width, chunks * rows * outputs];
  withScratch(context, books + numbers, (scratch) => {
    const { simd } = context;
    const sums = scratch + 4 * books;
    const [from, to] = [addressOf(context, x), addressOf(context, y)];
    const columnPieces = Math.max(1, Math.ceil(ELEMENTS / entries));
    const layout = [codebooks, scratch, entries, inGroup, width];
    simd.run('CODEBOOK_COLUMNS', count * inGroup, columnPieces, layout);
    const sizes = [outGroup, inGroup, count, width, chunk];
    simd.run('CODEBOOK_TABLES', chunks * rows, 1, [
      ...[from, sums, rows, inputs, outputs, codes, scratch],
      ...sizes,
    ]);
    const totals = [sums, to, chunks, outputs, outGroup, scales, rows * outputs];
    simd.run('CODEBOOK_TOTALS', rows * outputs, Math.ceil(ELEMENTS / CHUNKS), totals);
  });
  return y;
}

/** Gives `work` the addresses of codebooks and scales in float32: where they lie, or converted for this call. */
function withFloats<T>(
  context: Context,
  { codebooks, scales }: Matrix,
  { outputs, outGroup, inGroup, codebooks: count, codeBits }: CodebookShape,
  work: (codebooks: number, scales: number) => T,
): T {
  const vectors = count * 2 ** codeBits * outGroup * inGroup;
  return asFloats(context, codebooks, vectors, (first) =>
    asFloats(context, scales, outputs / outGroup, (second) => work(first, second)),
  );
}

function asFloats<T>(context: Context, numbers: TensorInfo, count: number, work: (address: number) => T): T {
  if (numbers.dtype === 'float32') return work(addressOf(context, numbers));
  return withScratch(context, count, (address) => {
    context.simd.run('HALVES', count, ELEMENTS, [addressOf(context, numbers), address, count]);
    return work(address);
  });
}
