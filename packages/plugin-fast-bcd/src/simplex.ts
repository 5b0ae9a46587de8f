/** The nearest point of { x >= 0, sum x = total }, total >= 0 (sort and threshold; Held, Wolfe and Crowder 1974). */
export function projectToSimplex(x: Float64Array, total: number): Float64Array {
  if (total === 0) return new Float64Array(x.length);
  const sorted = x.slice().sort().reverse();
  let sum = 0;
  let threshold = 0;
  for (let k = 0; k < sorted.length; k++) {
    sum += sorted[k];
    const candidate = (sum - total) / (k + 1);
    if (sorted[k] > candidate) threshold = candidate;
  }
  return x.map((v) => Math.max(0, v - threshold));
}
