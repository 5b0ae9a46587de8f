import { type RunOptions, type Services, startRun } from '@espalier/core';
import type { CompletionHistoryPoint } from './matrix-completion.js';

/** Counts, records and limits the iterations of one run: the only place that talks to the outside while a solver works. */
export interface Monitor {
  readonly history: CompletionHistoryPoint[];
  /** Records an iteration. @throws AbortedError when the signal has fired */
  step(point: CompletionHistoryPoint, message?: string): void;
  /** Steps of a part of the run, such as the choice of the rank, whose history does not count. */
  part(message: string): Monitor;
  expired(): boolean;
  /** Lets the event loop turn now and then, so that a signal can fire. @throws AbortedError when it has */
  turn(): Promise<void>;
  elapsedMs(): number;
  readonly warnings: string[];
  /** Keeps a line for people, and passes it to the logger service. */
  warn(message: string): void;
}

/** Starts the clock of a run. @throws AbortedError when the signal fired before */
export function startMonitor(run: RunOptions | undefined, { clock, logger }: Services): Monitor {
  const state = startRun(run, clock);
  const warnings: string[] = [];
  let iteration = 0;
  const create = (part?: string): Monitor => {
    const history: CompletionHistoryPoint[] = [];
    return {
      history,
      step(point, message) {
        state.throwIfAborted();
        history.push(point);
        iteration++;
        const text = part ?? message;
        state.report({ iteration, value: point.residual, ...(text !== undefined && { message: text }) });
      },
      part: (message) => create(message),
      expired: () => state.expired(),
      turn: () => state.turn(),
      elapsedMs: () => state.elapsedMs(),
      warnings,
      warn(message) {
        warnings.push(message);
        logger.warn(message);
      },
    };
  };
  return create();
}
