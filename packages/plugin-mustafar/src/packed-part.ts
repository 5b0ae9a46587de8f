import {
  type BitmapTensors,
  type BitmapTiles,
  bitmapMatMul,
  bitmapTensors,
  cacheTiles,
  float16FromFloat32,
  packTiles,
  paddedChannels,
  tileBytes,
  tileOffsets,
} from '@espalier/kernels';
import { slice, type Tensor3D } from '@tensorflow/tfjs-core';
import { requireFinite, requireHalf } from './finite-rows.js';
import { dequantizeValues, type QuantizedValues, quantizeValues } from './quantized-values.js';

/** How values are held. */
export interface PackedStorage {
  readonly packing: 'padded' | 'compact';
  readonly type: 'f16' | 'f32';
  readonly bits?: 2 | 4 | 8 | undefined;
}

/** Bits and offsets of one head, with values that are quantized: one stretch for the tokens of each {@link PackedPart.append}. */
interface QuantizedTiles extends Omit<BitmapTiles, 'values'> {
  readonly stretches: readonly { readonly tokens: number; readonly values: QuantizedValues }[];
}

/** Pruned keys or values of all heads in tiles. It grows by multiples of 64 tokens. */
export class PackedPart {
  /** Tokens that are packed. */
  length = 0;
  /** Elements that are kept, over all heads. */
  kept = 0;
  #heads = 0;
  /** Where the kernel reads them; nothing else holds the values. */
  #tensors: BitmapTensors | undefined;
  #valuesOfHead: number[] = [];
  #quantized: QuantizedTiles[] = [];

  constructor(
    readonly target: 'key' | 'value',
    readonly d: number,
    readonly storage: PackedStorage,
  ) {}

  /**
   * Packs further tokens.
   * @param heads `[tokens, d]` of each head, zero where pruned; tokens a multiple of 64
   * @throws InvalidProblemError for NaN and infinite numbers, and for those that float16 cannot hold where it is to
   */
  append(heads: readonly Float32Array[]): void {
    const { target, d, storage } = this;
    const tokens = heads[0].length / d;
    const layout = cacheTiles(target, tokens, d, storage.packing);
    const half = storage.type === 'f16' && storage.bits === undefined;
    for (const rows of heads) (half ? requireHalf : requireFinite)(rows, target);
    const packed = heads.map((rows) => {
      const at = (token: number, channel: number) => (channel < d ? rows[token * d + channel] : 0);
      const element = target === 'key' ? (row: number, output: number) => at(output, row) : at;
      return packTiles(layout, element, half ? float16FromFloat32 : undefined);
    });
    for (const rows of heads) for (const value of rows) if (value !== 0) this.kept++;
    if (storage.bits === undefined) this.#hold(packed);
    else
      this.#quantized = packed.map((tiles, i) => {
        const stretch = { tokens, values: quantizeValues(layout, tiles, storage.bits!) };
        const before = this.#quantized[i];
        const words = before ? joinedBytes(before.words, tiles.words) : tiles.words;
        const offsets = tileOffsets(layout, words);
        return { words, offsets, stretches: [...(before?.stretches ?? []), stretch] };
      });
    this.length += tokens;
    this.#heads = heads.length;
  }

  /** Keys: q K^T of `[heads, rows, d]`. Values: p V of `[heads, rows, tokens]`. */
  product(x: Tensor3D): Tensor3D {
    const { target, d, storage, length } = this;
    const layout = cacheTiles(target, length, d, storage.packing);
    const sparsity = 1 - this.kept / (this.#heads * length * d);
    const held = this.tensors();
    const y = bitmapMatMul(x, held, { ...layout, sparsity }) as Tensor3D;
    if (held !== this.#tensors) release(held);
    if (target === 'key' || paddedChannels(d) === d) return y;
    const cut = slice(y, [0, 0, 0], [-1, -1, d]);
    y.dispose();
    return cut;
  }

  /** What kernels read. With `bits` it is made for one product, and the caller's to dispose of. */
  tensors(): BitmapTensors {
    return this.#tensors ?? this.#dequantized();
  }

  /** Bytes of bits, offsets and values (or their codes and scales), without the 16 spare bytes at the end. */
  bytes(): number {
    const quantized = this.#quantized.reduce(
      (bytes, { words, offsets, stretches }) =>
        stretches.reduce(
          (sum, { values }) => sum + values.codes.byteLength + values.scales.byteLength,
          bytes,
        ) +
        words.byteLength +
        offsets.byteLength,
      0,
    );
    if (!this.#tensors) return quantized;
    return this.#tilesOfHeads().reduce((bytes, tiles) => bytes + tileBytes(tiles), 0);
  }

  dispose(): void {
    if (this.#tensors) release(this.#tensors);
    this.#tensors = undefined;
    this.#quantized = [];
  }

  /** Puts packed tokens behind those that are there. */
  #hold(packed: readonly BitmapTiles[]): void {
    const before = this.#tilesOfHeads();
    const { width } = cacheTiles(this.target, 64, this.d, this.storage.packing);
    const joined = packed.map((tiles, i): BitmapTiles => {
      const earlier = before[i];
      if (earlier === undefined) return tiles;
      const words = joinedBytes(earlier.words, tiles.words);
      return {
        words,
        offsets: tileOffsets({ width, packing: this.storage.packing }, words),
        values: joinedValues(earlier.values, tiles.values),
      };
    });
    if (this.#tensors) release(this.#tensors);
    this.#tensors = bitmapTensors(joined);
    this.#valuesOfHead = joined.map(({ values }) => values.length);
  }

  /** The tiles of each head, read back. */
  #tilesOfHeads(): BitmapTiles[] {
    if (!this.#tensors) return [];
    const [words, offsets, values, starts] = (['words', 'offsets', 'values', 'starts'] as const).map((name) =>
      this.#tensors![name].dataSync(),
    );
    const [wordRow, offsetRow] = [this.#tensors.words.shape[1]!, this.#tensors.offsets.shape[1]!];
    const numbers =
      this.#tensors.values.dtype === 'int32'
        ? new Uint16Array(Int32Array.from(values).buffer)
        : Float32Array.from(values);
    return this.#valuesOfHead.map((count, i) => ({
      words: new Uint8Array(Int32Array.from(words.slice(i * wordRow, (i + 1) * wordRow)).buffer),
      offsets: Int32Array.from(offsets.slice(i * offsetRow, (i + 1) * offsetRow)),
      values: numbers.slice(starts[i], starts[i] + count),
    }));
  }

  /** Working set of one product where values are quantized. */
  #dequantized(): BitmapTensors {
    const { target, d, storage, length } = this;
    return bitmapTensors(
      this.#quantized.map(({ words, offsets, stretches }) => {
        const bytesOfToken = words.length / length;
        let first = 0;
        const values = stretches.map(({ tokens, values }) => {
          const layout = cacheTiles(target, tokens, d, storage.packing);
          const own = words.subarray(first * bytesOfToken, (first + tokens) * bytesOfToken);
          first += tokens;
          return dequantizeValues(layout, { words: own }, values);
        });
        return { words, offsets, values: joinedStretches(values) };
      }),
    );
  }
}

function joinedBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

function joinedStretches(stretches: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(stretches.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const each of stretches) {
    whole.set(each, at);
    at += each.length;
  }
  return whole;
}

function joinedValues<T extends Float32Array | Uint16Array>(a: T, b: Float32Array | Uint16Array): T {
  const whole = new (a.constructor as new (length: number) => T)(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

function release(tensors: BitmapTensors): void {
  for (const tensor of Object.values(tensors)) tensor.dispose();
}
