import type { RandomSource } from '@espalier/core';
import { createMatrix, type Matrix, Qr, SingularMatrixError, svd } from '@espalier/linalg';
import { conjugateGradients, factorSketch, richardson, solveUpperInPlace } from './preconditioned.js';
import { drawSketch, type SketchName } from './sketch.js';

/** A solution of min |A x - b|, and what it cost. */
export interface LeastSquares {
  readonly x: Float64Array;
  /** Iterations of the preconditioned system; 0 for a direct solve. */
  readonly iterations: number;
  readonly flops: number;
}

/** How the sketched solver works. */
export interface SketchedSolve {
  readonly sketch: SketchName;
  readonly iteration: 'cg' | 'richardson';
  /** c: the sketch has c k rows. */
  readonly factor: number;
  /** Stop when |R^-T A^T (b - A x)| <= tolerance |b|. */
  readonly tolerance: number;
  readonly maxInner: number;
}

/**
 * The paper's high-accuracy regression: sketch A and b, QR of the sketch, sketch-and-solve for the start, then an iteration on the system
 * preconditioned by R (Rokhlin and Tygert 2008; Avron, Maymounkov and Toledo 2010). Where the sketch would be no smaller than A, or lost
 * a direction, A is solved exactly.
 * @param a s0 x k
 */
export function sketchedLeastSquares(
  a: Matrix,
  b: Float64Array,
  settings: SketchedSolve,
  random: RandomSource,
): LeastSquares {
  const { rows, cols: k } = a;
  const s = Math.ceil(settings.factor * k);
  if (s >= rows) return exactLeastSquares(a, b);
  const sketch = drawSketch(settings.sketch, withColumn(a, b), s, random);
  const [sa, sb] = withoutColumn(sketch.matrix);
  const factor = factorSketch(sa, sb);
  if (!factor) return exactLeastSquares(a, b);
  const start = factor.rhs;
  solveUpperInPlace(factor.r, start);
  const iterate = settings.iteration === 'cg' ? conjugateGradients : richardson;
  let [x, iterations] = [start, -1];
  for (const point of iterate(a, b, factor.r, start)) {
    x = point.x;
    iterations++;
    if (point.gradient <= settings.tolerance || iterations >= settings.maxInner) break;
  }
  // Norm estimates can be wrong; a number that is none may not leave this function.
  if (!x.every(Number.isFinite)) return exactLeastSquares(a, b);
  const flops = sketch.flops + 2 * s * k * k + (iterations + 1) * (4 * rows * k + 2 * k * k);
  return { x, iterations, flops };
}

/** Householder QR; the solution of least norm where A has fewer rows than columns, or dependent columns. */
export function exactLeastSquares(a: Matrix, b: Float64Array): LeastSquares {
  const { rows, cols: k } = a;
  if (rows >= k) {
    try {
      return { x: Qr.factor(a).solve(b), iterations: 0, flops: 2 * rows * k * k };
    } catch (error) {
      if (!(error instanceof SingularMatrixError)) throw error;
    }
  }
  return { x: leastNorm(a, b), iterations: 0, flops: 4 * rows * k * Math.min(rows, k) };
}

/** Singular values below this share of the largest count as zero. */
const ZERO = 1e-12;

function leastNorm(a: Matrix, b: Float64Array): Float64Array {
  const { u, values, v } = svd(a);
  const x = new Float64Array(a.cols);
  for (let c = 0; c < values.length; c++) {
    if (!(values[c] > ZERO * values[0])) break;
    let coefficient = 0;
    for (let i = 0; i < a.rows; i++) coefficient += u.data[i * u.cols + c] * b[i];
    coefficient /= values[c];
    for (let t = 0; t < a.cols; t++) x[t] += coefficient * v.data[t * v.cols + c];
  }
  return x;
}

/** [A, b] */
function withColumn({ rows, cols, data }: Matrix, b: Float64Array): Matrix {
  const out = createMatrix(rows, cols + 1);
  for (let i = 0; i < rows; i++) {
    out.data.set(data.subarray(i * cols, (i + 1) * cols), i * (cols + 1));
    out.data[i * (cols + 1) + cols] = b[i];
  }
  return out;
}

/** [A, b] taken apart. */
function withoutColumn({ rows, cols, data }: Matrix): [Matrix, Float64Array] {
  const a = createMatrix(rows, cols - 1);
  const b = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    a.data.set(data.subarray(i * cols, (i + 1) * cols - 1), i * (cols - 1));
    b[i] = data[(i + 1) * cols - 1];
  }
  return [a, b];
}
