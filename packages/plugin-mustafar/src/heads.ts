import { type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';

/** The rows `[tokens, d]` of each head of `[heads, tokens, d]`, read back. */
export function rowsOfHeads(x: Tensor3D): Float32Array[] {
  const [heads, tokens, d] = x.shape;
  const all = Float32Array.from(x.dataSync());
  return Array.from({ length: heads }, (_, head) => all.subarray(head * tokens * d, (head + 1) * tokens * d));
}

/** `[heads, tokens, d]` of rows. */
export function headsOfRows(rows: readonly Float32Array[], d: number): Tensor3D {
  const size = rows[0].length;
  const all = new Float32Array(rows.length * size);
  rows.forEach((each, head) => {
    all.set(each, head * size);
  });
  return tensor3d(all, [rows.length, size / d, d]);
}

/** Rows with zeros where the mask has them. */
export function masked(rows: Float32Array, mask: Uint8Array): Float32Array {
  return rows.map((value, i) => (mask[i] ? value : 0));
}
