import {
  engine,
  type NamedTensorMap,
  Optimizer,
  tidy,
  type Variable,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { type AdamStepOptions, adamStep } from './adam-step.js';

/** A tensor and its name, as tfjs's optimizers take and give them. */
type NamedTensor = Awaited<ReturnType<Optimizer['getWeights']>>[number];

/** See {@link AdamWOptimizer}. */
export type AdamWOptions = Partial<Omit<AdamStepOptions, 'step'>>;

type Config = Required<AdamWOptions>;

/**
 * Adam or AdamW as a `tf.Optimizer`, one kernel call a parameter where the backend has `AdamStep`.
 *
 * `learningRate` (default 1e-3) can be changed between steps; the other options are those of {@link adamStep}.
 */
export class AdamWOptimizer extends Optimizer {
  static get className(): string {
    return 'EspalierAdamW';
  }

  learningRate: number;
  readonly #config: Config;
  readonly #moments = new Map<string, { first: Variable; second: Variable }>();

  constructor(options: AdamWOptions = {}) {
    super();
    const { learningRate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 } = options;
    this.learningRate = learningRate;
    this.#config = { learningRate, beta1, beta2, epsilon, weightDecay };
  }

  override applyGradients(gradients: Parameters<Optimizer['applyGradients']>[0]): void {
    const named = Array.isArray(gradients)
      ? gradients.map(({ name, tensor }) => [name, tensor] as const)
      : Object.entries(gradients as NamedTensorMap);
    const options = { ...this.#config, learningRate: this.learningRate, step: this.iterations + 1 };
    for (const [name, gradient] of named) {
      const variable = engine().registeredVariables[name];
      if (variable === undefined) throw new RangeError(`AdamWOptimizer: there is no variable '${name}'.`);
      if (gradient == null) continue;
      const moments = this.#momentsOf(variable);
      tidy(() => {
        const before = { value: variable, firstMoment: moments.first, secondMoment: moments.second };
        const after = adamStep(before, gradient, options);
        variable.assign(after.value);
        moments.first.assign(after.firstMoment);
        moments.second.assign(after.secondMoment);
      });
    }
    this.incrementIterations();
  }

  override dispose(): void {
    for (const { first, second } of this.#moments.values()) {
      first.dispose();
      second.dispose();
    }
    this.#moments.clear();
    super.dispose();
  }

  /** The number of steps, then both moments of each parameter, named `<parameter>/m` and `<parameter>/v`. */
  override async getWeights(): Promise<NamedTensor[]> {
    const moments = [...this.#moments].flatMap(([name, { first, second }]) => [
      { name: `${name}/m`, tensor: first },
      { name: `${name}/v`, tensor: second },
    ]);
    return [await this.saveIterations(), ...moments];
  }

  override async setWeights(weights: NamedTensor[]): Promise<void> {
    for (const { name, tensor } of await this.extractIterations(weights)) {
      const variable = engine().registeredVariables[name.slice(0, -2)];
      if (variable === undefined || !/\/[mv]$/.test(name)) {
        throw new RangeError(`AdamWOptimizer: '${name}' is no moment of a variable that exists.`);
      }
      const { first, second } = this.#momentsOf(variable);
      (name.endsWith('/m') ? first : second).assign(tensor);
    }
  }

  override getConfig(): Config {
    return { ...this.#config, learningRate: this.learningRate };
  }

  /** The moments of a parameter: zeros, trained by nobody, at first. */
  #momentsOf(variable: Variable): { first: Variable; second: Variable } {
    let moments = this.#moments.get(variable.name);
    if (moments === undefined) {
      const zeros = () => tidy(() => zerosLike(variable).variable(false));
      moments = { first: zeros(), second: zeros() };
      this.#moments.set(variable.name, moments);
    }
    return moments;
  }
}
