import { type RunOptions, type Services, startRun } from '@espalier/core';

/**
 * The run of a method that is one short computation: the signal is looked at before and after it, and two reports frame it.
 * @param value what the last report carries
 */
export function runOneStep<Result>(
  run: RunOptions | undefined,
  { clock }: Services,
  work: () => Result,
  value: (result: Result) => number,
): Result {
  const state = startRun(run, clock);
  state.report({ iteration: 0, fraction: 0 });
  state.throwIfAborted();
  const result = work();
  state.report({ iteration: 1, fraction: 1, value: value(result) });
  state.throwIfAborted(result);
  return result;
}
