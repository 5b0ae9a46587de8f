import { type RunOptions, type Services, startRun } from '@espalier/core';
import type { DescentPoint } from './composite-minimization.js';

/** Records and limits one run: the only place that talks to the outside while a solver works. */
export interface Monitor {
  readonly history: DescentPoint[];
  /** Records an iteration. @throws AbortedError when the signal has fired */
  step(point: DescentPoint): void;
  expired(): boolean;
  /** Lets the event loop turn now and then, so that a signal can fire. @throws AbortedError when it has */
  turn(): Promise<void>;
  elapsedMs(): number;
  /** A line for people, through the logger service. */
  warn(message: string): void;
}

/** Starts the clock of a run. @throws AbortedError when the signal fired before */
export function startMonitor(run: RunOptions | undefined, { clock, logger }: Services): Monitor {
  const state = startRun(run, clock);
  const history: DescentPoint[] = [];
  return {
    history,
    step(point) {
      history.push(point);
      state.report({ iteration: point.iteration, value: point.value });
      state.throwIfAborted();
    },
    expired: () => state.expired(),
    turn: () => state.turn(),
    elapsedMs: () => state.elapsedMs(),
    warn: (message) => logger.warn(message),
  };
}
