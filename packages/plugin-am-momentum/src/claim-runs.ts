import {
  type ClaimContext,
  type DataSet,
  type Measurements,
  type Optimizer,
  UnsupportedError,
} from '@espalier/core';
import { type Schedule, schedule } from '@espalier/models';
import { adamW, momentumSgd } from '@espalier/models/baselines';
import { amAdamw } from './am-adamw.js';
import { amMsgd } from './am-msgd.js';
import { trainTask } from './tasks/train-task.js';
import type { TrainingTask } from './tasks/training-task.js';

/** One side of a comparison. */
export interface Contestant {
  /** In the names of measurements. */
  readonly name: string;
  create(): Optimizer;
  /** Default constant. */
  readonly scheduleOf?: (learningRate: number) => Schedule;
}

/** The method on momentum SGD, with the paper's constants. */
export const am: Contestant = { name: 'am', create: () => amMsgd.create() };

/** Averaged momentum with a fixed coefficient. */
export const averaged = (momentum: number): Contestant => ({
  name: `ema-${momentum}`,
  create: () => momentumSgd.create({ momentum, form: 'average' }),
});

/**
 * Momentum in the form v <- beta v + g with beta 0.9, where a learning rate is worth ten of the averaged form: it gets a tenth of what the
 * others get.
 */
export const unaveraged = (form: 'heavy-ball' | 'nesterov'): Contestant => ({
  name: form,
  create: () => momentumSgd.create({ momentum: 0.9, form }),
  scheduleOf: (learningRate) => () => learningRate / 10,
});

/** Plain gradient descent. */
export const sgd: Contestant = { name: 'sgd', create: () => momentumSgd.create({ momentum: 0 }) };

/** The method on AdamW, AdamW, and AdamW whose learning rate rises over `warmUp` steps, all with one decay of the second moment. */
export function adamContestants(
  beta2: number,
  warmUp: number,
): readonly [Contestant, Contestant, Contestant] {
  const plain = () => adamW.create({ beta2 });
  return [
    { name: 'am', create: () => amAdamw.create({ beta2 }) },
    { name: 'adamw', create: plain },
    {
      name: 'adamw-warm-up',
      create: plain,
      scheduleOf: (learningRate) => schedule({ learningRate, warmUp }),
    },
  ];
}

/** A contestant at a learning rate in the names of measurements: `am@0.1`. */
export const at = ({ name }: Contestant, learningRate: number): string => `${name}@${learningRate}`;

/**
 * Trains every contestant at every learning rate from every seed: `am@0.1.loss` and the task's metrics, means over the seeds, and
 * `am@0.1.medianLoss`. A run that diverged counts with a loss of 1e6, and has no metrics.
 */
export async function measureGrid(
  task: TrainingTask,
  contestants: readonly Contestant[],
  learningRates: readonly number[],
  { seed: first, signal, onProgress }: ClaimContext,
  { seeds = 1, lossAfter }: { readonly seeds?: number; readonly lossAfter?: number } = {},
): Promise<Measurements> {
  const measured: Record<string, number> = {};
  for (const contestant of contestants) {
    for (const learningRate of learningRates) {
      const key = at(contestant, learningRate);
      onProgress?.(`${task.name}: ${contestant.name} at a learning rate of ${learningRate}`);
      const losses: number[] = [];
      for (let seed = first; seed < first + seeds; seed++) {
        const add = (name: string, value: number) => {
          measured[`${key}.${name}`] = (measured[`${key}.${name}`] ?? 0) + value / seeds;
        };
        const rate = contestant.scheduleOf?.(learningRate) ?? learningRate;
        const { loss, metrics } = await trainTask(task, contestant.create(), rate, {
          seed,
          signal,
          // The loss of a step is the one before its update.
          onStep: (step, value) => step - 1 === lossAfter && add(`after${lossAfter}`, value),
        });
        add('loss', loss);
        losses.push(loss);
        for (const [name, value] of Object.entries(metrics)) add(name, value);
      }
      measured[`${key}.medianLoss`] = median(losses);
    }
  }
  return measured;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The smallest mean (or median) loss of a contestant over all learning rates, and where. */
export function bestLoss(
  measured: Measurements,
  { name }: Contestant,
  statistic: 'loss' | 'medianLoss' = 'loss',
): { readonly loss: number; readonly learningRate: number } {
  const losses = Object.entries(measured).flatMap(([key, loss]) => {
    const [contestant, rest = ''] = key.split('@');
    return contestant === name && rest.endsWith(`.${statistic}`)
      ? [{ loss, learningRate: Number.parseFloat(rest) }]
      : [];
  });
  return losses.reduce((best, each) => (each.loss < best.loss ? each : best));
}

/** The largest value of a metric of a contestant over all learning rates. */
export function largest(measured: Measurements, { name }: Contestant, metric: string): number {
  return Math.max(
    ...Object.entries(measured).flatMap(([key, value]) =>
      key.startsWith(`${name}@`) && key.endsWith(`.${metric}`) ? [value] : [],
    ),
  );
}

/** Three digits, as people write them. */
export function show(value: number): string {
  if (value >= 1e5) return 'diverged';
  if (value === 0 || (value >= 1e-3 && value < 1e3)) return String(Number(value.toPrecision(3)));
  return value.toExponential(1);
}

/** @throws UnsupportedError where the data set is absent: the claim is then not measured */
export async function requireData({ data }: ClaimContext, { path, summary }: DataSet): Promise<void> {
  if (await data.has(path)) return;
  throw new UnsupportedError(`The data file ${path} (${summary}) is not in the data folder.`, {
    remedy: 'Name a folder that has it: --data DIR.',
  });
}
