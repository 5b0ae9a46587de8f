import { InvalidProblemError } from '@espalier/core';

/** The learning rate of a step, from 1. */
export type Schedule = (step: number) => number;

/** See {@link schedule}. */
export interface ScheduleOptions {
  /** The largest rate, at least 0. */
  readonly learningRate: number;
  /** Default `constant`. */
  readonly shape?: (typeof SHAPES)[number];
  /** Steps over which the rate rises linearly from learningRate / warmUp. Default 0. */
  readonly warmUp?: number;
  /** Steps in all; needed for `cosine` and `linear`. */
  readonly totalSteps?: number;
  /** Share of the largest rate at the end, in [0, 1]. Default 0. */
  readonly floor?: number;
}

const SHAPES = ['constant', 'cosine', 'linear'] as const;

/**
 * Warm-up, then a constant rate or one that falls to `floor` of it by half a cosine or a line.
 * @throws InvalidProblemError for values out of range
 */
export function schedule({
  learningRate,
  shape = 'constant',
  warmUp = 0,
  totalSteps,
  floor = 0,
}: ScheduleOptions): Schedule {
  if (!(learningRate >= 0 && Number.isFinite(learningRate)))
    throw new InvalidProblemError(`A learning rate is a number of at least 0; given ${learningRate}.`);
  if (!(Number.isInteger(warmUp) && warmUp >= 0))
    throw new InvalidProblemError(`warmUp is a whole number of steps; given ${warmUp}.`);
  if (!(floor >= 0 && floor <= 1))
    throw new InvalidProblemError(`floor is a share in [0, 1]; given ${floor}.`);
  if (!SHAPES.includes(shape))
    throw new InvalidProblemError(`The shape of a schedule is one of ${SHAPES.join(', ')}; given ${shape}.`);
  if (totalSteps !== undefined && !(Number.isSafeInteger(totalSteps) && totalSteps >= 1))
    throw new InvalidProblemError(`totalSteps is a whole number of at least 1; given ${totalSteps}.`);
  if (shape !== 'constant' && !(totalSteps !== undefined && totalSteps > warmUp))
    throw new InvalidProblemError(
      `A ${shape} schedule needs totalSteps beyond the warm-up of ${warmUp}; given ${totalSteps}.`,
    );
  return (step) => {
    if (step <= warmUp) return (learningRate * step) / warmUp;
    if (shape === 'constant') return learningRate;
    const done = Math.min(1, (step - warmUp) / (totalSteps! - warmUp));
    const left = shape === 'cosine' ? (1 + Math.cos(Math.PI * done)) / 2 : 1 - done;
    return learningRate * (floor + (1 - floor) * left);
  };
}
