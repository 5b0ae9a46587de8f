import { defineDynamicAlgorithm, InvalidProblemError } from '@espalier/core';
import { z } from 'zod';
import { sessionFromJson, sessionToJson } from './channel-snapshot.js';
import { type ChannelState, decodeStep, guessMessage, remainingEntropy } from './coding-channel.js';
import { codingSchemeOptions } from './coding-scheme.js';
import { codedReceiving, openSession, type ReceiverAnswer, requireOpen } from './coding-session.js';
import { checkDistribution } from './distribution.js';
import { MEC_B_PAPER } from './paper.js';

const NAME = 'markov-coding-receiver';

/**
 * The receiver of a Markov coding game without the game: actions and the laws that they came from arrive one by one, from a world or a
 * language model, and each is answered with what is known of the message. Stays in step with `markov-coding-sender` of the same
 * options in every bit.
 */
export const markovCodingReceiver = defineDynamicAlgorithm({
  name: NAME,
  summary: 'Reads a message out of actions, step by step.',
  solves: codedReceiving,
  paper: MEC_B_PAPER,
  options: z.strictObject(codingSchemeOptions),
  examples: { default: {} },
  create(scheme) {
    let channel: ChannelState | undefined;
    let steps = 0;
    return {
      process(event) {
        if (event.kind === 'start') channel = openSession(event);
        else if (event.kind === 'step') {
          const open = requireOpen(channel);
          const policy = checkDistribution('policy', event.policy);
          if (!(Number.isInteger(event.action) && event.action >= 0 && event.action < policy.length))
            throw new InvalidProblemError(
              `action is ${event.action}; allowed are 0 to ${policy.length - 1}, the indices of policy.`,
            );
          channel = decodeStep(open, policy, event.action, scheme);
          steps++;
        } else throw unknownKind(event);
        return answerOf(channel);
      },
      reset() {
        channel = undefined;
        steps = 0;
      },
      statistics: () => ({ steps }),
      snapshot: () => sessionToJson(NAME, channel && { channel }, steps),
      restore(snapshot) {
        const { session, draws } = sessionFromJson(NAME, snapshot);
        channel = session?.channel;
        steps = draws;
      },
    };
  },
});

function answerOf(channel: ChannelState): ReceiverAnswer {
  const guess = [...guessMessage(channel)];
  return {
    guess,
    confidence: guess.reduce((product, symbol, block) => product * channel.beliefs[block]![symbol]!, 1),
    remainingEntropy: remainingEntropy(channel),
  };
}

/** An event of a kind that there is not. */
export function unknownKind(event: never): InvalidProblemError {
  const { kind } = event as { readonly kind?: unknown };
  return new InvalidProblemError(`The event is of kind ${JSON.stringify(kind)}; allowed are start and step.`);
}
