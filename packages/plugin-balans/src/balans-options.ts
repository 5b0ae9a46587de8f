import { InvalidOptionsError } from '@espalier/core';
import { z } from 'zod';
import type { AcceptanceCriterion } from './acceptance/acceptance-criterion.js';
import { acceptanceSchema, createAcceptance } from './acceptance/acceptance-options.js';
import type { MipEngine } from './mip-engine.js';
import type { MipRun } from './mip-run.js';
import type { DestroyOperator } from './operators/destroy-operator.js';
import { DEFAULT_OPERATORS, operatorByName } from './operators/pool.js';
import { passedOn } from './option-types.js';
import { defaultGap, type Exchange, type SearchSettings } from './search.js';
import type { Selector } from './selectors/selector.js';
import { createSelector, type SelectorOptions, selectorSchema } from './selectors/selector-options.js';

const isFunction = (value: unknown): boolean => typeof value === 'function';
const hasMethod = (name: string) => (value: unknown) =>
  isFunction((value as Readonly<Record<string, unknown>> | null | undefined)?.[name]);
const positiveMs = z.number().positive();

/** The options that every neighbourhood search has, whatever its operators and its selector. */
export const searchOptions = {
  acceptance: z
    .union([
      acceptanceSchema,
      passedOn<(initialObjective: number) => AcceptanceCriterion>(
        isFunction,
        'a criterion, or a function that makes one',
      ),
    ])
    .default({
      criterion: 'simulated-annealing',
      start: 20,
      end: 1,
      step: 0.1,
      method: 'exponential',
      relative: false,
    })
    .describe(
      'Which candidates become current: one of nine criteria, or a function of the initial objective.',
    ),
  scores: z
    .tuple([z.number(), z.number(), z.number(), z.number()])
    .default([1, 1, 0, 0])
    .describe(
      'Reward of a new best, a better, an accepted and a rejected candidate; accepted at most better.',
    ),
  fixContinuous: z
    .boolean()
    .default(false)
    .describe('Fix continuous variables outside the neighbourhood too, as the reference code does.'),
  cutoff: z
    .enum(['below', 'reference'])
    .default('below')
    .describe('Proximity: cutoff below the incumbent, or (1 - delta) times it as in the reference code.'),
  randomObjectiveMode: z
    .enum(['uniform', 'keep'])
    .default('uniform')
    .describe('random_objective: costs U(-1, 1), or a quarter of the costs kept.'),
  relaxSampling: z
    .enum(['random', 'largest'])
    .default('largest')
    .describe(
      'local_branching_relax: free the binaries that the relaxation moves most, or random moved ones.',
    ),
  maxIterations: z
    .int()
    .min(1)
    .optional()
    .describe('Most iterations; default 10 without a time limit, unlimited with one.'),
  maxIterationsWithoutImprovement: z
    .int()
    .min(1)
    .optional()
    .describe('Stop after so many iterations without a new best.'),
  targetObjective: z.number().optional().describe('Stop at this objective or better.'),
  gapToBound: z
    .strictObject({ bound: z.number(), gap: z.number().min(0) })
    .optional()
    .describe('Stop when the best is at most gap * |bound| away from bound.'),
  gap: z
    .number()
    .min(0)
    .optional()
    .describe('Relative gap at which a solve counts as optimal; default 0 up to 1,000 integers, then 1e-4.'),
  initialTimeLimitMs: positiveMs
    .default(20_000)
    .describe('For the first solution; at most a fifth of the time limit.'),
  iterationTimeLimitMs: positiveMs
    .default(60_000)
    .describe('For one iteration (local branching 2.5 times as much); at most a tenth of the time limit.'),
  iterationNodeLimit: z
    .int()
    .min(1)
    .optional()
    .describe('Branch-and-bound nodes of one solve: reproducible, unlike time.'),
  engine: passedOn<MipEngine>(hasMethod('load'), 'a MIP engine with a method load')
    .optional()
    .describe('The MIP engine; default HiGHS.'),
};

