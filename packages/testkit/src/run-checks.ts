import { isEspalierError, type Progress, type RunOptions } from '@espalier/core';
import { assert, type Check, thrownBy } from './check.js';

/** Reports that may still come after the signal has fired: the step at hand, and the one that notices. */
const REPORTS_AFTER_ABORT = 2;

/**
 * What every method that takes `RunOptions` does with them: abort, progress, time limit.
 * @param start one run of a fresh instance that goes on for a step after its first progress report
 */
export function* runChecks(start: (run: RunOptions) => Promise<unknown>): Generator<Check> {
  yield {
    name: 'stops when the signal has fired before the start',
    async run() {
      let reports = 0;
      await stops(() => start({ signal: AbortSignal.abort(), onProgress: () => reports++ }));
      assert(reports === 0, `It reported ${reports} times although the signal had fired before.`);
    },
  };
  yield {
    name: 'stops soon when the signal fires during the run',
    async run() {
      const total = (await reportsOf(start)).length;
      assert(total > 0, 'The run reports no progress, from which it could be aborted.');
      const middle = Math.ceil(total / 2);
      for (const at of total - middle > REPORTS_AFTER_ABORT ? [1, middle] : [1]) await stopsAt(start, at);
    },
  };
  yield {
    name: 'reports progress: finite, its iterations never falling',
    async run() {
      const reports = await reportsOf(start);
      assert(reports.length > 0, 'It reported nothing.');
      let last = 0;
      for (const { iteration, fraction, value } of reports) {
        assert(
          Number.isSafeInteger(iteration) && iteration >= last,
          `Iteration ${iteration} came after ${last}.`,
        );
        assert(
          fraction === undefined || (fraction >= 0 && fraction <= 1),
          `A fraction is in [0, 1]; got ${fraction}.`,
        );
        assert(value === undefined || Number.isFinite(value), `A progress value is ${value}.`);
        last = iteration;
      }
    },
  };
  yield {
    name: 'refuses a time limit that is not positive',
    async run() {
      for (const timeLimitMs of [0, -1, Number.NaN])
        await thrownBy(() => start({ timeLimitMs }), `The time limit ${timeLimitMs}`);
    },
  };
}

async function reportsOf(start: (run: RunOptions) => Promise<unknown>): Promise<Progress[]> {
  const reports: Progress[] = [];
  await start({ onProgress: (progress) => reports.push({ ...progress }) });
  return reports;
}

async function stopsAt(start: (run: RunOptions) => Promise<unknown>, report: number): Promise<void> {
  const abort = new AbortController();
  let reports = 0;
  await stops(() =>
    start({
      signal: abort.signal,
      onProgress() {
        reports++;
        if (reports === report) abort.abort();
      },
    }),
  );
  const after = reports - report;
  assert(
    after <= REPORTS_AFTER_ABORT,
    `Aborted at report ${report}, it reported ${after} times more; at most ${REPORTS_AFTER_ABORT}.`,
  );
}

async function stops(work: () => Promise<unknown>): Promise<void> {
  const error = await thrownBy(work, 'A run whose signal fired');
  assert(isEspalierError(error, 'aborted'), `It threw ${String(error)} instead of an AbortedError.`);
}
