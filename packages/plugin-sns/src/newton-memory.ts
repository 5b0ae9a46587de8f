import { createMatrix, createWorkspace, type Matrix } from '@espalier/linalg';
import { createHistogram, type PlanHistogram } from './sparsify.js';
import type { Transport } from './transport.js';

/** Matrices that all Newton steps of one run share, made when they are first needed. */
export interface NewtonMemory {
  readonly histogram: PlanHistogram;
  /** k x k, k the smaller side. */
  complement(): Matrix;
  /** n x m, for steps that keep all of P: P, and P with scaled lines. The complement then stands beside them. */
  dense(): { readonly p: Matrix; readonly scaled: Matrix };
}

/** The memory of a run. The complement comes from the workspace of the cost, where there is one. */
export function createNewtonMemory({ c, workspace }: Transport): NewtonMemory {
  const small = Math.min(c.rows, c.cols);
  const { rows, cols } = c;
  let complement: Matrix | undefined;
  let dense: { p: Matrix; scaled: Matrix } | undefined;
  return {
    histogram: createHistogram(),
    complement() {
      complement ??= workspace?.allocateMatrix(small, small) ?? createMatrix(small, small);
      return complement;
    },
    dense() {
      if (dense) return dense;
      // Operands of one product must share a memory, or they are copied for each.
      const room = workspace && createWorkspace(8 * (2 * rows * cols + small * small) + 192);
      const make = room?.allocateMatrix.bind(room) ?? createMatrix;
      dense = { p: make(rows, cols), scaled: make(rows, cols) };
      complement = make(small, small);
      return dense;
    },
  };
}
