import { InvalidDataError, isEspalierError, type Json, UnsupportedError } from '@espalier/core';
import { z } from 'zod';
import { type AskTellOptions, type AskTellProblem, AskTellSession } from './ask-tell-session.js';
import type { KernelSpec } from './kernel.js';

/** A session under way. */
export interface StartedSession {
  readonly problem: AskTellProblem;
  readonly session: AskTellSession;
}

const observation = z.object({
  index: z.int().min(0),
  count: z.int().min(1),
  mean: z.number(),
  squares: z.number().min(0),
});

const snapshotSchema = z.object({
  algorithm: z.literal('mini-gp-ask-tell'),
  version: z.literal(1),
  problem: z
    .object({
      points: z.array(z.number()),
      dimension: z.int().min(1),
      noiseVariance: z.union([z.number(), z.array(z.number())]),
      /** Checked when the session is made. */
      kernel: z.unknown().optional(),
      goal: z.enum(['max', 'min']).optional(),
      priorMean: z.number().optional(),
      horizon: z.number().optional(),
      initial: z.array(observation).optional(),
    })
    .nullable(),
  state: z
    .object({
      told: z.array(observation),
      pending: z.array(z.tuple([z.int().min(0), z.int().min(1)])),
      current: z.int().min(0).nullable(),
    })
    .nullable(),
});

/** The snapshot of a session, or of none. @throws UnsupportedError for a kernel that is a function */
export function writeSession(started: StartedSession | undefined): Json {
  const head = { algorithm: 'mini-gp-ask-tell', version: 1 };
  if (!started) return { ...head, problem: null, state: null };
  const { candidates, noiseVariance, kernel, ...rest } = started.problem;
  if (typeof kernel === 'function') {
    throw new UnsupportedError('A kernel that is a function cannot be written into a snapshot.', {
      remedy: 'Keep observations() instead, and start again with them as initial.',
    });
  }
  const problem = {
    points: [...candidates.points],
    dimension: candidates.dimension,
    noiseVariance: typeof noiseVariance === 'number' ? noiseVariance : [...noiseVariance],
    ...(kernel && { kernel }),
    ...rest,
  };
  return { ...head, problem, state: started.session.state() } as unknown as Json;
}

/** The session of a snapshot. @throws InvalidDataError for what is none */
export function readSession(snapshot: Json, options: AskTellOptions): StartedSession | undefined {
  const parsed = snapshotSchema.safeParse(snapshot);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InvalidDataError(
      `This is no snapshot of mini-gp-ask-tell: ${issue.path.join('.') || 'the whole'}: ${issue.message}.`,
    );
  }
  const { problem: stored, state } = parsed.data;
  if (!stored || !state) return undefined;
  const { points, dimension, noiseVariance, kernel, ...rest } = stored;
  const problem = {
    candidates: { points: Float64Array.from(points), dimension },
    noiseVariance: typeof noiseVariance === 'number' ? noiseVariance : Float64Array.from(noiseVariance),
    ...(kernel !== undefined && { kernel: kernel as KernelSpec }),
    ...rest,
  } as AskTellProblem;
  const size = points.length / dimension;
  const known = [...state.told.map(({ index }) => index), ...state.pending.map(([index]) => index)];
  if (known.some((index) => index >= size)) {
    throw new InvalidDataError(`The snapshot names a candidate beyond the ${size} that it holds.`);
  }
  try {
    return { problem, session: new AskTellSession(problem, options).resume(state) };
  } catch (cause) {
    if (!isEspalierError(cause, 'invalid-problem')) throw cause;
    throw new InvalidDataError(`The snapshot holds a problem that is none: ${cause.message}`, { cause });
  }
}