/** Every option of `balans`. */
export const balansSchema = z.strictObject({
  destroy: z
    .array(
      z.union([
        z.string(),
        passedOn<DestroyOperator>(hasMethod('destroy'), 'a name, or an operator with a method destroy'),
      ]),
    )
    .min(1)
    .default([...DEFAULT_OPERATORS])
    .describe('Operators by name, shares as decimals (mutation_25 is 0.25), or operators of your own.'),
  selector: z
    .union([
      selectorSchema,
      passedOn<(arms: number) => Selector>(isFunction, 'a policy, or a function that makes a selector'),
    ])
    .default({ policy: 'thompson-sampling' })
    .describe(
      'How the next operator is chosen: one of ten policies, or a function of the number of operators.',
    ),
  ...searchOptions,
});

/** The options of `balans`, parsed. */
export type BalansOptions = z.output<typeof balansSchema>;

/**
 * The operators named in the options.
 * @throws InvalidOptionsError for an unknown name, two operators of one name, or scores that do not suit the policy
 */
export function resolveOperators(options: BalansOptions): DestroyOperator[] {
  assertScores(options);
  const operators = options.destroy.map((item) =>
    typeof item === 'string' ? operatorByName(item, options) : item,
  );
  const twice = operators.find(({ name }, i) => operators.findIndex((other) => other.name === name) < i);
  if (twice) throw new InvalidOptionsError(`The option destroy names '${twice.name}' twice.`);
  return operators;
}

/** Thompson sampling learns successes and failures only: found out here rather than in the middle of a search. */
function assertScores({ selector, scores }: BalansOptions): void {
  const [, better, accept] = scores;
  if (accept > better) {
    throw new InvalidOptionsError(
      `The score of an accepted candidate is ${accept}, above ${better} for a better one.`,
      { remedy: 'A move that changes nothing counts as accepted: reward it no more than progress.' },
    );
  }
  if (typeof selector === 'function' || selector.policy !== 'thompson-sampling') return;
  if (selector.binarizer === undefined && scores.some((score) => score !== 0 && score !== 1)) {
    throw new InvalidOptionsError(`Thompson sampling needs scores of 0 and 1; given ${scores.join(', ')}.`, {
      remedy: 'Choose scores such as [1, 1, 0, 0], give the policy a binarizer, or take another policy.',
    });
  }
}

/** The settings of one search. @param discrete for the default gap */
export function searchSettings(
  operators: readonly DestroyOperator[],
  options: BalansOptions,
  { timeLimitMs, userObjective }: Pick<MipRun, 'timeLimitMs' | 'userObjective'>,
  sets: { readonly discrete: Int32Array },
  exchange: Exchange | undefined,
): SearchSettings {
  const { selector, acceptance, gapToBound, targetObjective } = options;
  const targets = [
    targetObjective !== undefined && userObjective(targetObjective),
    gapToBound && userObjective(gapToBound.bound) + gapToBound.gap * Math.abs(gapToBound.bound),
  ].filter((target) => typeof target === 'number');
  const iteration = Math.min(options.iterationTimeLimitMs, timeLimitMs / 10);
  const limited = Number.isFinite(timeLimitMs);
  return {
    operators,
    scores: options.scores,
    fixContinuous: options.fixContinuous,
    times: {
      iteration,
      randomSolution: Math.min(options.initialTimeLimitMs, iteration),
      relaxation: Math.min(options.initialTimeLimitMs, timeLimitMs / 5),
    },
    nodes: options.iterationNodeLimit,
    stop: {
      maxIterations: options.maxIterations ?? (limited ? Number.POSITIVE_INFINITY : 10),
      maxIterationsWithoutImprovement: options.maxIterationsWithoutImprovement ?? Number.POSITIVE_INFINITY,
      target: Math.max(Number.NEGATIVE_INFINITY, ...targets),
      gap: options.gap ?? defaultGap(sets),
    },
    exchange,
    createAcceptance: (initial) =>
      typeof acceptance === 'function' ? acceptance(initial) : createAcceptance(acceptance, initial),
    createSelector: (arms) =>
      typeof selector === 'function' ? selector(arms) : createSelector(selector as SelectorOptions, arms),
  };
}
