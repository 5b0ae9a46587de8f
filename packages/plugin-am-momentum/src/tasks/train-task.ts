import { isEspalierError, type Optimizer, type RunOptions } from '@espalier/core';
import { type Schedule, train } from '@espalier/models';
import type { Evaluation, TrainingTask } from './training-task.js';

/** What a run that left the range of numbers counts with. */
export const DIVERGED = 1e6;

/** How one training ended. */
export interface TaskResult extends Evaluation {
  readonly steps: number;
  readonly stopped: 'finished' | 'time limit' | 'diverged';
}

/** How to train. */
export interface TaskRun extends Pick<RunOptions, 'signal' | 'timeLimitMs'> {
  readonly seed: number;
  readonly onStep?: (step: number, loss: number) => void;
  /** Runs the evaluation; default at once. */
  readonly untimed?: <T>(work: () => T) => T;
}

/**
 * Trains a fresh model of the task with a fresh optimizer, which is disposed of, and evaluates it. A loss or a gradient that is not finite
 * ends it as diverged, with the loss {@link DIVERGED}.
 * @throws AbortedError when the signal fires
 */
export async function trainTask(
  task: TrainingTask,
  optimizer: Optimizer,
  learningRate: Schedule | number,
  { seed, signal, timeLimitMs, onStep, untimed = (work) => work() }: TaskRun,
): Promise<TaskResult> {
  const start = task.start(seed);
  let steps = 0;
  try {
    const { stopped } = await train(
      start.trainable,
      {
        optimizer,
        batch: start.batch,
        steps: task.steps,
        learningRate,
        onStep({ step, loss }) {
          steps = step;
          onStep?.(step, loss);
        },
      },
      { signal, timeLimitMs },
    );
    const { loss, metrics } = await untimed(() => start.evaluate());
    if (loss <= DIVERGED) return { loss, metrics, steps, stopped };
  } catch (thrown) {
    if (!isEspalierError(thrown, 'numerical')) throw thrown;
  } finally {
    optimizer.dispose();
    start.dispose();
  }
  return { loss: DIVERGED, metrics: {}, steps, stopped: 'diverged' };
}
