import { topEntries } from './top-entries.js';

/**
 * A block on the simplex: half of it the variables with the smallest gradient, which should grow, half those with the largest one among
 * x_i > 0, which can give. With two variables it is the most violating pair. Ascending; no more than `size`, at least two where n allows.
 */
export function simplexSelection(x: Float64Array, g: Float64Array, size: number): Int32Array {
  const takers = topEntries(
    g.map((v) => -v),
    Math.max(1, Math.floor(size / 2)),
  );
  const giving = g.map((v, i) => (x[i] > 0 ? v : Number.NEGATIVE_INFINITY));
  const givers = topEntries(giving, Math.max(1, size - takers.length)).filter((i) => x[i] > 0);
  return Int32Array.from(new Set([...takers, ...givers])).sort();
}
