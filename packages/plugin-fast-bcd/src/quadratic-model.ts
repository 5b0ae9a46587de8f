import { type CsrMatrix, createMatrix, csrMatvec, type Matrix } from '@espalier/linalg';
import type { Lattice } from './lattice.js';
import type { SmoothModel } from './smooth-model.js';

/**
 * 0.5 x'A x - b'x with A symmetric and sparse. The gradient A x - b is kept up to date: a step costs the degrees of its block.
 */
export function quadraticModel(A: CsrMatrix, b: Float64Array, lattice?: Lattice): SmoothModel {
  const n = A.rows;
  const { rowPointers: starts, columnIndices: indices, values } = A;
  const x = new Float64Array(n);
  const gradient = new Float64Array(n);
  let value = 0;
  /** 1 + place in the block at hand; 0 outside. */
  const place = new Int32Array(n);
  /** Calls `visit` with each stored entry of A inside the block. */
  const overBlock = (block: Int32Array, visit: (i: number, j: number, entry: number) => void) => {
    for (let j = 0; j < block.length; j++) place[block[j]] = j + 1;
    for (let i = 0; i < block.length; i++) {
      for (let k = starts[block[i]]; k < starts[block[i] + 1]; k++) {
        const j = place[indices[k]];
        if (j > 0) visit(i, j - 1, values[k]);
      }
    }
    for (let j = 0; j < block.length; j++) place[block[j]] = 0;
  };
  const change = (block: Int32Array, step: Float64Array): number => {
    let [linear, curvature] = [0, 0];
    for (let j = 0; j < block.length; j++) linear += gradient[block[j]] * step[j];
    overBlock(block, (i, j, entry) => {
      curvature += step[i] * entry * step[j];
    });
    return linear + 0.5 * curvature;
  };
  const blockOf = (block: Int32Array): Matrix => {
    const matrix = createMatrix(block.length, block.length);
    overBlock(block, (i, j, entry) => {
      matrix.data[i * block.length + j] = entry;
    });
    return matrix;
  };
  return {
    n,
    quadratic: true,
    x,
    graph: A,
    lattice,
    lipschitz: diagonalOf(A),
    moveTo(to) {
      x.set(to);
      csrMatvec(A, x, gradient);
      value = 0;
      for (let i = 0; i < n; i++) {
        value += x[i] * (0.5 * gradient[i] - b[i]);
        gradient[i] -= b[i];
      }
    },
    value: () => value,
    gradient: () => gradient,
    blockGradient: (block) => Float64Array.from(block, (i) => gradient[i]),
    valueAfter: (block, step) => value + change(block, step),
    move(block, step) {
      value += change(block, step);
      for (let j = 0; j < block.length; j++) {
        const i = block[j];
        x[i] += step[j];
        if (step[j] === 0) continue;
        for (let k = starts[i]; k < starts[i + 1]; k++) gradient[indices[k]] += step[j] * values[k];
      }
    },
    hessian: blockOf,
    hessianBound: blockOf,
    applyBound: (d, out) => void csrMatvec(A, d, out),
    boundRowSums() {
      const sums = new Float64Array(n);
      for (let i = 0; i < n; i++) {
        for (let k = starts[i]; k < starts[i + 1]; k++) sums[i] += Math.abs(values[k]);
      }
      return sums;
    },
  };
}

/** The diagonal; 0 where nothing is stored. */
export function diagonalOf({ rows, rowPointers, columnIndices, values }: CsrMatrix): Float64Array {
  const diagonal = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    for (let k = rowPointers[i]; k < rowPointers[i + 1]; k++) {
      if (columnIndices[k] === i) diagonal[i] = values[k];
    }
  }
  return diagonal;
}
