import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { addressOf, allocate, type Context, rowsOfPiece, withScratch } from '../context.js';
import { defineKernel, type KernelDefinition } from '../override.js';

interface Attributes {
  readonly axis: number | number[];
  readonly keepDims: boolean;
}

/** `Sum` and `Mean` over neighbouring axes, on all threads. */
export function sums(context: Context): KernelDefinition[] {
  return [
    defineKernel<{ x: TensorInfo }, Attributes>(
      'Sum',
      'espalier-simd',
      ({ inputs: { x }, attrs }) => reduce(context, x, attrs, () => 1),
      'wasm',
    ),
    defineKernel<{ x: TensorInfo }, Attributes>(
      'Mean',
      'espalier-simd',
      ({ inputs: { x }, attrs }) => reduce(context, x, attrs, (count) => 1 / count),
      'wasm',
    ),
  ];
}

function reduce(
  context: Context,
  x: TensorInfo,
  { axis, keepDims }: Attributes,
  factorOf: (count: number) => number,
): TensorInfo | undefined {
  if (x.dtype !== 'float32') return undefined;
  const axes = util.parseAxisParam(axis, x.shape).sort((a, b) => a - b);
  const neighbours = axes.every((value, i) => i === 0 || value === axes[i - 1]! + 1);
  const size = util.sizeFromShape(x.shape);
  if (!neighbours || axes.length === 0 || size === 0) return undefined;
  const [outShape] = backend_util.computeOutAndReduceShapes(x.shape, axes);
  const out = allocate(context, keepDims ? backend_util.expandShapeToKeepDim(outShape, axes) : outShape);
  const outer = util.sizeFromShape(x.shape.slice(0, axes[0]));
  const columns = util.sizeFromShape(x.shape.slice(axes.at(-1)! + 1));
  const rows = size / outer / columns;
  const factor = factorOf(rows);
  const from = addressOf(context, x);
  const to = addressOf(context, out);
  if (columns === 1) sumRows(context, from, to, outer, rows, factor);
  else sumColumns(context, from, to, outer, rows, columns, factor);
  return out;
}

/** Numbers that are added up at a time: sums of such sums share the work and round less. */
const CHUNK = 4096;
const ROWS_OF_CHUNK = 256;

function sumRows(
  context: Context,
  from: number,
  to: number,
  rows: number,
  columns: number,
  factor: number,
): void {
  const { simd } = context;
  if (columns >= 2 * CHUNK && columns % CHUNK === 0) {
    const chunks = columns / CHUNK;
    withScratch(context, rows * chunks, (partial) => {
      simd.run('ROW_SUMS', rows * chunks, rowsOfPiece(CHUNK), [from, partial, CHUNK], [1]);
      simd.run('ROW_SUMS', rows, rowsOfPiece(chunks), [partial, to, chunks], [factor]);
    });
  } else {
    simd.run('ROW_SUMS', rows, rowsOfPiece(columns), [from, to, columns], [factor]);
  }
}

/** Columns of a piece: a cache line and more. */
const COLUMNS = 32;

function sumColumns(
  context: Context,
  from: number,
  to: number,
  outer: number,
  rows: number,
  columns: number,
  factor: number,
): void {
  const { simd } = context;
  const blocks = Math.ceil(columns / COLUMNS);
  const grain = Math.max(1, Math.floor(rowsOfPiece(COLUMNS) / rows));
  if (rows >= 2 * ROWS_OF_CHUNK && rows % ROWS_OF_CHUNK === 0) {
    const chunks = rows / ROWS_OF_CHUNK;
    withScratch(context, outer * chunks * columns, (partial) => {
      simd.run(
        'COLUMN_SUMS',
        outer * chunks * blocks,
        1,
        [from, partial, ROWS_OF_CHUNK, columns, COLUMNS],
        [1],
      );
      simd.run('COLUMN_SUMS', outer * blocks, 1, [partial, to, chunks, columns, COLUMNS], [factor]);
    });
  } else {
    simd.run('COLUMN_SUMS', outer * blocks, grain, [from, to, rows, columns, COLUMNS], [factor]);
  }
}
