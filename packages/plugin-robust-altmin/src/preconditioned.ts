import { createMatrix, gemv, gemvTransposed, type Matrix, Qr } from '@espalier/linalg';

/** R with a positive diagonal and Q^T S b, from S A = Q R. */
export interface SketchFactor {
  /** k x k, upper triangular. */
  readonly r: Matrix;
  /** The first k entries of Q^T S b. */
  readonly rhs: Float64Array;
}

/** A diagonal entry of R at this share of the largest says that the sketch lost a direction. */
const LOST = 1e-12;

/**
 * Step 2 of the solver: QR of the sketched matrix. Undefined where the sketch lost a direction of A.
 * @param sa s x k, s >= k
 */
export function factorSketch(sa: Matrix, sb: Float64Array): SketchFactor | undefined {
  const qr = Qr.factor(sa);
  const r = qr.r();
  const rhs = qr.applyTransposed(sb);
  const k = r.cols;
  let largest = 0;
  for (let i = 0; i < k; i++) largest = Math.max(largest, Math.abs(r.data[i * (k + 1)]));
  for (let i = 0; i < k; i++) {
    const pivot = r.data[i * (k + 1)];
    if (!(Math.abs(pivot) > LOST * largest)) return undefined;
    if (pivot > 0) continue;
    for (let t = i; t < k; t++) r.data[i * k + t] *= -1;
    rhs[i] *= -1;
  }
  return { r, rhs };
}

/** x = R^-1 x */
export function solveUpperInPlace({ cols: k, data }: Matrix, x: Float64Array): void {
  for (let i = k - 1; i >= 0; i--) {
    let sum = x[i];
    for (let t = i + 1; t < k; t++) sum -= data[i * k + t] * x[t];
    x[i] = sum / data[i * k + i];
  }
}

/** x = R^-T x */
export function solveUpperTransposedInPlace({ cols: k, data }: Matrix, x: Float64Array): void {
  for (let i = 0; i < k; i++) {
    x[i] /= data[i * k + i];
    for (let t = i + 1; t < k; t++) x[t] -= data[i * k + t] * x[i];
  }
}

/** One iterate: x (a copy) and |R^-T A^T (b - A x)| / |b|. */
export interface Iterate {
  readonly x: Float64Array;
  readonly gradient: number;
}

const norm = (v: Float64Array) => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));

/** Start of both iterations: the point, its residual, and the gradient R^-T A^T (b - A x) of the preconditioned system. */
function open(a: Matrix, b: Float64Array, r: Matrix, start: Float64Array) {
  const x = start.slice();
  const residual = gemv(a, x, { alpha: -1, beta: 1, out: b.slice() });
  const gradient = gemvTransposed(a, residual);
  solveUpperTransposedInPlace(r, gradient);
  const length = norm(b) || 1;
  const iterate = (g: Float64Array): Iterate => ({ x: x.slice(), gradient: norm(g) / length });
  return { x, residual, gradient, iterate };
}

/** Conjugate gradients on min |A R^-1 y - b|, x = R^-1 y: the start, then one iterate after the other. R = I gives plain CG. */
export function* conjugateGradients(
  a: Matrix,
  b: Float64Array,
  r: Matrix,
  start: Float64Array,
): Generator<Iterate> {
  const { x, residual, gradient, iterate } = open(a, b, r, start);
  yield iterate(gradient);
  const p = gradient.slice();
  let rho = gradient.reduce((sum, g) => sum + g * g, 0);
  for (;;) {
    const step = p.slice();
    solveUpperInPlace(r, step);
    const q = gemv(a, step);
    const curvature = q.reduce((sum, v) => sum + v * v, 0);
    const alpha = curvature > 0 ? rho / curvature : 0;
    for (let t = 0; t < x.length; t++) x[t] += alpha * step[t];
    for (let i = 0; i < residual.length; i++) residual[i] -= alpha * q[i];
    const g = gemvTransposed(a, residual);
    solveUpperTransposedInPlace(r, g);
    yield iterate(g);
    const next = g.reduce((sum, v) => sum + v * v, 0);
    const beta = rho > 0 ? next / rho : 0;
    rho = next;
    for (let t = 0; t < p.length; t++) p[t] = g[t] + beta * p[t];
  }
}

/** Above this squared norm of A R^-1 a full step may diverge (the limit is 2). */
const DAMPED_FROM = 1.9;

/**
 * x <- x + R^-1 R^-T A^T (b - A x), the step damped where five power steps say that A R^-1 is too large. Where the gradient grows all the
 * same, they saw too little: the step is halved and taken anew.
 */
export function* richardson(a: Matrix, b: Float64Array, r: Matrix, start: Float64Array): Generator<Iterate> {
  const opened = open(a, b, r, start);
  let { x, gradient: g } = opened;
  yield opened.iterate(g);
  const square = squaredNorm(a, r);
  let step = square > DAMPED_FROM ? 1 / square : 1;
  for (;;) {
    const direction = g.slice();
    solveUpperInPlace(r, direction);
    const next = x.map((value, t) => value + step * direction[t]);
    const gradient = gemvTransposed(a, gemv(a, next, { alpha: -1, beta: 1, out: b.slice() }));
    solveUpperTransposedInPlace(r, gradient);
    if (norm(gradient) > norm(g)) step /= 2;
    else [x, g] = [next, gradient];
    yield { x: x.slice(), gradient: norm(g) / (norm(b) || 1) };
  }
}

/** The largest eigenvalue of (A R^-1)^T A R^-1, by five power steps from the vector of ones, and a margin of a tenth. */
function squaredNorm(a: Matrix, r: Matrix): number {
  let v = new Float64Array(r.cols).fill(1 / Math.sqrt(r.cols));
  let value = 0;
  for (let step = 0; step < 5; step++) {
    solveUpperInPlace(r, v);
    const w = gemvTransposed(a, gemv(a, v));
    solveUpperTransposedInPlace(r, w);
    value = norm(w);
    if (!(value > 0)) return 0;
    v = w.map((x) => x / value);
  }
  return 1.1 * value;
}

/** The identity, as the R of no preconditioner. */
export function noPreconditioner(k: number): Matrix {
  const r = createMatrix(k, k);
  for (let i = 0; i < k; i++) r.data[i * (k + 1)] = 1;
  return r;
}
