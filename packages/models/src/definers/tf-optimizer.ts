import { type NamedTensors, type Optimizer, UnsupportedError } from '@espalier/core';
import {
  engine,
  type NamedTensorMap,
  type Scalar,
  Optimizer as TfOptimizer,
  tidy,
  type Variable,
} from '@tensorflow/tfjs-core';

/** See {@link tfOptimizer}. */
export interface TfOptimizerOptions {
  /** Of every step, or by step (from 1). */
  readonly learningRate: number | ((step: number) => number);
  /** For methods whose steps depend on it. */
  readonly totalSteps?: number;
}

/**
 * An optimizer of Espalier as a `tf.Optimizer`, for `model.compile({ optimizer })` and `minimize`. It takes over `optimizer`.
 *
 * The update runs without reading anything back from the device, so a gradient that is not finite is not refused here. Only a method whose
 * `needs` say so is told the loss of each step: `minimize` (and so `model.fit`) then reads it back, which takes a backend that can do this
 * synchronously.
 * @throws UnsupportedError when the method cannot work on gradients alone
 */
export function tfOptimizer(optimizer: Optimizer, options: TfOptimizerOptions): TfOptimizer {
  if (optimizer.apply === undefined)
    throw new UnsupportedError('This method needs more than gradients: it has no form as a tf.Optimizer.');
  return new AdaptedOptimizer(optimizer, options);
}

class AdaptedOptimizer extends TfOptimizer {
  static get className(): string {
    return 'EspalierOptimizer';
  }

  readonly #optimizer: Optimizer;
  readonly #options: TfOptimizerOptions;
  /** Of the step that is being taken, where the method needs it. */
  #loss: number | undefined;

  constructor(optimizer: Optimizer, options: TfOptimizerOptions) {
    super();
    this.#optimizer = optimizer;
    this.#options = options;
  }

  /** What the next step uses; `model.fit` logs it. */
  get learningRate(): number {
    const { learningRate } = this.#options;
    return typeof learningRate === 'number' ? learningRate : learningRate(this.iterations + 1);
  }

  override minimize(f: () => Scalar, returnCost?: boolean, varList?: Variable[]): Scalar | null {
    if (!this.#optimizer.needs?.(this.iterations + 1).loss) return super.minimize(f, returnCost, varList);
    const told = () => {
      const loss = f();
      [this.#loss] = loss.dataSync();
      return loss;
    };
    try {
      return super.minimize(told, returnCost, varList);
    } finally {
      this.#loss = undefined;
    }
  }

  override applyGradients(given: Parameters<TfOptimizer['applyGradients']>[0]): void {
    const gradients: NamedTensors = Array.isArray(given)
      ? Object.fromEntries(given.map(({ name, tensor }) => [name, tensor]))
      : (given as NamedTensorMap);
    const parameters: Record<string, Variable> = {};
    for (const name of Object.keys(gradients)) {
      const variable = engine().registeredVariables[name];
      if (variable !== undefined) parameters[name] = variable;
    }
    const { totalSteps } = this.#options;
    tidy(() =>
      this.#optimizer.apply?.({
        parameters,
        gradients,
        learningRate: this.learningRate,
        step: this.iterations + 1,
        ...(totalSteps !== undefined && { totalSteps }),
        ...(this.#loss !== undefined && { loss: this.#loss }),
      }),
    );
    this.incrementIterations();
  }

  override dispose(): void {
    this.#optimizer.dispose();
    super.dispose();
  }

  override getConfig(): { learningRate: number } {
    return { learningRate: this.learningRate };
  }
}
