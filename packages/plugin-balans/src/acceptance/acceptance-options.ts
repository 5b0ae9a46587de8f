import { z } from 'zod';
import type { AcceptanceCriterion } from './acceptance-criterion.js';
import { greatDeluge, nonLinearGreatDeluge } from './great-deluge.js';
import { alwaysAccept, hillClimbing } from './hill-climbing.js';
import { lateAcceptance } from './late-acceptance.js';
import { movingAverageThreshold } from './moving-average-threshold.js';
import { randomAccept } from './random-accept.js';
import { recordToRecordTravel } from './record-to-record.js';
import { simulatedAnnealing } from './simulated-annealing.js';

const method = z.enum(['linear', 'exponential']);

/** The nine built-in criteria with their parameters. `relative` multiplies temperatures by max(1, |initial objective|). */
export const acceptanceSchema = z.discriminatedUnion('criterion', [
  z.strictObject({ criterion: z.literal('hill-climbing') }),
  z.strictObject({ criterion: z.literal('always-accept') }),
  z.strictObject({
    criterion: z.literal('simulated-annealing'),
    start: z.number().positive().default(20),
    end: z.number().positive().default(1),
    step: z.number().min(0).default(0.1),
    method: method.default('exponential'),
    relative: z.boolean().default(false),
  }),
  z.strictObject({
    criterion: z.literal('record-to-record-travel'),
    start: z.number().min(0).default(20),
    end: z.number().min(0).default(1),
    step: z.number().min(0).default(0.1),
    method: method.default('linear'),
    compareWith: z.enum(['best', 'current']).default('best'),
    relative: z.boolean().default(false),
  }),
  z.strictObject({
    criterion: z.literal('random-accept'),
    start: z.number().min(0).max(1).default(0.5),
    end: z.number().min(0).max(1).default(0),
    step: z.number().min(0).default(0.01),
    method: method.default('linear'),
  }),
  z.strictObject({
    criterion: z.literal('late-acceptance'),
    lookback: z.int().min(1).default(10),
    greedy: z.boolean().default(false),
    betterHistory: z.boolean().default(false),
  }),
  z.strictObject({
    criterion: z.literal('moving-average-threshold'),
    eta: z.number().min(0).default(0.5),
    gamma: z.int().min(1).default(10),
  }),
  z.strictObject({
    criterion: z.literal('great-deluge'),
    alpha: z.number().gt(1).default(1.1),
    beta: z.number().gt(0).lt(1).default(0.05),
  }),
  z.strictObject({
    criterion: z.literal('non-linear-great-deluge'),
    alpha: z.number().gt(1).default(1.1),
    beta: z.number().gt(0).lt(1).default(0.05),
    gamma: z.number().gt(0).default(0.02),
    delta: z.number().gt(0).default(0.001),
  }),
]);

/** A criterion with its parameters. */
export type AcceptanceOptions = z.output<typeof acceptanceSchema>;

/** The criterion at its start. */
export function createAcceptance(options: AcceptanceOptions, initialObjective: number): AcceptanceCriterion {
  switch (options.criterion) {
    case 'hill-climbing':
      return hillClimbing();
    case 'always-accept':
      return alwaysAccept();
    case 'simulated-annealing':
      return simulatedAnnealing(scaled(options, initialObjective));
    case 'record-to-record-travel':
      return recordToRecordTravel(scaled(options, initialObjective), options.compareWith);
    case 'random-accept':
      return randomAccept(options);
    case 'late-acceptance':
      return lateAcceptance(options.lookback, options.greedy, options.betterHistory);
    case 'moving-average-threshold':
      return movingAverageThreshold(options.eta, options.gamma);
    case 'great-deluge':
      return greatDeluge(options.alpha, options.beta);
    case 'non-linear-great-deluge':
      return nonLinearGreatDeluge(options.alpha, options.beta, options.gamma, options.delta);
  }
}

/** Temperatures in units of the objective; a linear step is one too, an exponential one is a factor. */
function scaled(
  options: { start: number; end: number; step: number; method: 'linear' | 'exponential'; relative: boolean },
  initialObjective: number,
) {
  const unit = options.relative ? Math.max(1, Math.abs(initialObjective)) : 1;
  const step = options.method === 'linear' ? unit * options.step : options.step;
  return { start: unit * options.start, end: unit * options.end, step, method: options.method };
}
