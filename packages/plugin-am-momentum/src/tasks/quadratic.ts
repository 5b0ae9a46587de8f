import { mul, type Scalar, scalar, sum, tensor1d, tidy, variable } from '@tensorflow/tfjs-core';
import type { TrainingTask } from './training-task.js';

/** See {@link quadratic}. */
export interface QuadraticOptions {
  /** Of each coordinate, > 0. */
  readonly curvature: readonly number[];
  readonly initial: readonly number[];
  readonly steps: number;
}

/** The problem of the specification's golden file: condition number 100. */
export const QUADRATIC: QuadraticOptions = {
  curvature: [1, 0.3, 0.1, 0.03, 0.01],
  initial: [1, -1, 2, 0.5, -3],
  steps: 200,
};

/** f(x) = 1/2 sum h x^2 with exact gradients: the seed changes nothing. The loss is evaluated in float64. */
export function quadratic({ curvature, initial, steps }: QuadraticOptions): TrainingTask {
  return {
    name: 'quadratic',
    steps,
    labels: false,
    start() {
      const [h, x0] = [tensor1d([...curvature]), tensor1d([...initial])];
      const x = variable(x0);
      x0.dispose();
      return {
        trainable: {
          parameters: { x },
          logits: () => x.clone(),
          gradients: () =>
            tidy(() => {
              const gradient = mul(h, x);
              const loss = mul(sum(mul(gradient, x)), 0.5) as Scalar;
              return { loss, gradients: { x: gradient } };
            }),
        },
        batch: (step) => ({ inputs: scalar(step) }),
        async evaluate() {
          const values = await x.data();
          return {
            loss: curvature.reduce((total, c, i) => total + 0.5 * c * values[i] ** 2, 0),
            metrics: {},
          };
        },
        dispose() {
          h.dispose();
          x.dispose();
        },
      };
    },
  };
}
