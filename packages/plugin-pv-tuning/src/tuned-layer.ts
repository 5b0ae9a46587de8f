import type { RandomSource } from '@espalier/core';
import { type AdamSettings, adamStepInPlace, createMoments, type Moments } from './adam.js';
import { type CodeUpdateSettings, updateCodes } from './code-update.js';
import { type CodebookLayer, codebookGradients, dequantizeTiles } from './codebook-layer.js';

/** Settings of an optimizer step on one layer. */
export interface StepSettings {
  /** Of codebooks and scales. */
  readonly continuous: AdamSettings;
  /** Of the dequantized weight or the buffer. */
  readonly discrete: AdamSettings;
  /** Undefined: the codes are frozen. */
  readonly codes?: CodeUpdateSettings | undefined;
  /** delta in [0, 1]: 0 keeps a buffer as it was stepped, 1 has none, between them it decays towards the codes. */
  readonly deltaDecay: number;
}

/** What {@link TunedLayer.copy} gives: enough to go back to. */
export type LayerState = CodebookLayer;

/** One layer that is being tuned: its codes, codebooks and scales, the matrix they stand for, the buffer and the moments. */
export class TunedLayer {
  #layer: CodebookLayer;
  /** What, in tiles. */
  #matrix: Float64Array;
  /** V, in tiles. */
  #buffer: Float64Array;
  readonly #moments: Readonly<Record<'codebooks' | 'scales' | 'matrix', Moments>>;
  #steps = 0;

  /** @param layer copied */
  constructor(
    layer: CodebookLayer,
    readonly settings: StepSettings,
  ) {
    this.#layer = copyOf(layer);
    this.#matrix = dequantizeTiles(layer);
    this.#buffer = this.#matrix.slice();
    this.#moments = {
      codebooks: createMoments(layer.codebooks.length),
      scales: createMoments(layer.scales.length),
      matrix: createMoments(this.#matrix.length),
    };
  }

  /** The matrix that the model runs with, in tiles. */
  get tiles(): Float64Array {
    return this.#matrix;
  }

  /** A copy of what is stored. */
  copy(): LayerState {
    return copyOf(this.#layer);
  }

  /**
   * One step: codebooks and scales first, then the codes against the new codebooks.
   * Source: the paper's algorithm 2, in the form of the reference implementation.
   *
   * @param gradient by the matrix, in tiles
   * @returns the number of tiles whose codes changed
   */
  step(gradient: Float64Array, random?: RandomSource): number {
    const { continuous, discrete, codes, deltaDecay } = this.settings;
    this.#steps++;
    const by = codebookGradients(this.#layer, gradient);
    const { codebooks, scales } = this.#layer;
    adamStepInPlace(codebooks, by.codebooks, this.#moments.codebooks, this.#steps, continuous);
    adamStepInPlace(scales, by.scales, this.#moments.scales, this.#steps, continuous);
    if (!codes) {
      this.#matrix = dequantizeTiles(this.#layer);
      return 0;
    }
    const reference = deltaDecay === 1 ? this.#matrix.slice() : this.#buffer;
    adamStepInPlace(reference, gradient, this.#moments.matrix, this.#steps, discrete);
    const before = this.#layer.codes;
    this.#layer = { ...this.#layer, codes: updateCodes(this.#layer, reference, codes, random) };
    this.#matrix = dequantizeTiles(this.#layer);
    if (deltaDecay > 0 && deltaDecay < 1)
      this.#buffer = reference.map((value, i) => deltaDecay * this.#matrix[i] + (1 - deltaDecay) * value);
    return tilesThatDiffer(before, this.#layer);
  }
}

/** Tiles whose codes are not those of `before`. */
export function tilesThatDiffer(before: Uint16Array, { codes, layout }: CodebookLayer): number {
  const changed = new Set<number>();
  codes.forEach((code, i) => {
    if (code !== before[i]) changed.add(Math.floor(i / layout.codebooks));
  });
  return changed.size;
}

function copyOf({ layout, codes, codebooks, scales }: CodebookLayer): CodebookLayer {
  return { layout, codes: codes.slice(), codebooks: codebooks.slice(), scales: scales.slice() };
}
