import type { RandomSource } from '@espalier/core';
import { type AdamSettings, adamStepInPlace, createMoments, type Floats, type Moments } from './adam.js';
import { type CodeUpdateSettings, updateCodes } from './code-update.js';
import { type BufferDtype, FloatBuffer } from './float-buffer.js';
import {
  codesPerTile,
  continuousParts,
  copyLayer,
  partGradients,
  type QuantizedLayer,
  readAsStored,
  tilesOf,
} from './quantized-layer.js';

/** Settings of an optimizer step on one layer. */
export interface StepSettings {
  /** Of the continuous numbers: codebooks and scales, or scales and zeros. */
  readonly continuous: AdamSettings;
  /** Of the dequantized weight or the buffer. */
  readonly discrete: AdamSettings;
  /** Undefined: the codes are frozen. */
  readonly codes?: CodeUpdateSettings | undefined;
  /** delta in [0, 1]: 0 keeps a buffer as it was stepped, 1 has none, between them it decays towards the codes. */
  readonly deltaDecay: number;
  /** Of the buffer and of the second moment of the weight. Default float64. */
  readonly bufferDtype?: BufferDtype;
}

/** Arrays that a layer goes on from, by name. */
export type LayerArrays = Readonly<Record<string, Floats | Uint16Array>>;

/** One layer that is being tuned: its codes and continuous numbers, the buffer V and the moments. */
export class TunedLayer<L extends QuantizedLayer = QuantizedLayer> {
  #layer: L;
  /** V, in tiles; absent where the step starts from What. */
  readonly #buffer: FloatBuffer | undefined;
  readonly #second: FloatBuffer | undefined;
  /** First moment and running maximum of the weight, where the settings have them. */
  readonly #rest: Omit<Moments, 'second'>;
  readonly #moments: Readonly<Record<string, Moments>>;
  #steps = 0;

  /** @param layer copied */
  constructor(
    layer: L,
    readonly settings: StepSettings,
  ) {
    const { continuous, discrete, codes, deltaDecay, bufferDtype = 'float64' } = settings;
    this.#layer = copyLayer(layer);
    this.#moments = Object.fromEntries(
      Object.entries(continuousParts(layer)).map(([name, { length }]) => [
        name,
        createMoments(length, continuous),
      ]),
    );
    this.#rest = {};
    if (!codes) return;
    const { second, ...rest } = createMoments(this.tiles.length, discrete);
    this.#second = new FloatBuffer(second, bufferDtype);
    this.#rest = rest;
    if (deltaDecay < 1) this.#buffer = new FloatBuffer(this.tiles, bufferDtype);
  }

  /** The matrix that the model runs with, in tiles; made anew. */
  get tiles(): Float64Array {
    return tilesOf(readAsStored(this.#layer));
  }

  /** What is stored; not a copy. */
  get layer(): L {
    return this.#layer;
  }

  /** Steps taken. */
  get steps(): number {
    return this.#steps;
  }

  /** A copy of what is stored. */
  copy(): L {
    return copyLayer(this.#layer);
  }

  /**
   * One step: continuous numbers first, then the codes against the new ones.
   * Source: the paper's algorithm 2, in the form of the reference implementation.
   *
   * @param gradient by the matrix, in tiles
   * @returns the number of tiles whose codes changed
   */
  step(gradient: Floats, random?: RandomSource): number {
    const { continuous, discrete, codes, deltaDecay } = this.settings;
    const start = codes && !this.#buffer ? this.tiles : undefined;
    this.#steps++;
    // Straight through the second level, where there is one.
    const by = partGradients(readAsStored(this.#layer), gradient);
    for (const [name, values] of Object.entries(continuousParts(this.#layer)))
      adamStepInPlace(values, by[name], this.#moments[name], this.#steps, continuous);
    if (!codes) return 0;
    const reference = start ?? this.#buffer!.read();
    const second = this.#second!.read();
    adamStepInPlace(reference, gradient, { ...this.#rest, second }, this.#steps, discrete);
    this.#second!.write(second);
    const before = this.#layer.codes;
    const moved = updateCodes(readAsStored(this.#layer), reference, codes, random);
    this.#layer = { ...this.#layer, codes: moved };
    if (this.#buffer) {
      if (deltaDecay > 0) pullInPlace(reference, this.tiles, deltaDecay);
      this.#buffer.write(reference);
    }
    return tilesThatDiffer(before, this.#layer);
  }

  /** Everything that the next step depends on; the arrays themselves. */
  state(): LayerArrays {
    const moments = Object.entries(this.#moments).flatMap(([name, { first, second, largest }]) =>
      Object.entries({ first, second, largest }).map(([which, values]) => [`${name}.${which}`, values]),
    );
    const weight = {
      buffer: this.#buffer?.read(),
      'matrix.first': this.#rest.first,
      'matrix.second': this.#second?.read(),
      'matrix.largest': this.#rest.largest,
    };
    const all = [['codes', this.#layer.codes], ...Object.entries(continuousParts(this.#layer)), ...moments];
    return Object.fromEntries([...all, ...Object.entries(weight)].filter(([, values]) => values));
  }

  /**
   * Goes on from a state.
   * @param steps that were taken
   * @throws RangeError when an array is missing or of another length
   */
  restore(state: LayerArrays, steps: number): void {
    const own = this.state();
    for (const [name, { length }] of Object.entries(own))
      if (state[name]?.length !== length)
        throw new RangeError(`${name} has ${length} elements; given ${state[name]?.length ?? 'none'}.`);
    const { codes, buffer, 'matrix.second': second, ...rest } = own;
    for (const [name, values] of Object.entries({ codes, ...rest })) values.set(state[name]);
    if (buffer) this.#buffer!.write(state['buffer'] as Floats);
    if (second) this.#second!.write(state['matrix.second'] as Floats);
    this.#steps = steps;
  }
}

/** V <- delta What + (1 - delta) V. */
function pullInPlace(buffer: Floats, tiles: Float64Array, delta: number): void {
  for (let i = 0; i < buffer.length; i++) buffer[i] = delta * tiles[i] + (1 - delta) * buffer[i];
}

/** Tiles whose codes are not those of `before`. */
export function tilesThatDiffer(before: Uint16Array, layer: QuantizedLayer): number {
  const changed = new Set<number>();
  layer.codes.forEach((code, i) => {
    if (code !== before[i]) changed.add(Math.floor(i / codesPerTile(layer)));
  });
  return changed.size;
}
