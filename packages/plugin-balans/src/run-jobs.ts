import { messageOf, UnsupportedError } from '@espalier/core';
import { spawnWorker } from '#spawn-worker';
import { type Incumbent, isBetter } from './incumbent.js';
import type { BalansJob } from './job.js';
import type { MipSolution, MixedIntegerProgram } from './mixed-integer-program.js';
import type { JobWorker } from './spawn-worker.js';

/** How one job ended: with its solution, or with the reason why it has none and the last incumbent that it told of. */
export interface JobOutcome {
  readonly solution?: MipSolution;
  readonly error?: string;
  readonly incumbent?: Incumbent;
}

/** What the jobs share. */
export interface JobSettings {
  readonly problem: MixedIntegerProgram;
  readonly timeLimitMs: number | undefined;
  /** Whether each job hears of the others' incumbents. */
  readonly exchange: boolean;
  readonly signal: AbortSignal | undefined;
  /** Called with every incumbent of every job. */
  onIncumbent(incumbent: Incumbent, job: number): void;
}

/** A job that has not ended so long after the time limit is ended: its last incumbent counts. */
const GRACE_MS = 1_500;

/**
 * Runs each job in a worker of its own and waits for all. When the signal fires all workers end and the outcomes so far are
 * returned.
 * @throws UnsupportedError for options that cannot be sent to a worker
 */
export async function runJobs(jobs: readonly BalansJob[], settings: JobSettings): Promise<JobOutcome[]> {
  const workers: JobWorker[] = [];
  const latest: (Incumbent | undefined)[] = jobs.map(() => undefined);
  const start = (job: BalansJob, index: number): Promise<JobOutcome> =>
    new Promise((resolve, reject) => {
      const end = (outcome: JobOutcome) => {
        clearTimeout(overdue);
        settings.signal?.removeEventListener('abort', abort);
        workers[index]?.terminate();
        const incumbent = latest[index];
        resolve({ ...outcome, ...(incumbent && { incumbent }) });
      };
      const abort = () => end({ error: 'aborted' });
      settings.signal?.addEventListener('abort', abort);
      const overdue =
        settings.timeLimitMs === undefined
          ? undefined
          : setTimeout(() => end({ error: 'ended after the time limit' }), settings.timeLimitMs + GRACE_MS);
      const worker = spawnWorker({
        message(message) {
          if (message.kind === 'solution') end({ solution: message.solution });
          else if (message.kind === 'error') end({ error: message.message });
          else {
            const known = latest[index];
            if (known && !isBetter(message.incumbent.objective, known.objective)) return;
            latest[index] = message.incumbent;
            settings.onIncumbent(message.incumbent, index);
            if (!settings.exchange) return;
            for (const [other, peer] of workers.entries()) if (other !== index) peer.post(message);
          }
        },
        failed: (reason) => end({ error: reason }),
      });
      workers[index] = worker;
      const { problem, timeLimitMs } = settings;
      try {
        worker.post({ kind: 'job', ...job, problem, timeLimitMs });
      } catch (cause) {
        const what = `The options of job ${index} cannot be sent to a worker: ${messageOf(cause)}.`;
        const remedy = 'Options of parallel jobs are data: name built-in operators, policies and criteria.';
        reject(new UnsupportedError(what, { remedy, cause }));
        end({}); // settled already: this takes the worker down
      }
    });
  try {
    return await Promise.all(jobs.map(start));
  } finally {
    for (const worker of workers) worker.terminate();
  }
}
