import type { Matrix } from '@espalier/linalg';
import type { Arena } from './arena.js';

/** A factor in an arena: one row after the other, each padded by a zero to an even length, as the kernels want it. */
export interface Factor {
  readonly rows: number;
  /** Numbers of a row that count. */
  readonly size: number;
  /** Numbers from one row to the next: `size`, or one more. */
  readonly stride: number;
  readonly data: Float64Array;
}

/** `size` made even. */
export function strideOf(size: number): number {
  return size + (size & 1);
}

/** A factor of zeros. */
export function createFactor(arena: Arena, rows: number, size: number): Factor {
  const stride = strideOf(size);
  return { rows, size, stride, data: arena.float64(rows * stride) };
}

/** Copies a rows x size matrix into the factor. */
export function fillFactor(factor: Factor, { data }: Matrix): void {
  const { rows, size, stride } = factor;
  if (size === stride) {
    factor.data.set(data);
    return;
  }
  for (let i = 0; i < rows; i++) {
    for (let t = 0; t < size; t++) factor.data[i * stride + t] = data[i * size + t];
  }
}

/** The factor as a matrix without padding: a copy outside of the arena. */
export function factorMatrix({ rows, size, stride, data }: Factor): Matrix {
  if (size === stride) return { rows, cols: size, data: Float64Array.from(data) };
  const out = new Float64Array(rows * size);
  for (let i = 0; i < rows; i++) {
    for (let t = 0; t < size; t++) out[i * size + t] = data[i * stride + t];
  }
  return { rows, cols: size, data: out };
}
