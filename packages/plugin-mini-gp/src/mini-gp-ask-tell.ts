import {
  defineDynamicAlgorithm,
  defineProblemFamily,
  InvalidProblemError,
  type Json,
  type JsonObject,
} from '@espalier/core';
import { z } from 'zod';
import { type AskTellProblem, AskTellSession, type Suggestion } from './ask-tell-session.js';
import { readSession, writeSession } from './ask-tell-snapshot.js';
import type { Estimate } from './black-box-optimization.js';
import { checkCandidates } from './candidate-set.js';
import { eiOptions, metaOptions, modelOptions, runOptions, ucbOptions } from './options.js';
import { MINI_GP_PAPER } from './paper.js';

/** What happens in a session. `start` comes first; a later one begins anew. */
export type AskTellEvent =
  | ({ readonly type: 'start' } & AskTellProblem)
  | {
      readonly type: 'ask';
      /** Evaluations that can be made now; default what is left of the horizon. */
      readonly most?: number;
    }
  | { readonly type: 'tell'; readonly index: number; readonly values: readonly number[] | Float64Array }
  | {
      readonly type: 'fail';
      readonly index: number;
      /** Default all that are under way. */
      readonly count?: number;
    }
  | { readonly type: 'best' }
  | { readonly type: 'predict'; readonly indices: readonly number[] };

/** What is said to each event. */
export type AskTellAnswer =
  | { readonly type: 'started' | 'told' | 'failed'; readonly unique: number; readonly pending: number }
  | ({ readonly type: 'asked' } & Suggestion)
  | ({ readonly type: 'best' } & Estimate)
  | { readonly type: 'predicted'; readonly estimates: readonly Estimate[] };

/** The family of ask-and-tell sessions. */
export const blackBoxAskTell = defineProblemFamily<readonly AskTellEvent[], readonly AskTellAnswer[]>({
  name: 'black-box-ask-tell',
  summary: 'Noisy optimisation over finitely many candidates, evaluated by somebody else.',
  formats: [],
  solutionToJson: (answers) => answers.map((answer) => ({ ...answer })) as unknown as Json,
});

/**
 * mini-GP-UCB and mini-GP-EI as a dialogue: an event asks for a candidate or tells what came back, at any time, in any order. A snapshot
 * holds the problem and all that was told; restoring works it in again, so that every later answer is the same to the last bit.
 */
export const miniGpAskTell = defineDynamicAlgorithm({
  name: 'mini-gp-ask-tell',
  summary: 'mini-GP-UCB and mini-GP-EI by ask and tell, for evaluations that come back late or never.',
  solves: blackBoxAskTell,
  paper: MINI_GP_PAPER,
  options: z.strictObject({
    acquisition: z
      .enum(['ucb', 'ei'])
      .default('ei')
      .describe('Upper confidence bound or expected improvement.'),
    ...metaOptions,
    ...ucbOptions,
    nu: eiOptions.nu,
    ...modelOptions,
    regularizer: runOptions.regularizer,
  }),
  examples: { default: {} },
  create(options) {
    let started: { readonly problem: AskTellProblem; readonly session: AskTellSession } | undefined;
    return {
      process(event: AskTellEvent): AskTellAnswer {
        if (event?.type === 'start') {
          const { type: _type, ...given } = event;
          const problem = ownCopy(given);
          const session = new AskTellSession(problem, options);
          started = { problem, session };
          return { type: 'started', ...counts(session) };
        }
        if (!started) throw new InvalidProblemError("The first event of a session is 'start'.");
        return answer(started.session, event);
      },
      reset() {
        started = undefined;
      },
      statistics: (): JsonObject => ({ ...started?.session.statistics() }),
      snapshot: () => writeSession(started),
      restore(snapshot) {
        started = readSession(snapshot, options);
      },
    };
  },
});

function answer(session: AskTellSession, event: Exclude<AskTellEvent, { type: 'start' }>): AskTellAnswer {
  switch (event?.type) {
    case 'ask':
      return { type: 'asked', ...session.ask(event.most) };
    case 'tell':
      session.tell(event.index, event.values ?? []);
      return { type: 'told', ...counts(session) };
    case 'fail':
      session.fail(event.index, event.count);
      return { type: 'failed', ...counts(session) };
    case 'best':
      return { type: 'best', ...session.best() };
    case 'predict':
      if (!Array.isArray(event.indices)) throw new InvalidProblemError('predict names a list of indices.');
      return { type: 'predicted', estimates: event.indices.map((index) => session.estimate(index)) };
    default:
      throw new InvalidProblemError(
        `An event is of type start, ask, tell, fail, best or predict; given ${JSON.stringify((event as { type?: unknown } | undefined)?.type)}.`,
      );
  }
}

function counts(session: AskTellSession): { unique: number; pending: number } {
  const { unique, pending } = session.statistics();
  return { unique, pending };
}

/** A copy that the caller cannot change later. */
function ownCopy(problem: AskTellProblem): AskTellProblem {
  checkCandidates(problem.candidates);
  const { points, dimension } = problem.candidates;
  const { noiseVariance } = problem;
  return {
    ...problem,
    candidates: { points: points.slice(), dimension },
    noiseVariance: noiseVariance instanceof Float64Array ? noiseVariance.slice() : noiseVariance,
  };
}
