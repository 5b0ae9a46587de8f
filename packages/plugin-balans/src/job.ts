import { defaultServices, type JsonObject, messageOf } from '@espalier/core';
import { solveByBalans } from './balans.js';
import { balansSchema, resolveOperators } from './balans-options.js';
import { type Incumbent, isBetter } from './incumbent.js';
import type { MipSolution, MixedIntegerProgram } from './mixed-integer-program.js';

/** One worker's part: options of `balans` and a seed, all JSON. */
export interface BalansJob {
  readonly options: JsonObject;
  readonly seed: number;
}

/** What the master tells a worker: its job, then incumbents of the others. */
export type ToWorker =
  | (BalansJob & {
      readonly kind: 'job';
      readonly problem: MixedIntegerProgram;
      readonly timeLimitMs: number | undefined;
    })
  | { readonly kind: 'incumbent'; readonly incumbent: Incumbent };

/** What a worker answers: each of its incumbents, then the end. Objectives of incumbents are those of the minimisation. */
export type FromWorker =
  | { readonly kind: 'incumbent'; readonly incumbent: Incumbent }
  | { readonly kind: 'solution'; readonly solution: MipSolution }
  | { readonly kind: 'error'; readonly message: string };

/** A worker's side: what to do with the master's messages. @param post sends to the master */
export function createJobRunner(post: (message: FromWorker) => void): (message: ToWorker) => void {
  let latest: Incumbent | undefined;
  const exchange = {
    publish: (incumbent: Incumbent) => post({ kind: 'incumbent', incumbent }),
    latest: () => latest,
  };
  return (message) => {
    if (message.kind === 'incumbent') {
      const { incumbent } = message;
      if (!latest || isBetter(incumbent.objective, latest.objective)) latest = incumbent;
      return;
    }
    const { problem, seed, timeLimitMs } = message;
    const options = balansSchema.parse(message.options);
    solveByBalans(
      problem,
      options,
      resolveOperators(options),
      { seed, timeLimitMs },
      defaultServices,
      exchange,
    ).then(
      (solution) => post({ kind: 'solution', solution }),
      (thrown: unknown) => post({ kind: 'error', message: messageOf(thrown) }),
    );
  };
}
