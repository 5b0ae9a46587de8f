import { defineDynamicAlgorithm, InvalidProblemError } from '@espalier/core';
import { z } from 'zod';
import { type SessionSnapshot, sessionFromJson, sessionToJson } from './channel-snapshot.js';
import { encodeStep, remainingEntropy } from './coding-channel.js';
import { codingSchemeOptions } from './coding-scheme.js';
import { codedSending, openSession, requireOpen } from './coding-session.js';
import { checkDistribution } from './distribution.js';
import { unknownKind } from './markov-coding-receiver.js';
import { MEC_B_PAPER } from './paper.js';

const NAME = 'markov-coding-sender';

/**
 * The sender of a Markov coding game without the game: laws of the next action arrive one by one, and each is answered with an action
 * that carries the message. On average over messages the actions follow the laws. The random number of a step depends on the seed
 * and on how many actions were drawn before, so a session can be stored and go on.
 */
export const markovCodingSender = defineDynamicAlgorithm({
  name: NAME,
  summary: 'Hides a message in actions that follow given laws, step by step.',
  solves: codedSending,
  paper: MEC_B_PAPER,
  options: z.strictObject(codingSchemeOptions),
  examples: { default: {} },
  create(scheme, services) {
    const random = services.random();
    let session: SessionSnapshot | undefined;
    let draws = 0;
    return {
      process(event) {
        if (event.kind === 'start') {
          const channel = openSession(event);
          const { message } = event;
          checkMessage(message, channel.beliefs);
          session = { channel, message: [...message] };
          return { action: -1, remainingEntropy: remainingEntropy(channel) };
        }
        if (event.kind !== 'step') throw unknownKind(event);
        const { channel, message } = requireOpen(session);
        const policy = checkDistribution('policy', event.policy);
        const uniform = random.fork(`action ${draws}`).uniform();
        const { action, state } = encodeStep(channel, policy, message ?? [], uniform, scheme);
        draws++;
        session = { channel: state, message };
        return { action, remainingEntropy: remainingEntropy(state) };
      },
      reset() {
        session = undefined;
        draws = 0;
      },
      statistics: () => ({ actions: draws }),
      snapshot: () => sessionToJson(NAME, session, draws),
      restore(snapshot) {
        ({ session, draws } = sessionFromJson(NAME, snapshot));
      },
    };
  },
});

/** @throws InvalidProblemError unless there is one possible symbol a block */
function checkMessage(message: readonly number[], priors: readonly Float64Array[]): void {
  if (!Array.isArray(message) || message.length !== priors.length)
    throw new InvalidProblemError(`message must have one symbol for each of ${priors.length} blocks.`);
  for (const [block, symbol] of message.entries()) {
    if (!(priors[block]![symbol]! > 0))
      throw new InvalidProblemError(`Symbol ${symbol} of block ${block} has no probability in the prior.`);
  }
}
