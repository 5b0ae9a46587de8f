/** Objectives at one decision, always to be minimised. */
export interface Decision {
  readonly best: number;
  readonly current: number;
  readonly candidate: number;
}

/** Decides which candidates become current. Called exactly once an iteration: it also advances its schedule. */
export interface AcceptanceCriterion {
  readonly name: string;
  /** @param uniform draws from U[0, 1) where the criterion needs it */
  accept(decision: Decision, uniform: () => number): boolean;
}

/** A parameter that goes from `start` to `end`: minus `step` each time, or times `step`. */
export interface Schedule {
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly method: 'linear' | 'exponential';
}

/** The next value of a schedule. */
export function advance(value: number, { end, step, method }: Schedule): number {
  return Math.max(end, method === 'linear' ? value - step : value * step);
}
