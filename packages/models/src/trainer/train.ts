import {
  type Batch,
  InvalidProblemError,
  type NamedTensors,
  NumericalError,
  type Optimizer,
  type RunOptions,
  type StepReport,
  startRun,
  UnsupportedError,
} from '@espalier/core';
import { addN, mul, type Scalar, square, sum, tidy } from '@tensorflow/tfjs-core';
import type { Schedule } from './schedule.js';
import type { Trainable, TrainingObjective } from './trainable.js';
import { captureState, restoreState, type TrainingState } from './training-state.js';

/** See {@link train}. */
export interface TrainingPlan {
  readonly optimizer: Optimizer;
  /** The batch of a step (from 1), a function of the step alone, so that a resumed run sees what it would have seen. Disposed of. */
  batch(step: number): Batch | Promise<Batch>;
  readonly steps: number;
  readonly learningRate: Schedule | number;
  /** Gradients whose norm over all parameters is larger are scaled down to it. */
  readonly clipNorm?: number;
  /** A loss in place of the model's own. */
  readonly objective?: TrainingObjective;
  /** The state that an earlier run left. */
  readonly resume?: TrainingState;
  /** Called every `every` steps and after the last with the state, which is disposed of afterwards. */
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

/** How a training ended. */
export interface TrainingResult {
  /** Of the last step, before its update. */
  readonly loss: number;
  /** Steps done in all, those before a resumed state included. */
  readonly steps: number;
  readonly stopped: 'finished' | 'time limit';
}

/**
 * Trains in place. Progress reports the step and its loss; a time limit ends it after a whole step.
 *
 * Resuming is exact: parameters, the optimizer's state and the step come from the state, the batches from the step.
 *
 * @throws UnsupportedError when the optimizer needs what this trainer does not supply (statistics of single samples, extra tensors)
 * @throws NumericalError when the loss is not finite
 * @throws AbortedError between steps
 */
export async function train(
  trainable: Trainable,
  plan: TrainingPlan,
  run: RunOptions = {},
): Promise<TrainingResult> {
  const { optimizer, steps } = plan;
  if (!(Number.isInteger(steps) && steps >= 0))
    throw new InvalidProblemError(`steps is a whole number of at least 0; given ${steps}.`);
  const state = startRun(run);
  const rate: Schedule =
    typeof plan.learningRate === 'number' ? constant(plan.learningRate) : plan.learningRate;
  let done = 0;
  if (plan.resume) done = restoreState(trainable, optimizer, plan.resume);
  let loss = Number.NaN;
  while (done < steps) {
    state.throwIfAborted();
    const step = done + 1;
    const learningRate = rate(step);
    const report = await oneStep(trainable, plan, step, learningRate, (value) => {
      loss = value;
    });
    done = step;
    plan.onStep?.({ step, loss, learningRate, report });
    state.report({ iteration: step, fraction: step / steps, value: loss });
    const last = step === steps || state.expired();
    if (plan.checkpoint && (last || step % plan.checkpoint.every === 0)) {
      const held = captureState(trainable, optimizer, step);
      try {
        await plan.checkpoint.save(held);
      } finally {
        held.dispose();
      }
    }
    if (last && step < steps) return { loss, steps: done, stopped: 'time limit' };
  }
  return { loss, steps: done, stopped: 'finished' };
}

const constant =
  (rate: number): Schedule =>
  () =>
    rate;

async function oneStep(
  trainable: Trainable,
  { optimizer, batch, clipNorm, objective, steps }: TrainingPlan,
  step: number,
  learningRate: number,
  onLoss: (loss: number) => void,
): Promise<StepReport> {
  const needs = optimizer.needs?.(step) ?? {};
  if (needs.perSample || needs.extra?.length)
    throw new UnsupportedError(
      'This trainer supplies gradients and losses of mini-batches, not of single samples.',
    );
  const data = await batch(step);
  const own: TrainingObjective | undefined = optimizer.objective
    ? (logits, { targets }) => optimizer.objective!({ logits, labels: targets!, mode: 'train' }).loss
    : undefined;
  const { loss, gradients } = trainable.gradients(data, objective ?? own);
  const batchSize = data.inputs.shape[0];
  data.inputs.dispose();
  data.targets?.dispose();
  let clipped: { gradients: NamedTensors; scale: number } = { gradients, scale: 1 };
  try {
    const [value] = await loss.data();
    if (!Number.isFinite(value)) throw new NumericalError(`Step ${step}: the loss is ${value}.`);
    onLoss(value);
    if (clipNorm !== undefined) clipped = await clip(gradients, clipNorm);
    return await optimizer.step({
      parameters: trainable.parameters,
      gradients: clipped.gradients,
      learningRate,
      step,
      totalSteps: steps,
      ...(batchSize !== undefined && { batchSize }),
      loss: value,
      ...(trainable.parameterInfo && { parameterInfo: trainable.parameterInfo }),
      clipScale: clipped.scale,
    });
  } finally {
    loss.dispose();
    for (const each of Object.values(gradients)) each.dispose();
    if (clipped.scale !== 1) for (const each of Object.values(clipped.gradients)) each.dispose();
  }
}

/** Gradients scaled so that their common norm is at most `limit`. */
async function clip(
  gradients: NamedTensors,
  limit: number,
): Promise<{ gradients: NamedTensors; scale: number }> {
  const squares = tidy(() => addN(Object.values(gradients).map((each) => sum(square(each)) as Scalar)));
  const norm = Math.sqrt((await squares.data())[0]);
  squares.dispose();
  if (!(norm > limit)) return { gradients, scale: 1 };
  const scale = limit / norm;
  const scaled = Object.entries(gradients).map(([name, each]) => [name, mul(each, scale)]);
  return { gradients: Object.fromEntries(scaled), scale };
}
