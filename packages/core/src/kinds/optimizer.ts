import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import type { Json } from '../json.js';
import type { StoredArrays } from './compressed-weight.js';
import type { NamedTensors } from './compressible-model.js';

/** What a method needs in a training signal beyond the gradients; a trainer supplies exactly what is declared. */
export interface OptimizerNeeds {
  /** The value of the mini-batch loss. */
  readonly loss?: boolean;
  /**
   * About the single samples: `sums` (squared norms, products with the mean), `coordinates` (variances as well), or their `gradients`,
   * `[samples, ...shape]`.
   */
  readonly perSample?: 'sums' | 'coordinates' | 'gradients';
  /** Logits and labels of the mini-batch: the method proposes the objective. */
  readonly logits?: boolean;
  /** Further tensors by name that the method's objective reads (candidates, masks, router activations). */
  readonly extra?: readonly string[];
  /** The number of steps in total. */
  readonly totalSteps?: boolean;
}

/** Statistics of the single samples' gradients, by parameter name; arrays have one number a sample. */
export interface PerSampleStatistics {
  readonly squaredNorms: Readonly<Record<string, Float64Array>>;
  readonly productsWithMean: Readonly<Record<string, Float64Array>>;
  /** Sample variance (divisor n - 1) of each coordinate. */
  readonly coordinateVariances?: NamedTensors;
  readonly gradients?: NamedTensors;
}

/** What a parameter is, for rules that treat embeddings, norms or the two sides of a matrix differently. */
export interface ParameterInfo {
  readonly role: 'weight' | 'embedding' | 'head' | 'norm' | 'bias' | 'other';
  /** The axis of outputs: tfjs kernels are `[in, out]`, so 1 there. */
  readonly outputAxis?: number;
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
  readonly perSample?: PerSampleStatistics;
  readonly parameterInfo?: Readonly<Record<string, ParameterInfo>>;
  /** The gradients given are the raw ones times this (gradient clipping). Default 1. */
  readonly clipScale?: number;
}

/** What a method proposes for a step before it is taken; the trainer may follow. */
export interface Proposal {
  readonly learningRate?: number;
  readonly batchSize?: number;
}

/** What a method knows when it is asked for a proposal. */
export interface ProposalContext {
  /** From 1. */
  readonly step: number;
  readonly totalSteps?: number;
  /** Samples seen so far. */
  readonly samples: number;
  readonly learningRate: number;
  readonly batchSize?: number;
}

/** What a step did. */
export interface StepReport {
  /** Method's own figures by name (`beta`, `capturedEnergy`, ...). */
  readonly figures: Readonly<Record<string, number | Readonly<Record<string, number>>>>;
}

/** State that can be stored and restored bit for bit. */
export interface StateDict {
  readonly tensors: NamedTensors;
  readonly values: Readonly<Record<string, Json>>;
  /** Parts that tfjs has no type for, such as 8-bit errors. */
  readonly buffers?: StoredArrays;
}

/** What an objective is computed from. */
export interface ObjectiveInput {
  /** `[batch, ..., classes]` */
  readonly logits: Tensor;
  readonly labels: Tensor;
  /** Further tensors that the trainer and the method agree on by name (candidates, masks, router activations). */
  readonly extra?: NamedTensors;
  /** State that moves once a batch moves in training only. */
  readonly mode: 'train' | 'evaluate';
}

/** A loss with its parts, for reports. */
export interface Objective {
  readonly loss: Scalar;
  readonly terms?: NamedTensors;
}

/** Trains parameters: an update rule, an objective, or both. */
export interface Optimizer {
  /** Updates the parameters in place. @throws NumericalError on a gradient that is not finite, before anything changes */
  step(signal: TrainingSignal): Promise<StepReport>;
  /** A differentiable loss in place of the trainer's own; absent where the method changes the update only. */
  objective?(input: ObjectiveInput): Objective;
  /** What this step needs, where it depends on options or on the step; the declared needs cover all steps. */
  needs?(step: number): OptimizerNeeds;
  /** Learning rate or batch size for the next step, before its batch is drawn. */
  propose?(context: ProposalContext): Proposal;
  /** The update alone, synchronous and without reading anything back: what `tf.Optimizer.applyGradients` calls. */
  apply?(signal: TrainingSignal): void;
  /** Bytes of its state. */
  bytes?(): number;
  /** Tensors are copies that the caller disposes of. */
  state(): StateDict;
  /** @throws InvalidDataError when the state is of another method, shape or version */
  restore(state: StateDict): void;
  dispose(): void;
}
