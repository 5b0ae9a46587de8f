import type { StepReport } from '@espalier/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** One parameter in one step; its tensors stay as they are. */
export interface ParameterStep {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  /** The state of the parameter by slot. */
  readonly slots: Readonly<Record<string, Tensor>>;
  /** Steps that this parameter has taken part in, this one included: from 1. */
  readonly step: number;
  readonly learningRate: number;
  /** Of this parameter's step before; 0 in its first. */
  readonly previousLearningRate: number;
  /** Of this parameter, after the filter. */
  readonly weightDecay: number;
}

/** What the first pass gives. */
export interface Measured {
  /** `[numerator, denominator]` of the coefficient. */
  readonly fraction: Tensor;
  /** Slots that have changed already. */
  readonly slots: Readonly<Record<string, Tensor>>;
}

/** What the second pass gives. */
export interface Advanced {
  readonly parameter: Tensor;
  readonly slots: Readonly<Record<string, Tensor>>;
  /** Scalar. */
  readonly beta: Tensor;
}

/** The coefficient of a step: one for the whole model, or by parameter. */
export type Coefficients = number | Readonly<Record<string, number>>;

/** Which tensors the sums run over. */
export type Scope = 'global' | 'perTensor';

/**
 * An update rule with a computed momentum coefficient: a pass that yields the fraction of which it is the clipped quotient, and one that
 * changes the parameter.
 */
export interface MomentumRule {
  readonly method: string;
  /** State tensors: of the parameter's shape and 0 at first, or a scalar that is 1 at first. */
  readonly slots: Readonly<Record<string, 'zeros' | 'one'>>;
  readonly scope: Scope;
  /** Whether the height of the memory plane comes from the losses of two steps. */
  readonly gap: 'gradient' | 'loss';
  readonly lambda: number;
  /** The largest size of an element of a gradient with which a step stays within float32. */
  readonly largestGradient: number;
  decayOf(name: string, shape: readonly number[]): number;
  measure(step: ParameterStep): Measured;
  advance(step: ParameterStep, fraction: Tensor): Advanced;
  figures(beta: Coefficients): StepReport['figures'];
}
