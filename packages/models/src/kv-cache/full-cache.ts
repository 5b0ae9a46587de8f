import type { AttentionShape, KVCache } from '@espalier/core';
import { concat, slice, squeeze, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { attend, inChunks } from './attend.js';
import { requireAttentionShape, requireTokens } from './attention-shape.js';
import { requireEmpty, requireEntries, requireFiniteTokens, requireOpen } from './cache-checks.js';

/** A cache that keeps every key and value in float32: what compressors are compared with. */
export class FullCache implements KVCache {
  #keys: Tensor3D | undefined;
  #values: Tensor3D | undefined;
  #disposed = false;

  /** @throws InvalidProblemError for a shape that is not possible */
  constructor(readonly shape: AttentionShape) {
    requireAttentionShape(shape);
  }

  get length(): number {
    return this.#keys?.shape[1] ?? 0;
  }

  /** @throws InvalidProblemError for a second prompt, and as {@link decode} */
  prefill(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D {
    requireEmpty(this.length);
    return this.decode(queries, keys, values);
  }

  /** @throws InvalidProblemError for tensors that do not fit, numbers that are not finite, a cache that was disposed of */
  decode(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): Tensor3D {
    const before = this.length;
    this.#append(queries, keys, values);
    const [k, v] = [this.#keys!, this.#values!];
    return inChunks(queries.shape[1], (start, count) =>
      tidy(() => {
        const seen = (x: Tensor3D) => slice(x, [0, 0, 0], [-1, before + start + count, -1]);
        return attend(slice(queries, [0, start, 0], [-1, count, -1]), seen(k), seen(v)).output;
      }),
    );
  }

  /** @throws as {@link prefill} */
  fill(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): void {
    requireEmpty(this.length);
    this.#append(queries, keys, values);
  }

  /** @throws InvalidProblemError before the first token, after `dispose`, for a head that there is not */
  entries(head: number): { keys: Tensor2D; values: Tensor2D; positions: Int32Array } {
    requireOpen(this.#disposed);
    requireEntries(this.shape, this.length, head);
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
    this.#disposed = true;
  }

  #append(queries: Tensor3D, keys: Tensor3D, values: Tensor3D): void {
    requireOpen(this.#disposed);
    requireTokens(this.shape, queries, keys, values);
    requireFiniteTokens(queries, keys, values);
    const [oldKeys, oldValues] = [this.#keys, this.#values];
    this.#keys = oldKeys ? concat([oldKeys, keys], 1) : keys.clone();
    this.#values = oldValues ? concat([oldValues, values], 1) : values.clone();
    oldKeys?.dispose();
    oldValues?.dispose();
  }
}
