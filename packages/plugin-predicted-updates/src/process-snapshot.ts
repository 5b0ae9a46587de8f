import { InvalidDataError, type Json } from '@espalier/core';
import { z } from 'zod';
import type { DeleteEvent, InsertEvent, StartEvent } from './dynamic-graph.js';

/** A start event and the updates after it; none where there was no start yet. */
export type ProcessEvents = readonly [StartEvent, ...(InsertEvent | DeleteEvent)[]] | readonly [];

const VERSION = 1;

const event = (...ops: [string, ...string[]]) => z.looseObject({ op: z.enum(ops) });

const snapshotJson = (algorithm: string) =>
  z.strictObject({
    algorithm: z.literal(algorithm),
    version: z.literal(VERSION),
    events: z.union([z.tuple([]), z.tuple([event('start')], event('ins', 'del'))]),
  });

/** The snapshot of a process: a copy that later changes do not reach. */
export function writeProcess(algorithm: string, events: readonly object[]): Json {
  return JSON.parse(JSON.stringify({ algorithm, version: VERSION, events })) as Json;
}

/** The events of a snapshot; each is checked when it is processed. @throws InvalidDataError for what is no snapshot of this algorithm */
export function readProcess(algorithm: string, snapshot: Json): ProcessEvents {
  const parsed = snapshotJson(algorithm).safeParse(snapshot);
  if (!parsed.success)
    throw new InvalidDataError(`This is no snapshot of ${algorithm}: ${z.prettifyError(parsed.error)}.`);
  return parsed.data.events as unknown as ProcessEvents;
}
