import type { Context } from './context.js';

/** A matrix in memory: element (i, j) stands `i row + j column` numbers after `address`. */
export interface Matrix {
  readonly address: number;
  readonly row: number;
  readonly column: number;
  /** Distance of two matrices of a batch; 0 takes the same one every time. */
  readonly batch: number;
}

/** C = A B, or C += A B; C has rows `c.row` apart and columns next to each other. */
export interface Product {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: Matrix;
  readonly b: Matrix;
  readonly c: Omit<Matrix, 'column'>;
  readonly accumulate?: boolean;
}

/** Multiply-adds of one product from which a call of the native library pays; a batch of smaller ones shares threads better. */
const BLAS_WORK = 1 << 21;

/** Multiplies with the native BLAS where there is one and the product is large, else in WebAssembly. */
export function multiply(context: Context, product: Product): void {
  const { batch, m, n, k } = product;
  if (batch * m * n === 0) return;
  if (context.blas && m * n * k >= BLAS_WORK && isBlasMatrix(product.a) && isBlasMatrix(product.b)) {
    multiplyWithBlas(context, product);
  } else {
    multiplyWithSimd(context, product);
  }
}

/** Whether rows or columns are contiguous, as BLAS requires. */
function isBlasMatrix({ row, column }: Matrix): boolean {
  return column === 1 || row === 1;
}

function multiplyWithBlas({ blas, memory }: Context, product: Product): void {
  const { batch, m, n, k, a, b, c, accumulate } = product;
  if (blas === undefined) return;
  const base = blas.addressOf(memory.buffer);
  const transposeA = a.column !== 1;
  const transposeB = b.column !== 1;
  // A leading dimension is at least the width of the matrix as stored, even where there is one row only.
  const aRow = Math.max(transposeA ? a.column : a.row, transposeA ? m : k);
  const bRow = Math.max(transposeB ? b.column : b.row, transposeB ? k : n);
  for (let i = 0; i < batch; i++) {
    blas.sgemm(
      transposeA,
      transposeB,
      m,
      n,
      k,
      base + a.address + 4 * i * a.batch,
      aRow,
      base + b.address + 4 * i * b.batch,
      bRow,
      accumulate ? 1 : 0,
      base + c.address + 4 * i * c.batch,
      c.row,
    );
  }
}

function multiplyWithSimd({ simd }: Context, product: Product): void {
  const { batch, m, n, k, a, b, c, accumulate } = product;
  const [rows, columns] = blockOf(batch, m, n, k);
  const blocks = batch * Math.ceil(m / rows) * Math.ceil(n / columns);
  simd.run('MATMUL', blocks, 1, [
    m,
    n,
    k,
    a.address,
    a.batch,
    a.row,
    a.column,
    b.address,
    b.batch,
    b.row,
    b.column,
    c.address,
    c.batch,
    c.row,
    accumulate ? 1 : 0,
    rows,
    columns,
  ]);
}

/** Tile of the innermost loop: blocks are multiples of it. */
const TILE_ROWS = 6;
const TILE_COLUMNS = 8;
/** Pieces that a product is cut into at least, so that some threads can take more of them than others. */
const PIECES = 16;
/** Multiply-adds that a piece has at least. */
const PIECE_WORK = 1 << 17;

/** Rows and columns of the blocks that a product is cut into: by its size alone, so that results never depend on threads. */
function blockOf(batch: number, m: number, n: number, k: number): [rows: number, columns: number] {
  const pieces = Math.min(Math.ceil(PIECES / batch), Math.ceil((m * n * k) / PIECE_WORK));
  if (pieces <= 1) return [roundUp(m, TILE_ROWS), roundUp(n, TILE_COLUMNS)];
  // The longer side is cut first: each block packs its own part of both matrices.
  const rowPieces = Math.min(
    Math.max(1, Math.round(Math.sqrt((pieces * m) / n))),
    pieces,
    Math.ceil(m / TILE_ROWS),
  );
  const columnPieces = Math.min(Math.ceil(pieces / rowPieces), Math.ceil(n / TILE_COLUMNS));
  return [roundUp(Math.ceil(m / rowPieces), TILE_ROWS), roundUp(Math.ceil(n / columnPieces), TILE_COLUMNS)];
}

function roundUp(n: number, multiple: number): number {
  return Math.max(multiple, Math.ceil(n / multiple) * multiple);
}
