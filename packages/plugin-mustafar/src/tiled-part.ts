import { CACHE_BLOCK } from '@espalier/kernels';
import { add, concat, matMul, slice, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { headsOfRows, rowsOfHeads } from './heads.js';
import { PackedPart, type PackedStorage } from './packed-part.js';
import type { StoredPart, StoredTiles } from './stored-part.js';

/** Tokens in tiles; those that do not fill 64 yet wait as masked rows. Without a storage all of them do. */
export class TiledPart implements StoredPart {
  readonly #packed: PackedPart | undefined;
  #waiting: Tensor3D | undefined;
  #zeros = 0;
  #elements = 0;

  constructor(
    readonly target: 'key' | 'value',
    readonly d: number,
    storage: PackedStorage | undefined,
  ) {
    this.#packed = storage && new PackedPart(target, d, storage);
  }

  get length(): number {
    return (this.#packed?.length ?? 0) + (this.#waiting?.shape[1] ?? 0);
  }

  sparsity(): number {
    return this.#elements === 0 ? 0 : this.#zeros / this.#elements;
  }

  append(heads: readonly Float32Array[]): void {
    for (const rows of heads) {
      this.#elements += rows.length;
      for (const value of rows) if (value === 0) this.#zeros++;
    }
    const before = this.#waiting && rowsOfHeads(this.#waiting);
    const all = before ? heads.map((rows, i) => joined(before[i], rows)) : heads;
    const tokens = all[0].length / this.d;
    const packing = this.#packed ? tokens - (tokens % CACHE_BLOCK) : 0;
    if (packing > 0) this.#packed?.append(all.map((rows) => rows.subarray(0, packing * this.d)));
    this.#waiting?.dispose();
    this.#waiting =
      packing < tokens
        ? headsOfRows(
            all.map((rows) => rows.slice(packing * this.d)),
            this.d,
          )
        : undefined;
  }

  product(x: Tensor3D): Tensor3D {
    const packed = this.#packed && this.#packed.length > 0 ? this.#packed : undefined;
    const waiting = this.#waiting;
    return tidy(() => {
      if (this.target === 'key') {
        const parts = [packed?.product(x), waiting && (matMul(x, waiting, false, true) as Tensor3D)];
        return concat(
          parts.filter((part) => part !== undefined),
          2,
        );
      }
      const cut = packed?.length ?? 0;
      const first = packed?.product(waiting ? slice(x, [0, 0, 0], [-1, -1, cut]) : x);
      const second = waiting && (matMul(slice(x, [0, 0, cut], [-1, -1, -1]), waiting) as Tensor3D);
      if (first && second) return add(first, second) as Tensor3D;
      return (first ?? second)!;
    });
  }

  tiles(): StoredTiles | undefined {
    if (!this.#packed || this.#packed.length === 0) return undefined;
    const { length: tokens, storage } = this.#packed;
    return { tensors: this.#packed.tensors(), tokens, packing: storage.packing, waiting: this.#waiting };
  }

  bytes(): number {
    return (this.#packed?.bytes() ?? 0) + 4 * (this.#waiting?.size ?? 0);
  }

  dispose(): void {
    this.#packed?.dispose();
    this.#waiting?.dispose();
    this.#waiting = undefined;
  }
}

function joined(a: Float32Array, b: Float32Array): Float32Array {
  const whole = new Float32Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}
