import { type Batch, InvalidProblemError, type Optimizer, type StepReport } from '@espalier/core';
import type { Schedule } from './schedule.js';
import type { TrainingObjective } from './trainable.js';
import type { TrainingState } from './training-state.js';

/** What `train` does. */
export interface TrainingPlan {
  readonly optimizer: Optimizer;
  /** The batch of a step (from 1), a function of the step alone, so that a resumed run sees what it would have seen. Disposed of. */
  batch(step: number): Batch | Promise<Batch>;
  /** Steps in all, those before a resumed state included. */
  readonly steps: number;
  /** Finite and at least 0. */
  readonly learningRate: Schedule | number;
  /** Gradients whose norm over all parameters is larger are scaled down to it; above 0. Default: never. */
  readonly clipNorm?: number;
  /** A loss in place of the model's own. */
  readonly objective?: TrainingObjective;
  /** The state that an earlier run left. */
  readonly resume?: TrainingState;
  /** Called every `every` steps (a whole number of at least 1) and after the last with the state, which is disposed of afterwards. */
  readonly checkpoint?: { readonly every: number; save(state: TrainingState): Promise<void> | void };
  /** Called after each step; its loss is the one before the update. */
  readonly onStep?: (step: TrainedStep) => void;
}

/** One step of training. */
export interface TrainedStep {
  readonly step: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly report: StepReport;
}

/** @throws InvalidProblemError for a number out of range */
export function checkPlan({ steps, learningRate, clipNorm, resume, checkpoint }: TrainingPlan): void {
  if (!isCount(steps))
    throw new InvalidProblemError(`steps is a whole number of at least 0; given ${steps}.`);
  if (typeof learningRate === 'number') checkRate(learningRate);
  if (clipNorm !== undefined && !(clipNorm > 0))
    throw new InvalidProblemError(`clipNorm is a number above 0; given ${clipNorm}.`, {
      remedy: 'Leave it out to train without clipping.',
    });
  if (checkpoint && !(isCount(checkpoint.every) && checkpoint.every >= 1))
    throw new InvalidProblemError(
      `checkpoint.every is a whole number of at least 1; given ${checkpoint.every}.`,
    );
  if (resume && !(isCount(resume.step) && resume.step <= steps))
    throw new InvalidProblemError(
      `The state to resume has ${resume.step} steps behind it; the plan has ${steps} in all.`,
      { remedy: '`steps` counts those before the state as well.' },
    );
}

/** @param step of the schedule that gave it */
export function checkRate(rate: number, step?: number): void {
  if (!(rate >= 0 && Number.isFinite(rate)))
    throw new InvalidProblemError(
      `A learning rate is a finite number of at least 0; ${step === undefined ? 'given' : `the schedule gives for step ${step}`} ${rate}.`,
    );
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
