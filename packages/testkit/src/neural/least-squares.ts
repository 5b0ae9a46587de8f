import {
  createRandom,
  type NamedTensors,
  type OptimizerNeeds,
  type PerSampleStatistics,
  type TrainingSignal,
} from '@espalier/core';
import { type Tensor, tensor, type Variable, variable } from '@tensorflow/tfjs-core';

const SHAPES = { vector: [3], matrix: [2, 2] } as const;
type Name = keyof typeof SHAPES;
const NAMES = Object.keys(SHAPES) as Name[];
const SAMPLES = 4;

/**
 * Mean of 1/2 |x - t_s|^2 over four targets t_s, which move a little from batch to batch: everything that an optimizer can need
 * (loss, gradients of single samples and their statistics) has a closed form.
 */
export class LeastSquares {
  readonly parameters: Readonly<Record<Name, Variable>>;
  readonly #needs: OptimizerNeeds;
  readonly #totalSteps: number;

  constructor(needs: OptimizerNeeds, totalSteps: number) {
    this.#needs = needs;
    this.#totalSteps = totalSteps;
    const start = createRandom(7);
    const make = (name: Name) => {
      const values = Float32Array.from({ length: sizeOf(name) }, () => 3 + start.normal());
      const initial = tensor(values, [...SHAPES[name]]);
      const made = variable(initial);
      initial.dispose();
      return made;
    };
    this.parameters = { vector: make('vector'), matrix: make('matrix') };
  }

  /** The parameters, as copies. */
  values(): Record<string, Float32Array> {
    return Object.fromEntries(
      NAMES.map((name) => [name, Float32Array.from(this.parameters[name].dataSync())]),
    );
  }

  setValues(values: Readonly<Record<string, Float32Array>>): void {
    for (const name of NAMES) {
      const next = tensor(values[name]!, [...SHAPES[name]]);
      this.parameters[name].assign(next);
      next.dispose();
    }
  }

  /** On a batch of its own. */
  loss(): number {
    return lossOf(this.values(), 0);
  }

  /** Calls `work` with the signal of a step, as the needs declare it; its tensors are disposed of afterwards. */
  async withSignal(
    step: number,
    learningRate: number,
    work: (signal: TrainingSignal) => Promise<void>,
  ): Promise<void> {
    const made: NamedTensors[] = [];
    const record = (tensors: NamedTensors): NamedTensors => {
      made.push(tensors);
      return tensors;
    };
    const { loss, perSample, totalSteps } = this.#needs;
    const at = this.values();
    try {
      await work({
        parameters: this.parameters,
        gradients: record(gradientsOf(at, step)),
        learningRate,
        step,
        batchSize: SAMPLES,
        ...(loss && { loss: lossOf(at, step) }),
        ...(perSample && { perSample: perSampleOf(at, step, record) }),
        ...(totalSteps && { totalSteps: this.#totalSteps }),
      });
    } finally {
      for (const tensors of made) for (const each of Object.values(tensors)) each.dispose();
    }
  }

  dispose(): void {
    for (const parameter of Object.values(this.parameters)) parameter.dispose();
  }
}

function sizeOf(name: Name): number {
  return SHAPES[name].reduce<number>((a, b) => a * b, 1);
}

/** Target s of batch `batch`, near 0. */
function target(name: Name, batch: number, sample: number): Float32Array {
  const random = createRandom(batch).fork(`${name} ${sample}`);
  return Float32Array.from({ length: sizeOf(name) }, () => 0.3 * random.normal());
}

type Values = Readonly<Record<string, Float32Array>>;

/** x - t_s for every sample, one after the other. */
function differences(name: Name, at: Values, batch: number): Float32Array {
  const size = sizeOf(name);
  const all = new Float32Array(SAMPLES * size);
  for (let s = 0; s < SAMPLES; s++)
    all.set(
      target(name, batch, s).map((t, i) => at[name]![i]! - t),
      s * size,
    );
  return all;
}

function lossOf(at: Values, batch: number): number {
  return (
    NAMES.flatMap((name) => [...differences(name, at, batch)]).reduce((a, d) => a + d * d, 0) / (2 * SAMPLES)
  );
}

/** What an optimizer may ask about the single samples, coordinate variances with divisor n - 1. */
function perSampleOf(
  at: Values,
  batch: number,
  record: (tensors: NamedTensors) => NamedTensors,
): PerSampleStatistics {
  const squaredNorms: Record<string, Float64Array> = {};
  const productsWithMean: Record<string, Float64Array> = {};
  const variances: Record<string, Tensor> = {};
  const gradients: Record<string, Tensor> = {};
  for (const name of NAMES) {
    const all = differences(name, at, batch);
    const size = sizeOf(name);
    const mean = meanOf(all, size);
    const sum = (s: number, term: (i: number) => number) => {
      let total = 0;
      for (let i = 0; i < size; i++) total += all[s * size + i]! * term(i);
      return total;
    };
    squaredNorms[name] = Float64Array.from({ length: SAMPLES }, (_, s) => sum(s, (i) => all[s * size + i]!));
    productsWithMean[name] = Float64Array.from({ length: SAMPLES }, (_, s) => sum(s, (i) => mean[i]!));
    const variance = Float32Array.from({ length: size }, (_, i) => {
      let total = 0;
      for (let s = 0; s < SAMPLES; s++) total += (all[s * size + i]! - mean[i]!) ** 2;
      return total / (SAMPLES - 1);
    });
    variances[name] = tensor(variance, [...SHAPES[name]]);
    gradients[name] = tensor(all, [SAMPLES, ...SHAPES[name]]);
  }
  return {
    squaredNorms,
    productsWithMean,
    coordinateVariances: record(variances),
    gradients: record(gradients),
  };
}

function gradientsOf(at: Values, batch: number): NamedTensors {
  return Object.fromEntries(
    NAMES.map((name) => [
      name,
      tensor(meanOf(differences(name, at, batch), sizeOf(name)), [...SHAPES[name]]),
    ]),
  );
}

/** Mean over the samples. */
function meanOf(all: Float32Array, size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => {
    let total = 0;
    for (let s = 0; s < SAMPLES; s++) total += all[s * size + i]!;
    return total / SAMPLES;
  });
}
