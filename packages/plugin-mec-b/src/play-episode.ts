import type { RandomSource } from '@espalier/core';
import { draw, encodeStep, guessMessage, remainingEntropy } from './coding-channel.js';
import type { PreparedGame } from './coding-game.js';
import type { CodingScheme } from './coding-scheme.js';
import { drawNextState } from './markov-decision-process.js';

/** One episode of the game. */
export interface Episode {
  readonly message: Int32Array;
  readonly guess: Int32Array;
  readonly correct: boolean;
  /** sum of discount^(i + 1) r(s_(i + 1)). */
  readonly reward: number;
  readonly steps: number;
  /** Bits that were not known after 0, 1, .. steps. */
  readonly entropies: readonly number[];
}

/**
 * Plays one episode: message drawn from the prior, then steps until a terminal state or the limit. The receiver mirrors the sender, who
 * therefore computes the guess too. Message, world and sender draw from streams of their own: methods are compared on the same luck.
 * @param policy states x actions
 */
export function playEpisode(
  { world, discount, maxSteps, channel }: PreparedGame,
  policy: Float64Array,
  scheme: CodingScheme,
  random: RandomSource,
): Episode {
  const messageRandom = random.fork('message');
  const worldRandom = random.fork('world');
  const senderRandom = random.fork('sender');
  const message = Int32Array.from(channel.beliefs, (prior) => draw(prior, messageRandom.uniform()));
  let [state, reward, weight, steps] = [world.start, 0, 1, 0];
  let known = channel;
  const entropies = [remainingEntropy(known)];
  while (steps < maxSteps && !world.terminal[state]) {
    const law = policy.subarray(state * world.actions, (state + 1) * world.actions);
    const step = encodeStep(known, law, message, senderRandom.uniform(), scheme);
    known = step.state;
    state = drawNextState(world, state, step.action, worldRandom);
    weight *= discount;
    reward += weight * world.rewards[state]!;
    steps++;
    entropies.push(remainingEntropy(known));
  }
  const guess = guessMessage(known);
  const correct = guess.every((symbol, block) => symbol === message[block]);
  return { message, guess, correct, reward, steps, entropies };
}
