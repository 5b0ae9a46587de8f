import { InvalidProblemError } from '@espalier/core';
import type { Evaluate } from './black-box-optimization.js';
import { type Observation, observe, pool } from './observation.js';

/** How evaluations are made. */
export interface EvaluationPlan {
  /** Evaluations made before. */
  readonly evaluation: number;
  /** Calls under way at a time: the repetitions of a candidate are split among them. */
  readonly concurrency: number;
  readonly signal: AbortSignal | undefined;
}

interface Call {
  readonly pick: number;
  readonly index: number;
  readonly repetitions: number;
  readonly evaluation: number;
}

/**
 * Evaluates the picks and sums up what came back, one observation a pick, whatever the order in which the calls end.
 * @throws InvalidProblemError that names the candidate, for a wrong number of values or values that are not finite
 */
export async function evaluatePicks(
  evaluate: Evaluate,
  picks: readonly { readonly index: number; readonly repetitions: number }[],
  plan: EvaluationPlan,
): Promise<Observation[]> {
  const calls = callsOf(picks, plan);
  const answers: Observation[] = new Array(calls.length);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < calls.length) {
      const at = next++;
      const { index, repetitions, evaluation } = calls[at];
      const values = await evaluate(index, repetitions, { evaluation, signal: plan.signal });
      answers[at] = checkedObservation(index, repetitions, values);
    }
  };
  await Promise.all(Array.from({ length: Math.min(plan.concurrency, calls.length) }, work));
  return picks.map((_, pick) =>
    answers.filter((_answer, at) => calls[at].pick === pick).reduce((a, b) => pool(a, b)),
  );
}

/** One call a pick, or several where the repetitions can be shared among workers that would be idle. */
function callsOf(
  picks: readonly { readonly index: number; readonly repetitions: number }[],
  { evaluation, concurrency }: EvaluationPlan,
): Call[] {
  const calls: Call[] = [];
  const workers = Math.max(1, Math.floor(concurrency / picks.length));
  let made = evaluation;
  picks.forEach(({ index, repetitions }, pick) => {
    const parts = Math.min(workers, repetitions);
    for (let part = 0; part < parts; part++) {
      const share = Math.floor(((part + 1) * repetitions) / parts) - Math.floor((part * repetitions) / parts);
      calls.push({ pick, index, repetitions: share, evaluation: made });
      made += share;
    }
  });
  return calls;
}

function checkedObservation(
  index: number,
  repetitions: number,
  values: ArrayLike<number> | undefined,
): Observation {
  if (values?.length !== repetitions) {
    throw new InvalidProblemError(
      `evaluate returned ${values?.length ?? 'no'} values for candidate ${index}; ${repetitions} were asked for.`,
    );
  }
  return observe(index, values);
}
