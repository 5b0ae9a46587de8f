import type { Batch } from '@espalier/core';
import type { Trainable } from '@espalier/models';

/** How good a trained model is. */
export interface Evaluation {
  /** What the task is about: the loss over all its data. */
  readonly loss: number;
  /** Further figures by name. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** A model that has not been trained, with its batches. */
export interface TrainingStart {
  readonly trainable: Trainable;
  /** The batch of a step, from 1. */
  batch(step: number): Batch;
  evaluate(): Promise<Evaluation>;
  dispose(): void;
}

/** A loss to be driven down in a number of steps. */
export interface TrainingTask {
  readonly name: string;
  readonly steps: number;
  /** Whether batches have labels and the model logits: what methods that bring an objective need. */
  readonly labels: boolean;
  /** Equal seeds give equal parameters and batches. */
  start(seed: number): TrainingStart;
}
