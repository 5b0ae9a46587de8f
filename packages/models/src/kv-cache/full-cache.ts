import type { AttentionShape, KVCache } from '@espalier/core';
import { concat, slice, squeeze, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { attend, inChunks } from './attend.js';
import { requireAttentionShape, requireTokens } from './attention-shape.js';

/** A cache that keeps every key and value in float32: what compressors are compared with. */
export class FullCache implements KVCache {
  #keys: Tensor3D | undefined;
  #values: Tensor3D | undefined;

  /** @throws InvalidProblemError for a shape that is not possible */
  constructor(readonly shape: AttentionShape) {
    requireAttentionShape(shape);
  }

  get length(): number {
    return this.#keys?.shape[1] ?? 0;
  }

  prefill(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D {
    return this.decode(queries, keys, values);
  }

  decode(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D {
    const before = this.length;
    this.fill(queries, keys, values);
    const [k, v] = [this.#keys!, this.#values!];
    return inChunks(queries.shape[1], (start, count) =>
      tidy(() => {
        const seen = (x: Tensor3D) => slice(x, [0, 0, 0], [-1, before + start + count, -1]);
        return attend(slice(queries, [0, start, 0], [-1, count, -1]), seen(k), seen(v)).output;
      }),
    );
  }

  fill(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): void {
    requireTokens(this.shape, queries, keys, values);
    const [oldKeys, oldValues] = [this.#keys, this.#values];
    this.#keys = oldKeys ? concat([oldKeys, keys], 1) : keys.clone();
    this.#values = oldValues ? concat([oldValues, values], 1) : values.clone();
    oldKeys?.dispose();
    oldValues?.dispose();
  }

  entries(head: number): { keys: Tensor2D; values: Tensor2D; positions: Int32Array } {
    const of = (x: Tensor3D) => tidy(() => squeeze(slice(x, [head, 0, 0], [1, -1, -1]), [0]) as Tensor2D);
    return {
      keys: of(this.#keys!),
      values: of(this.#values!),
      positions: Int32Array.from({ length: this.length }, (_, i) => i),
    };
  }

  bytes(): number {
    return 4 * ((this.#keys?.size ?? 0) + (this.#values?.size ?? 0));
  }

  dispose(): void {
    this.#keys?.dispose();
    this.#values?.dispose();
    this.#keys = this.#values = undefined;
  }
}
