import { InvalidDataError, type Json } from '@espalier/core';
import { z } from 'zod';
import type { ChannelState } from './coding-channel.js';

const VERSION = 1;

const channelJson = z.strictObject({
  beliefs: z.array(z.array(z.number())),
  budgets: z.array(z.number()),
  rates: z.array(z.number()),
});

/** The session of a sender or a receiver as JSON; the message only where there is a sender. */
export interface SessionSnapshot {
  readonly channel: ChannelState;
  readonly message?: readonly number[] | undefined;
}

const snapshotJson = (algorithm: string) =>
  z.strictObject({
    algorithm: z.literal(algorithm),
    version: z.literal(VERSION),
    draws: z.int(),
    session: z.strictObject({ channel: channelJson, message: z.array(z.int()).optional() }).nullable(),
  });

export function sessionToJson(algorithm: string, session: SessionSnapshot | undefined, draws: number): Json {
  return {
    algorithm,
    version: VERSION,
    draws,
    session: session
      ? {
          channel: {
            beliefs: session.channel.beliefs.map((belief) => [...belief]),
            budgets: [...session.channel.budgets],
            rates: [...session.channel.rates],
          },
          ...(session.message && { message: [...session.message] }),
        }
      : null,
  };
}

/** @throws InvalidDataError when the snapshot is of another algorithm or version */
export function sessionFromJson(
  algorithm: string,
  snapshot: Json,
): { session: SessionSnapshot | undefined; draws: number } {
  const parsed = snapshotJson(algorithm).safeParse(snapshot);
  if (!parsed.success)
    throw new InvalidDataError(`This is no snapshot of ${algorithm}: ${z.prettifyError(parsed.error)}.`);
  const { session, draws } = parsed.data;
  if (!session) return { session: undefined, draws };
  const { beliefs, budgets, rates } = session.channel;
  return {
    draws,
    session: {
      channel: { beliefs: beliefs.map((belief) => Float64Array.from(belief)), budgets, rates },
      message: session.message,
    },
  };
}
