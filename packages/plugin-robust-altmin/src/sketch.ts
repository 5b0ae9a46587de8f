import type { RandomSource } from '@espalier/core';
import { createMatrix, gemm, type Matrix } from '@espalier/linalg';
import { paddedLength, walshHadamardInPlace } from './walsh-hadamard.js';

/** A random map from s0 rows to s: |S A x| is about |A x| for every x. */
export type SketchName = 'srht' | 'count' | 'gaussian' | 'leverage';

/** [S A, S b] (s x (k + 1)) of [A, b] (s0 x (k + 1)), and what it cost. */
export interface Sketch {
  readonly matrix: Matrix;
  readonly flops: number;
}

/** Draws a sketch with s rows and applies it to the columns of `a`, the right-hand side among them. */
export function drawSketch(name: SketchName, a: Matrix, s: number, random: RandomSource): Sketch {
  const { rows, cols } = a;
  switch (name) {
    case 'srht': {
      const padded = paddedLength(rows);
      const signs = Float64Array.from({ length: rows }, () => (random.uniform() < 0.5 ? -1 : 1));
      const sampled = random.sample(padded, s);
      return { matrix: applySrht(a, signs, sampled), flops: padded * Math.log2(padded) * cols + s * cols };
    }
    case 'count': {
      const signs = Float64Array.from({ length: rows }, () => (random.uniform() < 0.5 ? -1 : 1));
      const buckets = Int32Array.from({ length: rows }, () => random.integer(s));
      return { matrix: applyCountSketch(a, signs, buckets, s), flops: rows * cols };
    }
    case 'gaussian': {
      const gaussian = createMatrix(s, rows);
      const scale = 1 / Math.sqrt(s);
      for (let e = 0; e < s * rows; e++) gaussian.data[e] = scale * random.normal();
      return { matrix: gemm(gaussian, a), flops: 2 * s * rows * cols };
    }
    case 'leverage':
      return { matrix: sampleByLeverage(a, s, random), flops: 2 * rows * cols + s * cols };
  }
}

/**
 * Subsampled randomised Hadamard transform: signs, zero padding, unnormalised Walsh-Hadamard transform, the sampled rows over sqrt(s).
 * @param signs +-1 for each row of A
 * @param sampled s positions below the padded length, no one twice
 */
export function applySrht(a: Matrix, signs: Float64Array, sampled: Int32Array): Matrix {
  const { rows, cols } = a;
  const padded = paddedLength(rows);
  const work = new Float64Array(padded * cols);
  for (let i = 0; i < rows; i++) {
    for (let t = 0; t < cols; t++) work[i * cols + t] = signs[i] * a.data[i * cols + t];
  }
  walshHadamardInPlace(work, padded, cols);
  const s = sampled.length;
  const out = createMatrix(s, cols);
  const scale = 1 / Math.sqrt(s);
  for (let i = 0; i < s; i++) {
    for (let t = 0; t < cols; t++) out.data[i * cols + t] = scale * work[sampled[i] * cols + t];
  }
  return out;
}

/** CountSketch: row i is added to row buckets[i] with its sign. */
export function applyCountSketch(a: Matrix, signs: Float64Array, buckets: Int32Array, s: number): Matrix {
  const { rows, cols } = a;
  const out = createMatrix(s, cols);
  for (let i = 0; i < rows; i++) {
    for (let t = 0; t < cols; t++) out.data[buckets[i] * cols + t] += signs[i] * a.data[i * cols + t];
  }
  return out;
}

/**
 * Rows sampled with replacement, row i with probability p_i, scaled by 1/sqrt(s p_i). The columns of A come from a factor with
 * orthonormal columns, so that A^T A is about a multiple of the identity and the leverage of a row about its squared norm: half of
 * p_i follows that, the other half is uniform. The last column of `a` is the right-hand side and plays no part in p_i.
 */
function sampleByLeverage(a: Matrix, s: number, random: RandomSource): Matrix {
  const { rows, cols } = a;
  const squares = new Float64Array(rows);
  let total = 0;
  for (let i = 0; i < rows; i++) {
    for (let t = 0; t < cols - 1; t++) squares[i] += a.data[i * cols + t] ** 2;
    total += squares[i];
  }
  const cumulative = new Float64Array(rows);
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    sum += 0.5 / rows + (total > 0 ? (0.5 * squares[i]) / total : 0.5 / rows);
    cumulative[i] = sum;
  }
  const out = createMatrix(s, cols);
  for (let k = 0; k < s; k++) {
    const i = firstAbove(cumulative, random.uniform() * sum);
    const probability = cumulative[i] - (i > 0 ? cumulative[i - 1] : 0);
    const scale = 1 / Math.sqrt(s * probability);
    for (let t = 0; t < cols; t++) out.data[k * cols + t] = scale * a.data[i * cols + t];
  }
  return out;
}

/** The first position of an ascending array whose number is above `value`; the last one where none is. */
function firstAbove(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
