import type { CompletionKernels } from './kernels.js';

/** One side of the observations and its factors, as the kernels see them. */
interface View {
  readonly f64: Float64Array;
  readonly i32: Int32Array;
  /** Positions (not bytes) of the arrays; -1 where absent. */
  readonly pointers: number;
  readonly indices: number;
  readonly values: number;
  readonly weights: number;
  readonly fixed: number;
  readonly stride: number;
}

/**
 * The reference implementation of the kernels in plain loops, for engines without WebAssembly SIMD and for tests. Differs from the SIMD
 * ones by rounding only.
 */
export function createPlainKernels(buffer: ArrayBufferLike): CompletionKernels {
  const f64 = new Float64Array(buffer);
  const i32 = new Int32Array(buffer);
  const view = (
    pointers: number,
    indices: number,
    values: number,
    weights: number,
    fixed: number,
    stride: number,
  ): View => ({
    f64,
    i32,
    pointers: pointers / 4,
    indices: indices / 4,
    values: values / 8,
    weights: weights === 0 ? -1 : weights / 8,
    fixed: fixed / 8,
    stride,
  });
  return {
    cgRows(
      from,
      to,
      pointers,
      indices,
      values,
      weights,
      fixed,
      stride,
      unknown,
      ridge,
      steps,
      reduction,
      squares,
      scratch,
    ) {
      const v = view(pointers, indices, values, weights, fixed, stride);
      let passes = 0;
      for (let j = from; j < to; j++) {
        passes += conjugateGradientRow(
          v,
          j,
          unknown / 8 + j * stride,
          ridge,
          steps,
          reduction,
          squares / 8 + j,
          scratch / 8,
        );
      }
      return passes;
    },
    exactRows(
      from,
      to,
      pointers,
      indices,
      values,
      weights,
      fixed,
      stride,
      unknown,
      ridge,
      size,
      squares,
      scratch,
    ) {
      const v = view(pointers, indices, values, weights, fixed, stride);
      let repaired = 0;
      for (let j = from; j < to; j++) {
        const x = unknown / 8 + j * stride;
        if (exactRow(v, j, x, ridge, size, scratch / 8)) repaired++;
        f64[squares / 8 + j] = residualOf(v, j, x, -1);
      }
      return repaired;
    },
    residualRows(from, to, pointers, indices, values, weights, fixed, stride, unknown, squares, entries) {
      const v = view(pointers, indices, values, weights, fixed, stride);
      for (let j = from; j < to; j++) {
        f64[squares / 8 + j] = residualOf(v, j, unknown / 8 + j * stride, entries === 0 ? -1 : entries / 8);
      }
      return 0;
    },
    productRows(from, to, pointers, indices, values, weights, fixed, stride, out) {
      const v = view(pointers, indices, values, weights, fixed, stride);
      for (let j = from; j < to; j++) {
        const target = out / 8 + j * stride;
        f64.fill(0, target, target + stride);
        for (let e = i32[v.pointers + j]; e < i32[v.pointers + j + 1]; e++) {
          addRow(v, e, weightOf(v, e) * f64[v.values + e], target);
        }
      }
      return 0;
    },
  };
}

function weightOf({ f64, weights }: View, e: number): number {
  return weights < 0 ? 1 : f64[weights + e];
}

/** a_e . x */
function rowDot({ f64, i32, indices, fixed, stride }: View, e: number, x: number): number {
  const a = fixed + i32[indices + e] * stride;
  let sum = 0;
  for (let t = 0; t < stride; t++) sum += f64[a + t] * f64[x + t];
  return sum;
}

/** out += c a_e */
function addRow({ f64, i32, indices, fixed, stride }: View, e: number, c: number, out: number): void {
  const a = fixed + i32[indices + e] * stride;
  for (let t = 0; t < stride; t++) f64[out + t] += c * f64[a + t];
}

function residualOf(v: View, j: number, x: number, entries: number): number {
  let squares = 0;
  for (let e = v.i32[v.pointers + j]; e < v.i32[v.pointers + j + 1]; e++) {
    const r = v.f64[v.values + e] - rowDot(v, e, x);
    squares += weightOf(v, e) * r * r;
    if (entries >= 0) v.f64[entries + e] = r;
  }
  return squares;
}

/** Share of its start at which a squared residual is rounding. */
const ROUNDING = 1e-28;

