import { InvalidProblemError, type KVCache, type KVCompressor } from '@espalier/core';
import {
  concat,
  dispose,
  expandDims,
  slice,
  squeeze,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tensor2d,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { wholeToken } from '../calibration/token-windows.js';
import { FullCache } from '../kv-cache/full-cache.js';
import type { Attend } from '../llama/decoder-layer.js';
import type { LlamaModel } from '../llama/llama-model.js';

/** See {@link Decoding}. */
export interface DecodingOptions {
  /** Makes the cache of each layer and sequence; default one that keeps everything. */
  readonly compressor?: KVCompressor;
  /** Sequences that are decoded side by side, with equally many tokens. Default 1. */
  readonly sequences?: number;
}

const keepsEverything: KVCompressor = { open: (shape) => new FullCache(shape) };

/**
 * Sequences that are being decoded: the caches of keys and values of every layer, and how many tokens they have seen. Keys are cached
 * after RoPE. Do not feed it inside of a `tidy`: caches keep tensors.
 */
export class Decoding {
  /** By layer, then by sequence. */
  readonly caches: readonly (readonly KVCache[])[];
  readonly #model: LlamaModel;
  readonly #sequences: number;
  #length = 0;
  #broken = false;

  /** @throws what the compressor throws for a shape that it refuses */
  constructor(model: LlamaModel, { compressor = keepsEverything, sequences = 1 }: DecodingOptions = {}) {
    if (!(Number.isSafeInteger(sequences) && sequences >= 1))
      throw new InvalidProblemError(
        `The number of sequences is a whole number of at least 1; given ${sequences}.`,
      );
    this.#model = model;
    this.#sequences = sequences;
    const { layers, heads, kvHeads, headDim } = model.config;
    const opened: KVCache[][] = [];
    this.caches = opened;
    try {
      for (let layer = 0; layer < layers; layer++) {
        opened.push([]);
        for (let i = 0; i < sequences; i++)
          opened[layer].push(
            compressor.open({
              heads,
              keyValueHeads: kvHeads,
              headDimension: headDim,
              layer,
              layers,
            }),
          );
      }
    } catch (error) {
      this.dispose();
      throw error;
    }
  }

  /** Tokens of each sequence so far. */
  get length(): number {
    return this.#length;
  }

  /** Bytes that all caches hold. */
  bytes(): number {
    return this.caches.flat().reduce((bytes, cache) => bytes + cache.bytes(), 0);
  }

  /** Bytes that keys and values of the tokens so far take in float32. */
  denseBytes(): number {
    const { layers, kvHeads, headDim } = this.#model.config;
    return 2 * 4 * layers * this.#sequences * kvHeads * headDim * this.#length;
  }

  /**
   * Feeds the next tokens of each sequence, the whole prompt at first.
   * @param tokens one list a sequence, all of one length
   * @param which positions give logits: the last one, or all
   * @returns logits `[sequences, 1 or n, vocabulary]`; the caller disposes of them
   * @throws InvalidProblemError for tokens that are no whole numbers, outside the vocabulary or beyond the context
   */
  feed(tokens: readonly ArrayLike<number>[], which: 'last' | 'all' = 'last'): Tensor3D {
    const count = tokens[0]?.length ?? 0;
    if (tokens.length !== this.#sequences || count === 0 || tokens.some(({ length }) => length !== count))
      throw new InvalidProblemError(
        `Each of the ${this.#sequences} sequences gets equally many tokens, at least one; given [${tokens.map(({ length }) => length)}].`,
      );
    this.#requireWhole();
    const flat = tokens.flatMap((list) => Array.from(list, wholeToken));
    const inputs = tensor2d(flat, [this.#sequences, count], 'int32');
    // What is checked before the first cache is touched leaves them as they were.
    let touched = false;
    const attend: Attend = (layer, q, k, v, sequence) => {
      touched = true;
      return this.#attend(layer, q, k, v, sequence);
    };
    try {
      const phase = this.#length === 0 ? 'prefill' : 'decode';
      const hidden = this.#model.hiddenStates(inputs, { position: this.#length, attend, phase });
      const logits = tidy(() => {
        const first = which === 'all' ? 0 : count - 1;
        const wanted = slice(hidden, [0, first, 0], [this.#sequences, count - first, hidden.shape[2] ?? 0]);
        return this.#model.headLogits(wanted) as Tensor3D;
      });
      hidden.dispose();
      this.#length += count;
      return logits;
    } catch (error) {
      this.#broken = touched;
      throw error;
    } finally {
      inputs.dispose();
    }
  }

  /**
   * Feeds one next token to each of several decodings of one model, which may stand at different lengths: the weights are read once for all.
   * @param tokens one for each decoding, which has one sequence and has seen its prompt
   * @returns logits `[decodings, vocabulary]`; the caller disposes of them
   * @throws InvalidProblemError as {@link feed}, and for decodings of more sequences or models
   * @throws UnsupportedError for a model that routes tokens past blocks
   */
  static feedEach(decodings: readonly Decoding[], tokens: ArrayLike<number>): Tensor2D {
    const [first] = decodings;
    const fits = (each: Decoding) => each.#model === first.#model && each.#sequences === 1 && each.length > 0;
    if (!first || !decodings.every(fits))
      throw new InvalidProblemError(
        'Decodings that are fed together have one model, one sequence each, and a prompt.',
      );
    const model = first.#model;
    if (tokens.length !== decodings.length)
      throw new InvalidProblemError(
        `Each of the ${decodings.length} decodings gets one token; given ${tokens.length}.`,
      );
    for (const each of decodings) each.#requireWhole();
    const inputs = tensor2d(Array.from(tokens, wholeToken), [decodings.length, 1], 'int32');
    let touched = false;
    const attend: Attend = (layer, q, k, v) => {
      touched = true;
      return joined(decodings.map((each, i) => each.#attendOne(layer, [q, k, v], i, 0)));
    };
    try {
      const position = decodings.map((each) => each.#length);
      const hidden = model.hiddenStates(inputs, { position, attend, phase: 'decode' });
      const logits = tidy(() => squeeze(model.headLogits(hidden), [1]) as Tensor2D);
      hidden.dispose();
      for (const each of decodings) each.#length++;
      return logits;
    } catch (error) {
      for (const each of decodings) each.#broken = touched;
      throw error;
    } finally {
      inputs.dispose();
    }
  }

  dispose(): void {
    for (const cache of this.caches.flat()) cache.dispose();
  }

  #requireWhole(): void {
    if (this.#broken)
      throw new InvalidProblemError(
        'An earlier call failed half-way: the caches do not fit together any more.',
        {
          remedy: 'Open a new decoding.',
        },
      );
  }

  #attend(layer: number, q: Tensor, k: Tensor, v: Tensor, only?: number): Tensor {
    const sequences = Array.from({ length: q.shape[0] ?? 0 }, (_, i) => i);
    return joined(sequences.map((i) => this.#attendOne(layer, [q, k, v], i, only ?? i)));
  }

  /** Attention of row `index` of a batch over the cache of one sequence: `[1, tokens, heads, d]`. */
  #attendOne(layer: number, batch: readonly Tensor[], index: number, sequence: number): Tensor {
    const [queries, keys, values] = tidy(() => batch.map((x) => headsFirst(x, index))) as [
      Tensor3D,
      Tensor3D,
      Tensor3D,
    ];
    const cache = this.caches[layer][sequence];
    try {
      const attended =
        cache.length === 0 ? cache.prefill(queries, keys, values) : cache.decode(queries, keys, values);
      const tokensFirst = tidy(() => expandDims(transpose(attended, [1, 0, 2]), 0));
      attended.dispose();
      return tokensFirst;
    } finally {
      dispose([queries, keys, values]);
    }
  }
}

/** Outputs of sequences as those of one batch; the parts are disposed of. */
function joined(parts: readonly Tensor[]): Tensor {
  if (parts.length === 1) return parts[0];
  const together = concat([...parts], 0);
  dispose([...parts]);
  return together;
}

/** Sequence `index` of `[sequences, tokens, heads, d]` as `[heads, tokens, d]`. */
function headsFirst(x: Tensor, index: number): Tensor3D {
  const [, tokens, heads, d] = x.shape as [number, number, number, number];
  const own = slice(x, [index, 0, 0, 0], [1, tokens, heads, d]);
  return transpose(squeeze(own, [0]), [1, 0, 2]) as Tensor3D;
}
