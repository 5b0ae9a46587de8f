import { InvalidProblemError } from '@espalier/core';
import type { CodingScheme } from './coding-scheme.js';
import { argmax, checkDistribution } from './distribution.js';
import { entropy } from './entropy.js';
import { budgetOf, type RateLimit } from './rate-limit.js';
import { coupleStep, type StepCoupling } from './step-coupling.js';

/**
 * What sender and receiver both know: the beliefs about the message. Both sides compute it from the same actions with the same
 * arithmetic, so it stays equal in every bit. A message may consist of several independent blocks. Values, never changed.
 */
export interface ChannelState {
  /** One distribution a block. */
  readonly beliefs: readonly Float64Array[];
  /** Bits of the code of each block: fixed from its prior. */
  readonly budgets: readonly number[];
  /** Budget over entropy of the prior of each block; 1 for a certain message. */
  readonly rates: readonly number[];
}

/**
 * The channel before the first action.
 * @param prior law of the message, or one law a block; R in `limit` is bits a block
 * @throws InvalidProblemError where a prior is no distribution or the limit is out of its range
 */
export function openChannel(prior: Float64Array | readonly Float64Array[], limit: RateLimit): ChannelState {
  const blocks = prior instanceof Float64Array ? [prior] : prior;
  if (!Array.isArray(blocks) || blocks.length === 0)
    throw new InvalidProblemError('prior must be a Float64Array of probabilities, or a list of them.');
  const beliefs = blocks.map((block, k) => checkDistribution(`prior of block ${k}`, block).slice());
  const entropies = beliefs.map(entropy);
  const budgets = entropies.map((bits) => budgetOf(limit, bits));
  const rates = budgets.map((budget, k) => (entropies[k]! > 0 ? Math.min(1, budget / entropies[k]!) : 1));
  return { beliefs, budgets, rates };
}

/** The block that a step works on: the one that is least known; the first of equal ones. */
export function activeBlock({ beliefs }: ChannelState): number {
  return beliefs.length === 1 ? 0 : argmax(beliefs.map(entropy));
}

/** The coupling of a step with the block that it is about. */
export function channelStep(
  state: ChannelState,
  policy: Float64Array,
  scheme: CodingScheme,
): StepCoupling & { readonly block: number } {
  const block = activeBlock(state);
  const coupling = coupleStep(
    policy,
    state.beliefs[block]!,
    state.budgets[block]!,
    state.rates[block]!,
    scheme,
  );
  return { block, ...coupling };
}

/** What the sender does in a step. */
export interface EncodedStep {
  readonly action: number;
  /** The law that it was drawn from. */
  readonly law: Float64Array;
  /** What everyone knows afterwards: exactly what {@link decodeStep} gives the receiver. */
  readonly state: ChannelState;
}

/**
 * The sender's step: draws an action that carries the message while it follows the policy on average over messages.
 * @param policy law of the action, sum 1: of a state of a game, or of the next token of a language model
 * @param message one symbol a block
 * @param uniform a random number in [0, 1)
 */
export function encodeStep(
  state: ChannelState,
  policy: Float64Array,
  message: ArrayLike<number>,
  uniform: number,
  scheme: CodingScheme,
): EncodedStep {
  const step = channelStep(state, policy, scheme);
  const law = step.actionLaw(message[step.block]!);
  const action = draw(law, uniform);
  return { action, law, state: withBelief(state, step.block, step.posterior(action)) };
}

/** The receiver's step: what is known of the message once an action was seen. */
export function decodeStep(
  state: ChannelState,
  policy: Float64Array,
  action: number,
  scheme: CodingScheme,
): ChannelState {
  const step = channelStep(state, policy, scheme);
  return withBelief(state, step.block, step.posterior(action));
}

/** The most likely message, one symbol a block; the lowest of equal ones. */
export function guessMessage({ beliefs }: ChannelState): Int32Array {
  return Int32Array.from(beliefs, argmax);
}

/** Entropy of what is not known of the message, in bits over all blocks. */
export function remainingEntropy({ beliefs }: ChannelState): number {
  return beliefs.reduce((bits, belief) => bits + entropy(belief), 0);
}

function withBelief(state: ChannelState, block: number, belief: Float64Array): ChannelState {
  return { ...state, beliefs: state.beliefs.with(block, belief) };
}

/** The index at which a distribution's running sum passes `uniform`; never one of probability 0. */
export function draw(law: Float64Array, uniform: number): number {
  let [rest, last] = [uniform, 0];
  for (let i = 0; i < law.length; i++) {
    if (law[i]! <= 0) continue;
    last = i;
    rest -= law[i]!;
    if (rest < 0) return i;
  }
  return last;
}
