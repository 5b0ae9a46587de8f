import type { Optimizer, StepReport } from '@espalier/core';
import { type Tensor, tensor1d, type Variable, variable } from '@tensorflow/tfjs-core';
import type { Coefficients } from '../src/index.js';

/** What one step is told; a name that is absent has no gradient. */
export interface GivenStep {
  readonly gradients: Readonly<Record<string, readonly number[]>>;
  readonly learningRate: number;
  readonly loss?: number;
}

/** What one step did. */
export interface TakenStep {
  readonly beta: Coefficients;
  readonly figures: StepReport['figures'];
  readonly values: Readonly<Record<string, Float32Array>>;
}

export type Vectors = Readonly<Record<string, readonly number[]>>;

/** Vectors of numbers as variables, stepped with gradients that are given. */
export class Walk {
  readonly parameters: Readonly<Record<string, Variable>>;
  #step = 0;

  constructor(
    readonly optimizer: Optimizer,
    initial: Vectors,
  ) {
    this.parameters = Object.fromEntries(
      Object.entries(initial).map(([name, values]) => {
        const start = tensor1d([...values]);
        const made = variable(start);
        start.dispose();
        return [name, made];
      }),
    );
  }

  values(): Record<string, Float32Array> {
    return Object.fromEntries(
      Object.entries(this.parameters).map(([name, each]) => [name, Float32Array.from(each.dataSync())]),
    );
  }

  async take({ gradients, ...given }: GivenStep): Promise<TakenStep> {
    const tensors: Record<string, Tensor> = Object.fromEntries(
      Object.entries(gradients).map(([name, values]) => [name, tensor1d([...values])]),
    );
    try {
      const { figures } = await this.optimizer.step({
        parameters: this.parameters,
        gradients: tensors,
        step: this.#step + 1,
        ...given,
      });
      this.#step++;
      return { beta: figures.beta, figures, values: this.values() };
    } finally {
      for (const each of Object.values(tensors)) each.dispose();
    }
  }

  dispose(): void {
    this.optimizer.dispose();
    for (const each of Object.values(this.parameters)) each.dispose();
  }
}

/** All steps one after the other. */
export async function walk(
  optimizer: Optimizer,
  initial: Vectors,
  steps: readonly GivenStep[],
): Promise<readonly TakenStep[]> {
  const walking = new Walk(optimizer, initial);
  try {
    const taken: TakenStep[] = [];
    for (const step of steps) taken.push(await walking.take(step));
    return taken;
  } finally {
    walking.dispose();
  }
}

/** Steps of one parameter `x`. */
export function stepsOf(gradients: readonly (readonly number[])[], learningRate = 0.1): GivenStep[] {
  return gradients.map((x) => ({ gradients: { x }, learningRate }));
}
