import type { ProximalSweep } from '../csr-proximal-sweep.js';

/** See csrProximalSweep. */
export function csrProximalSweep(
  { columns, curvature, linear, ridge, weight, lower, upper, x, u }: ProximalSweep,
  order: Int32Array,
): number {
  const { rowPointers, columnIndices, values } = columns;
  let largest = 0;
  for (let a = 0; a < order.length; a++) {
    const j = order[a];
    const c = curvature[j];
    if (!(c > 0)) continue;
    const [from, to] = [rowPointers[j], rowPointers[j + 1]];
    let h = linear[j] + ridge * x[j];
    for (let k = from; k < to; k++) h += values[k] * u[columnIndices[k]];
    let next = x[j] - h / c;
    if (weight > 0) {
      const threshold = weight / c;
      next = next > threshold ? next - threshold : next < -threshold ? next + threshold : 0;
    }
    next = Math.min(upper[j], Math.max(lower[j], next));
    const step = next - x[j];
    if (step === 0) continue;
    x[j] = next;
    for (let k = from; k < to; k++) u[columnIndices[k]] += step * values[k];
    largest = Math.max(largest, c * Math.abs(step));
  }
  return largest;
}