function conjugateGradientRow(
  v: View,
  j: number,
  x: number,
  ridge: number,
  steps: number,
  reduction: number,
  squares: number,
  scratch: number,
): number {
  const { f64, i32, stride } = v;
  const [begin, end] = [i32[v.pointers + j], i32[v.pointers + j + 1]];
  if (begin === end) {
    f64.fill(0, x, x + stride);
    f64[squares] = 0;
    return 0;
  }
  const [r, p, q] = [scratch, scratch + stride, scratch + 2 * stride];
  const product = (a: number, b: number) => {
    let sum = 0;
    for (let t = 0; t < stride; t++) sum += f64[a + t] * f64[b + t];
    return sum;
  };
  for (let t = 0; t < stride; t++) f64[r + t] = -ridge * f64[x + t];
  let objective = ridge * product(x, x);
  for (let e = begin; e < end; e++) {
    const residual = f64[v.values + e] - rowDot(v, e, x);
    objective += weightOf(v, e) * residual * residual;
    addRow(v, e, weightOf(v, e) * residual, r);
  }
  f64.copyWithin(p, r, r + stride);
  let rho = product(r, r);
  const enough = rho * Math.max(reduction * reduction, ROUNDING);
  let iterations = 0;
  while (iterations < steps && rho > 0) {
    for (let t = 0; t < stride; t++) f64[q + t] = ridge * f64[p + t];
    for (let e = begin; e < end; e++) addRow(v, e, weightOf(v, e) * rowDot(v, e, p), q);
    const curvature = product(p, q);
    if (!(curvature > 0)) break;
    const alpha = rho / curvature;
    for (let t = 0; t < stride; t++) {
      f64[x + t] += alpha * f64[p + t];
      f64[r + t] -= alpha * f64[q + t];
    }
    objective -= alpha * rho;
    iterations++;
    const next = product(r, r);
    if (next <= enough) break;
    for (let t = 0; t < stride; t++) f64[p + t] = f64[r + t] + (next / rho) * f64[p + t];
    rho = next;
  }
  f64[squares] = Math.max(objective - ridge * product(x, x), 0);
  return iterations * (end - begin);
}

/** Normal equations; whether the diagonal needed a repair. */
function exactRow(v: View, j: number, x: number, ridge: number, size: number, gram: number): boolean {
  const { f64, i32, stride, fixed, indices } = v;
  const [begin, end] = [i32[v.pointers + j], i32[v.pointers + j + 1]];
  f64.fill(0, x, x + stride);
  if (begin === end) return false;
  let added = ridge;
  for (let attempt = 0; attempt < 2; attempt++) {
    f64.fill(0, gram, gram + stride * stride);
    for (let e = begin; e < end; e++) {
      const a = fixed + i32[indices + e] * stride;
      for (let i = 0; i < size; i++) {
        const c = weightOf(v, e) * f64[a + i];
        for (let t = 0; t <= i; t++) f64[gram + i * stride + t] += c * f64[a + t];
      }
    }
    let largest = 0;
    for (let i = 0; i < size; i++) {
      largest = Math.max(largest, f64[gram + i * (stride + 1)]);
      f64[gram + i * (stride + 1)] += added;
    }
    if (!(largest > 0)) return false;
    if (factorInPlace(f64, gram, size, stride, 1e-13 * largest)) {
      for (let e = begin; e < end; e++) addRow(v, e, weightOf(v, e) * f64[v.values + e], x);
      substituteInPlace(f64, gram, size, stride, x);
      return attempt > 0;
    }
    added = ridge + 1e-10 * largest;
  }
  return true;
}

function factorInPlace(
  f64: Float64Array,
  gram: number,
  size: number,
  stride: number,
  floor: number,
): boolean {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = f64[gram + i * stride + j];
      for (let t = 0; t < j; t++) sum -= f64[gram + i * stride + t] * f64[gram + j * stride + t];
      if (j < i) f64[gram + i * stride + j] = sum / f64[gram + j * stride + j];
      else if (!(sum > floor)) return false;
      else f64[gram + i * stride + i] = Math.sqrt(sum);
    }
  }
  return true;
}

function substituteInPlace(f64: Float64Array, gram: number, size: number, stride: number, x: number): void {
  for (let i = 0; i < size; i++) {
    let sum = f64[x + i];
    for (let t = 0; t < i; t++) sum -= f64[gram + i * stride + t] * f64[x + t];
    f64[x + i] = sum / f64[gram + i * stride + i];
  }
  for (let i = size - 1; i >= 0; i--) {
    f64[x + i] /= f64[gram + i * stride + i];
    for (let t = 0; t < i; t++) f64[x + t] -= f64[x + i] * f64[gram + i * stride + t];
  }
}
