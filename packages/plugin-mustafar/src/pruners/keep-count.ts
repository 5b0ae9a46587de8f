/** The integer part of a product of decimals: 0.7 x 10 is 7. */
export const wholePart = (x: number): number => Math.floor(x + 1e-9);

/**
 * Marks the `count` largest of `size` scores that stand `stride` apart from `start`; of equal ones the earlier.
 */
export function markLargest(
  scores: Float64Array,
  mask: Uint8Array,
  start: number,
  size: number,
  stride: number,
  count: number,
): void {
  const order = Array.from({ length: size }, (_, i) => start + i * stride);
  order.sort((a, b) => scores[b] - scores[a] || a - b);
  for (let i = 0; i < count; i++) mask[order[i]] = 1;
}

/**
 * Marks what is at least as large as the k-th smallest magnitude, k = max(1, floor(sparsity x size)): without ties size - k + 1 elements, with
 * ties all that equal the threshold.
 */
export function markAboveThreshold(
  x: Float32Array,
  mask: Uint8Array,
  start: number,
  size: number,
  stride: number,
  sparsity: number,
): void {
  const sizes = new Float32Array(size);
  for (let i = 0; i < size; i++) sizes[i] = Math.abs(x[start + i * stride]);
  const threshold = sizes.slice().sort()[Math.max(1, wholePart(sparsity * size)) - 1];
  for (let i = 0; i < size; i++) if (sizes[i] >= threshold) mask[start + i * stride] = 1;
}
