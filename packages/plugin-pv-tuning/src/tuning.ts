import {
  type Batch,
  type CompressibleModel,
  type NamedTensors,
  NumericalError,
  type RandomSource,
} from '@espalier/core';
import { denseWeight } from '@espalier/models';
import { dispose, tensor, tensor2d, tidy, type Variable, variable } from '@tensorflow/tfjs-core';
import { type AdamSettings, adamStepInPlace, createMoments, type Moments } from './adam.js';
import { type Goal, gradientsOn } from './objective.js';
import { intoTiles, outOfTiles, type QuantizedLayer, weightOfLayer } from './quantized-layer.js';
import { type LayerArrays, type StepSettings, TunedLayer } from './tuned-layer.js';

/** Codes and continuous parameters of all layers, and the other parameters by name. */
export interface Snapshot {
  readonly layers: ReadonlyMap<string, QuantizedLayer>;
  readonly others: ReadonlyMap<string, Float64Array>;
}

interface OtherParameter {
  readonly parameter: Variable;
  readonly values: Float64Array;
  readonly moments: Moments;
  steps: number;
}

/**
 * A model in the course of being tuned: its quantized layers run as dense matrices, by which gradients are taken, until `finish` puts the stored
 * forms in.
 */
export class Tuning {
  readonly #layers = new Map<string, { readonly tuned: TunedLayer; readonly matrix: Variable }>();
  readonly #others = new Map<string, OtherParameter>();

  /** @param others parameters beside the layers that are tuned as well, by name */
  constructor(
    readonly student: CompressibleModel,
    start: ReadonlyMap<string, QuantizedLayer>,
    readonly settings: StepSettings,
    others: Readonly<Record<string, Variable>> = {},
  ) {
    for (const [name, layer] of start) {
      const tuned = new TunedLayer(layer, settings);
      const [outputs, inputs] = [layer.layout.outputs, layer.layout.inputs];
      const matrix = tidy(() => variable(tensor2d(outOfTiles(layer, tuned.tiles), [outputs, inputs])));
      student.replaceWeight(name, denseWeight(matrix));
      this.#layers.set(name, { tuned, matrix });
    }
    for (const [name, parameter] of Object.entries(others)) {
      const values = Float64Array.from(parameter.dataSync());
      const moments = createMoments(values.length, settings.continuous);
      this.#others.set(name, { parameter, values, moments, steps: 0 });
    }
  }

  /** The matrices of the layers and the other parameters, by name. */
  variables(): Readonly<Record<string, Variable>> {
    const matrices = [...this.#layers].map(([name, { matrix }]) => [name, matrix] as const);
    const others = [...this.#others].map(([name, { parameter }]) => [name, parameter] as const);
    return Object.fromEntries([...matrices, ...others]);
  }

  /** One step on one batch. @returns the tiles whose codes changed */
  async stepOn(batch: Batch, goal: Goal, random: RandomSource): Promise<number> {
    const of = this.#others.size > 0 ? (['dense', 'other'] as const) : (['dense'] as const);
    const { gradients } = await gradientsOn(this.student, batch, goal, of);
    return this.step(gradients, random);
  }

  /** One step by given gradients, each of which is disposed of as soon as it is used. @returns the tiles whose codes changed */
  async step(gradients: NamedTensors, random?: RandomSource): Promise<number> {
    let changed = 0;
    const left: Record<string, NamedTensors[string]> = { ...gradients };
    const take = async (name: string): Promise<Float32Array | undefined> => {
      const gradient = left[name];
      if (!gradient) return undefined;
      const values = await gradient.data<'float32'>();
      if (!values.every(Number.isFinite)) throw new NumericalError(`The gradient of ${name} is not finite.`);
      delete left[name];
      gradient.dispose();
      return values;
    };
    try {
      for (const [name, { tuned, matrix }] of this.#layers) {
        const gradient = await take(name);
        if (!gradient) continue;
        changed += tuned.step(intoTiles(tuned.layer, gradient), random);
        showIn(matrix, outOfTiles(tuned.layer, tuned.tiles));
      }
      for (const [name, other] of this.#others) {
        const gradient = await take(name);
        if (gradient) stepOther(other, gradient, this.settings.continuous);
      }
    } finally {
      dispose(left);
    }
    return changed;
  }

  copy(): Snapshot {
    return {
      layers: new Map([...this.#layers].map(([name, { tuned }]) => [name, tuned.copy()])),
      others: new Map([...this.#others].map(([name, { values }]) => [name, values.slice()])),
    };
  }

  /** The student in stored form, at a state. */
  finish({ layers, others }: Snapshot): void {
    for (const [name, layer] of layers) this.student.replaceWeight(name, weightOfLayer(layer));
    for (const [name, values] of others) showIn(this.#others.get(name)!.parameter, Float32Array.from(values));
  }

  /** Arrays by layer or parameter name, each with the steps that it has taken; the arrays themselves. */
  *state(): Generator<readonly [name: string, state: LayerArrays, steps: number]> {
    for (const [name, { tuned }] of this.#layers) yield [name, tuned.state(), tuned.steps];
    for (const [name, { values, moments, steps }] of this.#others)
      yield [name, { values, ...moments }, steps];
  }

  /** Goes on from what {@link state} gave. @throws RangeError when arrays do not fit */
  restore(name: string, state: LayerArrays, steps: number): void {
    const layer = this.#layers.get(name);
    if (layer) {
      layer.tuned.restore(state, steps);
      showIn(layer.matrix, outOfTiles(layer.tuned.layer, layer.tuned.tiles));
      return;
    }
    const other = this.#others.get(name);
    if (!other) throw new RangeError(`There is no layer or parameter ${name}.`);
    for (const [part, values] of Object.entries({ values: other.values, ...other.moments }))
      values.set(state[part]);
    other.steps = steps;
    showIn(other.parameter, Float32Array.from(other.values));
  }
}

function stepOther(other: OtherParameter, gradient: Float32Array, settings: AdamSettings): void {
  other.steps++;
  adamStepInPlace(other.values, gradient, other.moments, other.steps, settings);
  showIn(other.parameter, Float32Array.from(other.values));
}

function showIn(parameter: Variable, values: Float32Array): void {
  tidy(() => parameter.assign(tensor(values, parameter.shape)));
}
