import { at, axpy, dot, load2, multiplyAdd, splat } from './lanes';
import { accumulate } from './row-sums';

/** Share of its start at which a squared residual is rounding. */
const ROUNDING: f64 = 1e-28;

/**
 * For each row j in [from, to): conjugate gradients on (A_j^T W_j A_j + ridge I) x = A_j^T W_j b_j from the x that stands in
 * `unknown`, `steps` iterations, or fewer where the residual fell below `reduction` times its start. squares[j] becomes the weighted
 * sum of squared residuals at the result, from the identity F(x + alpha p) = F(x) - alpha r.r: no further pass.
 * A row without entries becomes 0. `scratch` holds three rows. Returns the sum over all rows
 * of iterations times entries.
 */
export function cgRows(
  from: usize,
  to: usize,
  pointers: usize,
  indices: usize,
  values: usize,
  weights: usize,
  fixed: usize,
  stride: usize,
  unknown: usize,
  ridge: f64,
  steps: i32,
  reduction: f64,
  squares: usize,
  scratch: usize,
): f64 {
  const bytes = stride << 3;
  const r = scratch;
  const p = scratch + bytes;
  const q = p + bytes;
  let passes = 0.0;
  for (let j = from; j < to; j++) {
    const begin = usize(load<u32>(pointers + (j << 2)));
    const end = usize(load<u32>(pointers + (j << 2), 4));
    const x = unknown + j * bytes;
    if (begin == end) {
      memory.fill(x, 0, bytes);
      store<f64>(at(squares, j), 0);
      continue;
    }
    memory.fill(r, 0, bytes);
    let objective = accumulate(begin, end, indices, values, weights, fixed, bytes, x, r);
    if (ridge > 0) {
      objective += ridge * dot(bytes, x, x);
      axpy(bytes, -ridge, x, r);
    }
    memory.copy(p, r, bytes);
    let rho = dot(bytes, r, r);
    const enough = rho * max(reduction * reduction, ROUNDING);
    for (let step: i32 = 0; step < steps; step++) {
      if (!(rho > 0)) break;
      memory.fill(q, 0, bytes);
      accumulate(begin, end, indices, 0, weights, fixed, bytes, p, q);
      if (ridge > 0) axpy(bytes, ridge, p, q);
      const curvature = dot(bytes, p, q);
      if (!(curvature > 0)) break;
      const alpha = rho / curvature;
      axpy(bytes, alpha, p, x);
      objective -= alpha * rho;
      passes += f64(end - begin);
      if (step + 1 == steps) break;
      axpy(bytes, -alpha, q, r);
      const next = dot(bytes, r, r);
      if (next <= enough) break;
      const beta = splat(next / rho);
      rho = next;
      for (let t: usize = 0; t < bytes; t += 16) v128.store(p + t, multiplyAdd(load2(p + t), beta, load2(r + t)));
    }
    if (ridge > 0) objective -= ridge * dot(bytes, x, x);
    store<f64>(at(squares, j), max(objective, 0));
  }
  return passes;
}
