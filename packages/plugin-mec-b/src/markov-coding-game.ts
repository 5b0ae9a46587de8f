import { defineSolver, type RunOptions, type Services, startRun } from '@espalier/core';
import { z } from 'zod';
import { codingGame, type MarkovCodingGameSolution, type PreparedGame, prepareGame } from './coding-game.js';
import { type CodingScheme, codingSchemeOptions } from './coding-scheme.js';
import { MEC_B_PAPER } from './paper.js';
import { type Episode, playEpisode } from './play-episode.js';
import { softPolicy } from './soft-policy.js';

/**
 * The Markov coding game end to end (section 5): the soft policy of the world, then episodes in which each action is drawn from the
 * coupling of the policy and the belief about the message. Averaged over messages the actions follow the policy, so the reward does not
 * depend on the rate. Anytime: at the time limit it returns the episodes that were played.
 */
export const markovCodingGame = defineSolver({
  name: 'markov-coding-game',
  summary:
    'Plays the coding game: belief and policy are coupled at each step, the belief compressed to the rate.',
  solves: codingGame,
  paper: MEC_B_PAPER,
  options: z.strictObject(codingSchemeOptions),
  examples: {
    default: {},
    reverse: { compress: 'action' },
    'near-deterministic': { encoder: 'near-deterministic' },
  },
  create: (scheme, services) => ({
    solve: async (problem, run) => playGame(prepareGame(problem), scheme, run, services),
  }),
});

/** The game with the scalar quantizer as encoder: the baseline of the paper. */
export const markovCodingGameUniform = defineSolver({
  name: 'markov-coding-game-uniform',
  summary: 'The coding game with blocks of neighbouring messages as the code.',
  solves: codingGame,
  paper: MEC_B_PAPER,
  options: z.strictObject({}),
  examples: { default: {} },
  create: (_options, services) => markovCodingGame.create({ encoder: 'uniform' }, services),
});

async function playGame(
  game: PreparedGame,
  scheme: CodingScheme,
  run: RunOptions | undefined,
  services: Services,
): Promise<MarkovCodingGameSolution> {
  const state = startRun(run, services.clock);
  const random = services.random(run?.seed);
  const { policy } = softPolicy(game.world, game.discount, game.temperature, game.iterations);
  const episodes: Episode[] = [];
  let correct = 0;
  while (episodes.length < game.episodes && (episodes.length === 0 || !state.expired())) {
    const episode = playEpisode(game, policy, scheme, random.fork(`episode ${episodes.length}`));
    episodes.push(episode);
    if (episode.correct) correct++;
    state.report({
      iteration: episodes.length,
      fraction: episodes.length / game.episodes,
      value: correct / episodes.length,
    });
    await state.turn();
  }
  return summarise(episodes, game.episodes);
}

function summarise(episodes: readonly Episode[], wanted: number): MarkovCodingGameSolution {
  const count = episodes.length;
  const meanOf = (value: (episode: Episode) => number) =>
    episodes.reduce((sum, episode) => sum + value(episode), 0) / count;
  const meanReward = meanOf(({ reward }) => reward);
  const variance = count > 1 ? (meanOf(({ reward }) => (reward - meanReward) ** 2) * count) / (count - 1) : 0;
  const longest = Math.max(...episodes.map(({ steps }) => steps));
  return {
    episodes: count,
    accuracy: meanOf(({ correct }) => (correct ? 1 : 0)),
    meanReward,
    rewardError: Math.sqrt(variance / count),
    meanSteps: meanOf(({ steps }) => steps),
    messages: Int32Array.from(episodes.flatMap(({ message }) => [...message])),
    guesses: Int32Array.from(episodes.flatMap(({ guess }) => [...guess])),
    rewards: Float64Array.from(episodes, ({ reward }) => reward),
    entropyCurve: Float64Array.from({ length: longest + 1 }, (_, step) =>
      meanOf(({ entropies }) => entropies[Math.min(step, entropies.length - 1)]!),
    ),
    reason: count < wanted ? 'time limit' : 'finished',
  };
}
