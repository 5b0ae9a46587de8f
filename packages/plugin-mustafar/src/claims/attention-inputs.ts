import { createRandom } from '@espalier/core';
import { type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';

export const [HEADS, GROUP, D] = [2, 4, 128];

/** `[heads, queries, D]`, and keys and values `[key-value heads, tokens, D]`. */
export interface AttentionSample {
  readonly queries: Tensor3D;
  readonly keys: Tensor3D;
  readonly values: Tensor3D;
}

/** Keys with a few large channels, as those of trained models, isotropic values, and queries that look for a key. */
export function attentionInputs(tokens: number, queries: number, seed: number): AttentionSample {
  const random = createRandom(seed);
  const normals = (size: number) => Float32Array.from({ length: size }, () => random.normal());
  const keys = new Float32Array(HEADS * tokens * D);
  for (let head = 0; head < HEADS; head++) {
    const large = new Set(random.sample(D, 8));
    const offsets = Float64Array.from({ length: D }, (_, c) => (large.has(c) ? 6 * random.normal() : 0));
    for (let t = 0; t < tokens; t++)
      for (let c = 0; c < D; c++)
        keys[(head * tokens + t) * D + c] =
          ((large.has(c) ? 3 : 1) * random.normal() + offsets[c]) * Math.exp(0.6 * random.normal());
  }
  const q = normals(HEADS * GROUP * queries * D);
  for (let h = 0; h < HEADS * GROUP; h++)
    for (let i = 0; i < queries; i++) {
      const from = (Math.floor(h / GROUP) * tokens + random.integer(tokens)) * D;
      let squares = 0;
      for (let c = 0; c < D; c++) squares += keys[from + c] ** 2;
      const rms = Math.sqrt(squares / D);
      for (let c = 0; c < D; c++) {
        const at = (h * queries + i) * D + c;
        q[at] = 0.35 * q[at] + (0.25 * keys[from + c]) / rms;
      }
    }
  return {
    queries: tensor3d(q, [HEADS * GROUP, queries, D]),
    keys: tensor3d(keys, [HEADS, tokens, D]),
    values: tensor3d(normals(HEADS * tokens * D), [HEADS, tokens, D]),
  };
}

export const SHAPE = { heads: HEADS * GROUP, keyValueHeads: HEADS, headDimension: D, layer: 0, layers: 1 };
