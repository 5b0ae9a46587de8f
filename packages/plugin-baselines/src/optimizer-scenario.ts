import { defineScenario, isEspalierError, type Optimizer, type Scenario } from '@espalier/core';
import { train } from '@espalier/models';
import { tidy } from '@tensorflow/tfjs-core';
import {
  loadOptimizerTask,
  OPTIMIZER_DATA,
  type OptimizerTask,
  optimizerInstances,
} from './optimizer-tasks.js';

/**
 * All optimizers on the same tasks: loss on held-out samples after the same number of steps, at the best of a grid of learning rates with a
 * cosine schedule. Methods that need more than gradients and losses of mini-batches are refused.
 */
export const trainSmallModels: Scenario<OptimizerTask> = defineScenario({
  name: 'train-small-models',
  summary: 'Loss on held-out samples after training small models, at the best learning rate of a grid.',
  kind: 'optimizer',
  score: { name: 'validation loss', direction: 'minimize', scale: 'log' },
  data: OPTIMIZER_DATA,
  takes: ({ kind }) => kind === 'optimizer',
  instances: optimizerInstances,
  load: loadOptimizerTask,
  accepts: (algorithm) =>
    algorithm.kind === 'optimizer' && (algorithm.needs?.perSample || algorithm.needs?.extra)
      ? `${algorithm.name} needs statistics that mini-batch training does not supply.`
      : true,
  async run(algorithm, options, task, trial) {
    if (algorithm.kind !== 'optimizer') throw new TypeError(`${algorithm.name} is no optimizer.`);
    const total = task.rates.length * task.steps;
    let [best, bestRate, done, diverged] = [Number.POSITIVE_INFINITY, Number.NaN, 0, 0];
    for (const rate of task.rates) {
      const loss = await trainedLoss(task, algorithm.create(options, trial.services), rate, trial.run);
      done += task.steps;
      if (!Number.isFinite(loss)) diverged++;
      if (loss < best) {
        best = loss;
        bestRate = rate;
        trial.point(best, done);
      }
    }
    return {
      score: best,
      metrics: { learningRate: bestRate, divergedRates: diverged, steps: total },
      stopped: 'finished',
    };
  },
});

/** Held-out loss after training at one rate; infinite where it diverges. */
async function trainedLoss(
  task: OptimizerTask,
  optimizer: Optimizer,
  learningRate: number,
  run: Parameters<typeof train>[2],
): Promise<number> {
  const { steps } = task;
  const model = task.open();
  try {
    const rate = (step: number) => (learningRate * (1 + Math.cos((Math.PI * step) / steps))) / 2;
    await train(model, { optimizer, batch: task.batch, steps, learningRate: rate }, run);
    let [sum, count] = [0, 0];
    for (const batch of task.validation()) {
      const loss = tidy(() => task.loss(model.logits(batch), batch));
      sum += (await loss.data())[0];
      count++;
      for (const tensor of [loss, batch.inputs, batch.targets]) tensor?.dispose();
    }
    const mean = sum / count;
    return Number.isFinite(mean) ? mean : Number.POSITIVE_INFINITY;
  } catch (error) {
    if (isEspalierError(error, 'numerical')) return Number.POSITIVE_INFINITY;
    throw error;
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}
