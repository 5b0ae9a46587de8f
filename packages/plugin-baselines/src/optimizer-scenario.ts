import {
  type AnyAlgorithm,
  defineScenario,
  isEspalierError,
  type JsonObject,
  NumericalError,
  type OptimizerAlgorithm,
  type OptionsSchema,
  type RunState,
  type Scenario,
  startRun,
  type Trial,
} from '@espalier/core';
import { schedule, train } from '@espalier/models';
import { tidy } from '@tensorflow/tfjs-core';
import {
  loadOptimizerTask,
  OPTIMIZER_DATA,
  type OptimizerModel,
  type OptimizerTask,
  optimizerInstances,
} from './optimizer-tasks.js';

/** Points of a curve: held-out losses on the way. */
const POINTS = 20;

/**
 * All optimizers on the same tasks, each with a cosine schedule from the best learning rate of a grid: the loss on held-out samples after
 * a number of steps that is the same for all. Finding the rate is not timed; the curve and the time are those of one training at it.
 */
export const trainSmallModels: Scenario<OptimizerTask> = defineScenario({
  name: 'train-small-models',
  summary:
    'Digits, house prices and a language model over bytes: loss on held-out samples, at the best learning rate of a grid.',
  kind: 'optimizer',
  score: { name: 'held-out loss', direction: 'minimize', scale: 'log' },
  data: OPTIMIZER_DATA,
  takes: ({ kind }) => kind === 'optimizer',
  instances: optimizerInstances,
  load: loadOptimizerTask,
  accepts: acceptable,
  async run(algorithm, options, task, trial) {
    if (algorithm.kind !== 'optimizer') throw new TypeError(`${algorithm.name} is no optimizer.`);
    const state = startRun(trial.run);
    const tried = await trial.untimed(() => tune(algorithm, options, task, trial, state));
    const [best] = tried.toSorted((a, b) => a.loss - b.loss);
    if (!best || best.loss === Number.POSITIVE_INFINITY)
      throw new NumericalError(`It diverges at every learning rate: ${task.rates.join(', ')}.`);
    const score = await trainedLoss(algorithm, options, task, best.rate, trial, {
      every: Math.max(1, Math.floor(task.steps / POINTS)),
      onLoss: trial.point,
    });
    return {
      score,
      metrics: {
        learningRate: best.rate,
        ratesTried: tried.length,
        ratesDiverged: tried.filter(({ loss }) => loss === Number.POSITIVE_INFINITY).length,
        ratesWithinTenPercent: tried.filter(({ loss }) => loss <= 1.1 * best.loss).length,
        steps: task.steps,
      },
      stopped: tried.length < task.rates.length ? 'time limit' : 'finished',
    };
  },
});

/** True, or what the tasks lack. */
function acceptable(algorithm: AnyAlgorithm, task: OptimizerTask): true | string {
  if (algorithm.kind !== 'optimizer') return `${algorithm.name} is no optimizer.`;
  const { perSample, extra, logits } = algorithm.needs ?? {};
  if (perSample) return 'These tasks give gradients of mini-batches, not of single samples.';
  if (extra?.length) return `These tasks have no ${extra.join(', ')}.`;
  if (logits && !task.labels) return 'This task has no labels of classes.';
  return true;
}

interface TriedRate {
  readonly rate: number;
  /** Infinite where it diverges. */
  readonly loss: number;
}

/** The loss at each rate of the grid. The time limit leaves rates out, so that what is left is enough for one more training. */
async function tune(
  algorithm: OptimizerAlgorithm<string, OptionsSchema>,
  options: JsonObject,
  task: OptimizerTask,
  trial: Trial,
  state: RunState,
): Promise<TriedRate[]> {
  const tried: TriedRate[] = [];
  for (const rate of task.rates) {
    await state.turn();
    tried.push({ rate, loss: await trainedLoss(algorithm, options, task, rate, trial) });
    if (state.remainingMs() < (2 * state.elapsedMs()) / tried.length) break;
  }
  return tried;
}

/** Held-out loss after training at one rate, and on the way where it is asked for; infinite where it diverges. */
async function trainedLoss(
  algorithm: OptimizerAlgorithm<string, OptionsSchema>,
  options: JsonObject,
  task: OptimizerTask,
  peak: number,
  trial: Trial,
  curve?: { readonly every: number; onLoss(loss: number, step: number): void },
): Promise<number> {
  const { steps, batch } = task;
  const optimizer = algorithm.create(options, trial.services);
  const model = task.open();
  let loss = Number.POSITIVE_INFINITY;
  try {
    await train(
      model,
      {
        optimizer,
        batch,
        steps,
        learningRate: schedule({ learningRate: peak, shape: 'cosine', totalSteps: steps }),
        ...(curve && {
          checkpoint: {
            every: curve.every,
            save: ({ step }) =>
              trial.untimed(async () => {
                loss = await heldOutLoss(task, model);
                curve.onLoss(loss, step);
              }),
          },
        }),
      },
      { signal: trial.run.signal },
    );
    if (!curve) loss = await heldOutLoss(task, model);
    return Number.isFinite(loss) ? loss : Number.POSITIVE_INFINITY;
  } catch (error) {
    if (isEspalierError(error, 'numerical')) return Number.POSITIVE_INFINITY;
    throw error;
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

/** Mean over the held-out batches. */
async function heldOutLoss(task: OptimizerTask, model: OptimizerModel): Promise<number> {
  let [sum, count] = [0, 0];
  for (const batch of task.heldOut()) {
    const loss = tidy(() => task.loss(model.logits(batch), batch));
    sum += (await loss.data())[0];
    count++;
    for (const tensor of [loss, batch.inputs, batch.targets]) tensor?.dispose();
  }
  return sum / count;
}
