import { defineProblemFamily, InvalidProblemError, type Json } from '@espalier/core';
import { z } from 'zod';
import { type ChannelState, openChannel } from './coding-channel.js';
import { gridWorld } from './grid-world.js';
import { checkWorld, type MarkovDecisionProcess } from './markov-decision-process.js';
import { parseJson, rateFields, rateLimitOf } from './problem-files.js';
import type { RateLimit } from './rate-limit.js';

/**
 * The Markov coding game with rate limit: an agent walks through a world by a given stochastic policy, and hides a message in its
 * actions for someone who sees them.
 */
export interface MarkovCodingGameProblem extends RateLimit {
  readonly world: MarkovDecisionProcess;
  /** Discount of rewards, in (0, 1]. Default 0.95. */
  readonly discount?: number;
  /** Temperature beta >= 0 of the policy (log beta = -6 is nearly greedy, -3 nearly random). */
  readonly temperature: number;
  /** Soft Q iterations that make the policy. Default 100. */
  readonly iterations?: number;
  /** So many equally likely messages. Either this or `prior`. */
  readonly messages?: number;
  /** Law of the message, or one law for each of several independent blocks. */
  readonly prior?: Float64Array | readonly Float64Array[];
  /** Episodes that are played; each draws a message of its own. */
  readonly episodes: number;
  /** Most steps of an episode. Default 1000. */
  readonly maxSteps?: number;
}

/** What came out of the episodes that were played. */
export interface MarkovCodingGameSolution {
  readonly episodes: number;
  /** Share of episodes in which the receiver's guess is the message, all blocks. */
  readonly accuracy: number;
  /** Mean discounted reward, and its standard error. */
  readonly meanReward: number;
  readonly rewardError: number;
  readonly meanSteps: number;
  /** Messages that were sent and guesses that were made, one symbol a block, episode after episode. */
  readonly messages: Int32Array;
  readonly guesses: Int32Array;
  readonly rewards: Float64Array;
  /** Mean bits that are not known of the message after 0, 1, .. steps; an episode that has ended keeps its last. */
  readonly entropyCurve: Float64Array;
  /** `finished`, or `time limit` after fewer episodes. */
  readonly reason: string;
}

/** The problem family: any package can bring a solver by naming this token in `solves`. */
export const codingGame = defineProblemFamily<MarkovCodingGameProblem, MarkovCodingGameSolution>({
  name: 'markov-coding-game',
  summary: 'A message hidden in the actions of an agent that follows a given policy.',
  formats: [
    {
      extensions: ['json'],
      summary:
        'world (grid: shape, goal, trap, obstacles, start, noise, stepReward), temperature, messages or prior, episodes, one of R, rate, ' +
        'compressionRate; discount, iterations, maxSteps',
      read: readGame,
    },
  ],
  solutionToJson: ({ messages, guesses, rewards, entropyCurve, ...figures }): Json => ({
    ...figures,
    messages: [...messages],
    guesses: [...guesses],
    rewards: [...rewards],
    entropyCurve: [...entropyCurve],
  }),
});

const cell = z.tuple([z.int(), z.int()]);
const masses = z.array(z.number());
const gameJson = z.strictObject({
  world: z
    .strictObject({
      shape: cell.optional(),
      goal: cell.optional(),
      trap: cell.optional(),
      obstacles: z.array(cell).optional(),
      start: cell.optional(),
      noise: z.number().optional(),
      stepReward: z.number().optional(),
    })
    .default({}),
  temperature: z.number(),
  discount: z.number().optional(),
  iterations: z.int().optional(),
  messages: z.int().optional(),
  prior: z.union([masses, z.array(masses)]).optional(),
  episodes: z.int(),
  maxSteps: z.int().optional(),
  ...rateFields,
});

function readGame(bytes: Uint8Array): MarkovCodingGameProblem {
  const { world, temperature, episodes, prior, R, rate, compressionRate, ...rest } = parseJson(
    bytes,
    gameJson,
  );
  const given = <T extends object>(fields: T) =>
    Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return {
    world: gridWorld(given(world)),
    temperature,
    episodes,
    ...given(rest),
    ...(prior && { prior: priorFromLists(prior) }),
    ...rateLimitOf({ R, rate, compressionRate }),
  };
}

function priorFromLists(prior: number[] | number[][]): Float64Array | Float64Array[] {
  const isList = (part: number | number[]): part is number[] => Array.isArray(part);
  const lists = prior.filter(isList);
  return lists.length > 0
    ? lists.map((list) => Float64Array.from(list))
    : Float64Array.from(prior.filter((part) => !isList(part)) as number[]);
}

/** A game that can be played. */
export interface PreparedGame {
  readonly world: MarkovDecisionProcess;
  readonly discount: number;
  readonly temperature: number;
  readonly iterations: number;
  readonly episodes: number;
  readonly maxSteps: number;
  /** The channel before the first action; its beliefs are the priors. */
  readonly channel: ChannelState;
}

/** @throws InvalidProblemError where something is missing or out of its range */
export function prepareGame(problem: MarkovCodingGameProblem): PreparedGame {
  const { world, temperature, messages, prior, episodes } = problem;
  const { discount = 0.95, iterations = 100, maxSteps = 1_000 } = problem;
  checkWorld(world);
  const wrong = (name: string, value: unknown, allowed: string): never => {
    throw new InvalidProblemError(`${name} is ${value}; allowed are ${allowed}.`);
  };
  if (!(temperature >= 0 && temperature < Number.POSITIVE_INFINITY))
    wrong('temperature', temperature, 'finite numbers >= 0');
  if (!(discount > 0 && discount <= 1)) wrong('discount', discount, 'numbers in (0, 1]');
  for (const [name, count] of Object.entries({ iterations, episodes, maxSteps })) {
    if (!(Number.isSafeInteger(count) && count >= 1)) wrong(name, count, 'integers >= 1');
  }
  if ((messages === undefined) === (prior === undefined))
    throw new InvalidProblemError('Exactly one of messages and prior must be given.');
  if (messages !== undefined && !(Number.isSafeInteger(messages) && messages >= 1 && messages <= 2 ** 24))
    wrong('messages', messages, `integers from 1 to ${2 ** 24}`);
  const channel = openChannel(prior ?? new Float64Array(messages!).fill(1 / messages!), problem);
  return { world, discount, temperature, iterations, episodes, maxSteps, channel };
}
