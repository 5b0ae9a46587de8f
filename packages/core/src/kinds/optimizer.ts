import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Json } from '../json.js';
import type { NamedTensors } from './compressible-model.js';

/** What a method needs in a training signal beyond the gradients; a trainer supplies exactly what is declared. */
export interface OptimizerNeeds {
  /** The value of the mini-batch loss. */
  readonly loss?: boolean;
  /** Gradients of the single samples, `[samples, ...shape]`. */
  readonly perSampleGradients?: boolean;
  /** Logits and labels of the mini-batch: the method proposes the objective. */
  readonly logits?: boolean;
  /** A function that evaluates loss and gradients at the current parameters again, on this or on a fresh batch. */
  readonly evaluate?: boolean;
  /** The number of steps in total. */
  readonly totalSteps?: boolean;
}

/** Loss and gradients at the parameters as they stand. */
export interface Evaluation {
  readonly loss: number;
  readonly gradients: NamedTensors;
}

/** One step's worth of information; what is not declared in `needs` may be absent. */
export interface TrainingSignal {
  /** The parameters by name; the optimizer assigns to them. */
  readonly parameters: Readonly<Record<string, Variable>>;
  /** Mean gradients of the mini-batch, named and shaped as the parameters. One that is missing is skipped in this step. */
  readonly gradients: NamedTensors;
  /** Of this step, >= 0; schedules come from outside. */
  readonly learningRate: number;
  /** From 1. */
  readonly step: number;
  readonly totalSteps?: number;
  readonly batchSize?: number;
  readonly loss?: number;
  readonly perSampleGradients?: NamedTensors;
  readonly evaluate?: (batch: 'same' | 'fresh') => Evaluation;
}

/** What a step did, and what the method proposes for the next one. */
export interface StepReport {
  /** Method's own figures by name (`beta`, `capturedEnergy`, ...). */
  readonly figures: Readonly<Record<string, number | Readonly<Record<string, number>>>>;
  readonly nextLearningRate?: number;
  readonly nextBatchSize?: number;
}

/** State that can be stored and restored bit for bit. */
export interface StateDict {
  readonly tensors: NamedTensors;
  readonly values: Readonly<Record<string, Json>>;
}

/** What an objective is computed from. */
export interface ObjectiveInput {
  /** `[batch, ..., classes]` */
  readonly logits: Tensor;
  readonly labels: Tensor;
  /** Further tensors that the trainer and the method agree on by name (candidates, masks, router activations). */
  readonly extra?: NamedTensors;
}

/** Trains parameters: an update rule, an objective, or both. */
export interface Optimizer {
  /** Updates the parameters in place. @throws NumericalError on a gradient that is not finite, before anything changes */
  step(signal: TrainingSignal): Promise<StepReport>;
  /** A differentiable loss in place of the trainer's own; absent where the method changes the update only. */
  objective?(input: ObjectiveInput): Scalar;
  /** Tensors are copies that the caller disposes of. */
  state(): StateDict;
  /** @throws InvalidDataError when the state is of another method, shape or version */
  restore(state: StateDict): void;
  dispose(): void;
}
