import { type RunOptions, type Services, startRun } from '@espalier/core';
import type { TransportHistoryPoint } from './optimal-transport.js';

/** Counts, records and limits the steps of one run: the only place that talks to the outside while a solver works. */
export interface Monitor {
  readonly iterations: { sinkhorn: number; newton: number; cg: number };
  readonly density: number[];
  readonly history: TransportHistoryPoint[];
  /** Records a step. @throws AbortedError when the signal has fired */
  step(step: TransportHistoryPoint['step'], marginalError: number, dual: number): void;
  /** @throws AbortedError when the signal has fired */
  throwIfAborted(): void;
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
  const iterations = { sinkhorn: 0, newton: 0, cg: 0 };
  const history: TransportHistoryPoint[] = [];
  return {
    iterations,
    density: [],
    history,
    step(step, marginalError, dual) {
      state.throwIfAborted();
      if (step === 'sweep') iterations.sinkhorn++;
      else if (step === 'newton') iterations.newton++;
      history.push({ step, marginalError, dual });
      state.report({ iteration: history.length, value: marginalError, message: step });
    },
    throwIfAborted: () => state.throwIfAborted(),
    expired: () => state.expired(),
    turn: () => state.turn(),
    elapsedMs: () => state.elapsedMs(),
    warn: (message) => logger.warn(message),
  };
}
