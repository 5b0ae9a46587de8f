import { concat, matMul, type Tensor3D, tensor3d, tidy } from '@tensorflow/tfjs-core';
import { headsOfRows } from './heads.js';
import type { StoredPart } from './stored-part.js';

/** Whole channels that are left out: each head holds the others, dense, and which they are (ThinK, ThinV). */
export class ChannelPart implements StoredPart {
  #rows: Tensor3D | undefined;

  /** @param channels those that each head keeps, equally many */
  constructor(
    readonly target: 'key' | 'value',
    readonly d: number,
    readonly channels: readonly Int32Array[],
  ) {}

  get length(): number {
    return this.#rows?.shape[1] ?? 0;
  }

  sparsity(): number {
    return this.length === 0 ? 0 : 1 - this.channels[0].length / this.d;
  }

  append(heads: readonly Float32Array[]): void {
    const kept = this.channels[0].length;
    const rows = heads.map((all, head) => {
      const tokens = all.length / this.d;
      return Float32Array.from({ length: tokens * kept }, (_, i) => {
        const token = Math.floor(i / kept);
        return all[token * this.d + this.channels[head][i % kept]];
      });
    });
    const fresh = headsOfRows(rows, kept);
    const before = this.#rows;
    this.#rows = before ? concat([before, fresh], 1) : fresh;
    if (!before) return;
    before.dispose();
    fresh.dispose();
  }

  product(x: Tensor3D): Tensor3D {
    return tidy(() => {
      const chosen = this.#choice();
      const rows = this.#rows!;
      if (this.target === 'key') return matMul(matMul(x, chosen, false, true), rows, false, true) as Tensor3D;
      return matMul(matMul(x, rows), chosen) as Tensor3D;
    });
  }

  bytes(): number {
    return (
      4 * (this.#rows?.size ?? 0) + (this.length > 0 ? 4 * this.channels.length * this.channels[0].length : 0)
    );
  }

  dispose(): void {
    this.#rows?.dispose();
    this.#rows = undefined;
  }

  /** `[heads, kept, d]`, 1 where a kept channel is one of the d. */
  #choice(): Tensor3D {
    const kept = this.channels[0].length;
    const ones = new Float32Array(this.channels.length * kept * this.d);
    this.channels.forEach((each, head) => {
      each.forEach((channel, i) => {
        ones[(head * kept + i) * this.d + channel] = 1;
      });
    });
    return tensor3d(ones, [this.channels.length, kept, this.d]);
  }
}
