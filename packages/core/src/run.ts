import { AbortedError } from './errors.js';
import { createEventTurns } from './event-turn.js';

/** What an algorithm reports while it works. */
export interface Progress {
  /** Steps done so far; what a step is, the algorithm's documentation says. */
  readonly iteration: number;
  /** Share of the work that is done, in [0, 1], where it is known. */
  readonly fraction?: number | undefined;
  /** The quantity that the algorithm drives down or up (marginal error, incumbent objective, loss). */
  readonly value?: number | undefined;
  /** The stage or the item at hand, for people. */
  readonly message?: string | undefined;
}

/** What every run of every kind accepts. */
export interface RunOptions {
  /** Stops the run with an `AbortedError` at the next step. */
  readonly signal?: AbortSignal | undefined;
  /** Integer; same seed, same runtime: same result. Default 0. */
  readonly seed?: number | undefined;
  /** Milliseconds after which an anytime algorithm returns the best that it has. Positive; default none. */
  readonly timeLimitMs?: number | undefined;
  /** Called at every step that is worth a point of a curve. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Reads the time, in milliseconds of a monotonic clock. */
export interface Clock {
  now(): number;
}

/** The run at hand, as an algorithm sees it. */
export interface RunState {
  /** Milliseconds since the start. */
  elapsedMs(): number;
  /** Milliseconds until the time limit; Infinity without one. */
  remainingMs(): number;
  /** Whether the time limit has passed. */
  expired(): boolean;
  /** @throws AbortedError when the signal has fired; `partial` goes with the error. */
  throwIfAborted(partial?: unknown): void;
  /**
   * The same, after a turn of the event loop if there was none for 50 ms: without it a loop that computes and never waits lets neither a
   * timer nor Ctrl-C in, and no signal can fire. Loops await it at every step. `partial` is asked for when it is needed.
   */
  turn(partial?: () => unknown): Promise<void>;
  /** Passes a report on to `onProgress`. */
  report(progress: Progress): void;
}

/**
 * Starts the clock of a run.
 * @throws AbortedError when the signal fired before the start
 * @throws RangeError when `timeLimitMs` is not a positive number
 */
export function startRun(run: RunOptions = {}, clock: Clock = performance): RunState {
  const { signal, timeLimitMs = Number.POSITIVE_INFINITY, onProgress } = run;
  if (!(timeLimitMs > 0)) throw new RangeError(`timeLimitMs is a positive number; given ${timeLimitMs}.`);
  const start = clock.now();
  const turn = createEventTurns();
  const state: RunState = {
    elapsedMs: () => clock.now() - start,
    remainingMs: () => timeLimitMs - state.elapsedMs(),
    expired: () => state.elapsedMs() >= timeLimitMs,
    throwIfAborted(partial) {
      if (signal?.aborted) {
        throw new AbortedError(`Aborted after ${Math.round(state.elapsedMs())} ms.`, {
          cause: signal.reason,
          partial,
        });
      }
    },
    async turn(partial) {
      await turn();
      if (signal?.aborted) state.throwIfAborted(partial?.());
    },
    report: (progress) => onProgress?.(progress),
  };
  state.throwIfAborted();
  return state;
}
