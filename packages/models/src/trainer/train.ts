import {
  type Batch,
  NumericalError,
  type RunOptions,
  type StepReport,
  startRun,
  UnsupportedError,
} from '@espalier/core';
import { type ClippedGradients, clipGradients } from './clip-gradients.js';
import type { Schedule } from './schedule.js';
import type { Trainable, TrainingObjective } from './trainable.js';
import { checkPlan, checkRate, type TrainingPlan } from './training-plan.js';
import { captureState, restoreState } from './training-state.js';

/** How a training ended. */
export interface TrainingResult {
  /** Of the last step, before its update; NaN where none was left to do. */
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
 * @throws InvalidProblemError for a number of the plan that is out of range, before work starts; a rate of the schedule, before its step
 * @throws InvalidDataError for a state to resume that is of another model or optimizer
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
  checkPlan(plan);
  const state = startRun(run);
  const rate: Schedule =
    typeof plan.learningRate === 'number' ? constant(plan.learningRate) : plan.learningRate;
  let done = 0;
  if (plan.resume) done = restoreState(trainable, optimizer, plan.resume);
  let loss = Number.NaN;
  while (done < steps) {
    await state.turn();
    const step = done + 1;
    const learningRate = rate(step);
    checkRate(learningRate, step);
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
  const batchSize = data.inputs.shape[0];
  const { loss, gradients } = gradientsOn(trainable, data, objective ?? own);
  let clipped: ClippedGradients = { gradients, scale: 1 };
  try {
    const [value] = await loss.data();
    if (!Number.isFinite(value)) throw new NumericalError(`Step ${step}: the loss is ${value}.`);
    onLoss(value);
    if (clipNorm !== undefined) clipped = await clipGradients(gradients, clipNorm);
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

/** Loss and gradients; the batch is disposed of. */
function gradientsOn(
  trainable: Trainable,
  data: Batch,
  objective: TrainingObjective | undefined,
): ReturnType<Trainable['gradients']> {
  try {
    return trainable.gradients(data, objective);
  } finally {
    data.inputs.dispose();
    data.targets?.dispose();
  }
}
