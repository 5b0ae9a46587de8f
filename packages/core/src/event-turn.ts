/** How long computing keeps timers and events waiting: short for a person, long against what a turn costs. */
const EVERY_MS = 50;

/**
 * Makes a function that lets the event loop turn, but not more often than every 50 ms. Awaiting what is there already lets neither a timer
 * nor a signal of the process in, so that a loop which computes must do this for `AbortSignal.timeout`, Ctrl-C or a server's other
 * requests to have an effect.
 */
export function createEventTurns(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < EVERY_MS) return;
    await new Promise<void>(waitForTurn);
    last = performance.now();
  };
}

/** Browsers have no `setImmediate`; in Node a timer would wait a millisecond. */
const { setImmediate: immediately } = globalThis as { setImmediate?: (callback: () => void) => void };
const waitForTurn = (done: () => void): void => {
  if (immediately) immediately(done);
  else setTimeout(done);
};
