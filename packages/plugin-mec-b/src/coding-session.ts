import { defineProblemFamily, InvalidProblemError, type Json } from '@espalier/core';
import { z } from 'zod';
import { type ChannelState, openChannel } from './coding-channel.js';
import { parseJson, rateFields, rateLimitOf } from './problem-files.js';
import type { RateLimit } from './rate-limit.js';

/** Opens a session; both sides name the same prior and limit. */
export interface SessionStart extends RateLimit {
  readonly kind: 'start';
  /** Law of the message, or one law for each of several independent blocks. */
  readonly prior: Float64Array | readonly Float64Array[];
}

/** To a sender: the message, or the law of the next action. */
export type SenderEvent =
  | (SessionStart & {
      /** One symbol a block. */
      readonly message: readonly number[];
    })
  | { readonly kind: 'step'; readonly policy: Float64Array };

/** A sender's answer: nothing but the budget to a start, the action to a step. */
export interface SenderAnswer {
  /** -1 for a start. */
  readonly action: number;
  /** Bits that the receiver does not know yet. */
  readonly remainingEntropy: number;
}

/** To a receiver: the start, or an action that was seen, with the law that it came from. */
export type ReceiverEvent =
  | SessionStart
  | { readonly kind: 'step'; readonly policy: Float64Array; readonly action: number };

/** What a receiver believes after an event. */
export interface ReceiverAnswer {
  /** The most likely message, one symbol a block. */
  readonly guess: readonly number[];
  /** Probability of that message. */
  readonly confidence: number;
  readonly remainingEntropy: number;
}

const startFields = {
  kind: z.literal('start'),
  prior: z.array(z.array(z.number())),
  ...rateFields,
};
const policy = z.array(z.number());
const senderJson = z.array(
  z.union([
    z.strictObject({ ...startFields, message: z.array(z.int()) }),
    z.strictObject({ kind: z.literal('step'), policy }),
  ]),
);
const receiverJson = z.array(
  z.union([
    z.strictObject(startFields),
    z.strictObject({ kind: z.literal('step'), policy, action: z.int() }),
  ]),
);

/** The stream of a sender. */
export const codedSending = defineProblemFamily<readonly SenderEvent[], readonly SenderAnswer[]>({
  name: 'coded-sending',
  summary: 'Laws of actions come in, actions that carry a message go out.',
  formats: [
    {
      extensions: ['json'],
      summary: 'a list of { kind: start, prior: [block, ..], message, R or rate } and { kind: step, policy }',
      read: (bytes) =>
        parseJson(bytes, senderJson).map((event) =>
          event.kind === 'step'
            ? { kind: event.kind, policy: Float64Array.from(event.policy) }
            : { ...startOf(event), message: event.message },
        ),
    },
  ],
  solutionToJson: (answers): Json => answers.map((answer) => ({ ...answer })),
});

/** The stream of a receiver. */
export const codedReceiving = defineProblemFamily<readonly ReceiverEvent[], readonly ReceiverAnswer[]>({
  name: 'coded-receiving',
  summary: 'Actions and their laws come in, beliefs about the message go out.',
  formats: [
    {
      extensions: ['json'],
      summary: 'a list of { kind: start, prior: [block, ..], R or rate } and { kind: step, policy, action }',
      read: (bytes) =>
        parseJson(bytes, receiverJson).map((event) =>
          event.kind === 'step' ? { ...event, policy: Float64Array.from(event.policy) } : startOf(event),
        ),
    },
  ],
  solutionToJson: (answers): Json => answers.map(({ guess, ...rest }) => ({ ...rest, guess: [...guess] })),
});

function startOf({
  prior,
  R,
  rate,
  compressionRate,
}: {
  prior: number[][];
  R?: number | undefined;
  rate?: number | undefined;
  compressionRate?: number | undefined;
}): SessionStart {
  return {
    kind: 'start',
    prior: prior.map((block) => Float64Array.from(block)),
    ...rateLimitOf({ R, rate, compressionRate }),
  };
}

/** The channel that a start opens. @throws InvalidProblemError */
export function openSession(event: SessionStart): ChannelState {
  return openChannel(event.prior, event);
}

/** @throws InvalidProblemError where a step comes before a start */
export function requireOpen<Session>(session: Session | undefined): Session {
  if (session === undefined)
    throw new InvalidProblemError('There is no session yet: the first event must be of kind start.');
  return session;
}
