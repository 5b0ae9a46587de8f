import { createMatrix, csrToDense, gemm, type Matrix, svd, symmetricEigen, syrk } from '@espalier/linalg';
import { type Factor, factorMatrix, fillFactor } from './factor.js';
import { orthonormalise } from './orthonormalise.js';
import { type Side, sideArguments } from './side.js';
import type { Workbench } from './workbench.js';

/** The leading singular vectors and values of the matrix of observed values, zeros elsewhere. */
export interface LeadingVectors {
  /** m x k, orthonormal columns. */
  readonly left: Matrix;
  /** Descending. */
  readonly values: Float64Array;
}

/** Columns of the random block beyond the rank, and passes over the observations in each direction. */
export const OVERSAMPLING = 10;
const PASSES = 4;

/** Randomised block power iteration on the sparse matrix: 2 PASSES + 1 products, O(|Omega| k). */
export async function spectralVectors(bench: Workbench, rank: number): Promise<LeadingVectors> {
  const { block, random, byRow, byColumn } = bench;
  const x = createMatrix(block.columns.rows, block.columns.size);
  for (let e = 0; e < x.data.length; e++) x.data[e] = random.normal();
  fillFactor(block.columns, orthonormalise(x, random).q);
  let left = await product(bench, byRow, block.columns, block.rows);
  for (let pass = 0; pass < PASSES; pass++) {
    fillFactor(block.rows, orthonormalise(left, random).q);
    const right = await product(bench, byColumn, block.rows, block.columns);
    fillFactor(block.columns, orthonormalise(right, random).q);
    left = await product(bench, byRow, block.columns, block.rows);
  }
  return leadingOf(left, rank, bench);
}

/** Sparse times dense, over all groups. */
async function product(
  bench: Workbench,
  sides: readonly Side[],
  fixed: Factor,
  out: Factor,
): Promise<Matrix> {
  const sum = createMatrix(out.rows, out.size);
  for (const side of sides) {
    const factors = [fixed.data.byteOffset, fixed.stride, out.data.byteOffset];
    await bench.team.run('productRows', side.chunks, [...sideArguments(side), ...factors]);
    const part = factorMatrix(out);
    for (let e = 0; e < sum.data.length; e++) sum.data[e] += part.data[e];
  }
  return sum;
}

/** Singular values and left vectors of A Q (Q orthonormal), a tall matrix, from its Gram matrix. */
function leadingOf(y: Matrix, rank: number, { random }: Pick<Workbench, 'random'>): LeadingVectors {
  const { q, r } = orthonormalise(y, random);
  const { values, vectors } = symmetricEigen(syrk(r));
  const l = r.rows;
  const turned = createMatrix(l, rank);
  const singular = new Float64Array(rank);
  for (let c = 0; c < rank; c++) {
    singular[c] = Math.sqrt(Math.max(0, values[l - 1 - c]));
    for (let i = 0; i < l; i++) turned.data[i * rank + c] = vectors.data[i * l + l - 1 - c];
  }
  return { left: gemm(q, turned), values: singular };
}

/** The same by a dense singular value decomposition: exact, for small matrices. */
export function denseVectors(bench: Workbench, rank: number): LeadingVectors {
  const { rows, size } = { rows: bench.u.rows, size: bench.v.rows };
  const dense = createMatrix(rows, size);
  for (const side of bench.byRow) {
    const { pointers, indices, values, weights } = side;
    const weighted = weights ? values.map((value, e) => value * weights[e]) : values;
    const part = csrToDense({
      rows,
      cols: size,
      rowPointers: pointers,
      columnIndices: indices,
      values: weighted,
    });
    for (let e = 0; e < dense.data.length; e++) dense.data[e] += part.data[e];
  }
  const { u, values } = svd(dense);
  const left = createMatrix(rows, rank);
  for (let i = 0; i < rows; i++) {
    for (let c = 0; c < rank; c++) left.data[i * rank + c] = u.data[i * u.cols + c];
  }
  return { left, values: values.slice(0, rank) };
}

/** A random start: orthonormalised normal numbers. */
export function randomVectors(rows: number, rank: number, { random }: Pick<Workbench, 'random'>): Matrix {
  const x = createMatrix(rows, rank);
  for (let e = 0; e < x.data.length; e++) x.data[e] = random.normal();
  return orthonormalise(x, random).q;
}
