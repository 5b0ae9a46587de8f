import { MEMORY_LIMIT_REACHED } from '../guard-process.js';
import { type Ended, lastWords, startIsolated } from '../isolated-process.js';
import { peakMemoryOf } from '../peak-memory.js';
import type { CurvePoint, TrialRecord, TrialSpec, TrialStatus } from '../results/results-file.js';
import { createCurve } from './curve.js';
import type { TrialMessage, TrialOrder } from './messages.js';
import type { PlannedTrial } from './plan.js';

/** Milliseconds that a process may take to load plugins and the task, before the algorithm starts. A full suite may train a model for it. */
const LOADING_LIMIT_MS = { quick: 120_000, full: 900_000 };
/** The same for what a scenario does outside the algorithm's time, such as scoring. */
const UNTIMED_LIMIT_MS = LOADING_LIMIT_MS;
/** What an algorithm may overrun its time limit by before its process is ended. */
const graceMs = (timeLimitMs: number) => Math.max(3_000, 0.5 * timeLimitMs);
/** What a process may take to end after its last word: some devices are slow to let go, and a profile is written then. */
const ENDING_LIMIT_MS = 5_000;
const ENDING_LIMIT_WITH_PROFILE_MS = 60_000;
const SAMPLE_MEMORY_EVERY_MS = 100;

/** How to run trials. */
export interface TrialContext {
  readonly folders: readonly string[];
  readonly dataFolder?: string;
  readonly cacheFolder: string;
  /** The process is ended when it takes more. */
  readonly memoryLimitBytes: number;
  readonly signal: AbortSignal;
  /** A folder for V8 CPU profiles; undefined writes none. */
  readonly profileFolder?: string;
  /** Called with the newest point of a trial's curve. */
  readonly onPoint?: (trial: TrialSpec, point: CurvePoint) => void;
}

/** What is known when a process ends. */
interface Ending {
  readonly status: TrialStatus;
  readonly reason?: string;
}

/** Runs one trial in a process of its own. Whatever happens there is a record; this function does not throw. */
export async function runTrial(
  key: string,
  { trial, surroundings }: PlannedTrial,
  context: TrialContext,
): Promise<TrialRecord> {
  const { folders, dataFolder, cacheFolder, memoryLimitBytes, signal, profileFolder, onPoint } = context;
  const { timeLimitMs } = trial.instance;
  let leftMs = timeLimitMs + graceMs(timeLimitMs);
  let runningSince = 0;
  const startedAt = new Date().toISOString();
  const start = performance.now();
  const curve = createCurve();
  let finished: Extract<TrialMessage, { type: 'finished' }> | undefined;
  let ending: Ending | undefined;
  let peakMemoryBytes: number | undefined;

  const order: TrialOrder = {
    trial,
    packages: [trial.plugin.name, ...Object.keys(surroundings)],
    folders,
    cacheFolder,
    memoryLimitBytes,
    ...(dataFolder && { dataFolder }),
  };
  const child = startIsolated<TrialMessage>(
    new URL('./trial-process.js', import.meta.url),
    order,
    (message) => {
      switch (message.type) {
        case 'started':
          runningSince = performance.now();
          allow(leftMs, 'Still running');
          break;
        case 'paused':
          leftMs -= performance.now() - runningSince;
          allow(UNTIMED_LIMIT_MS[trial.suite], 'Still in untimed work');
          break;
        case 'resumed':
          runningSince = performance.now();
          leftMs = Math.max(leftMs, graceMs(timeLimitMs));
          allow(leftMs, 'Still running');
          break;
        case 'points':
          curve.add(message);
          onPoint?.(trial, curve.last()!);
          break;
        default:
          ending ??=
            message.type === 'finished' ? { status: 'ok' } : { status: message.type, reason: message.reason };
          if (message.type !== 'refused') peakMemoryBytes = message.peakMemoryBytes;
          if (message.type === 'finished') finished = message;
          allow(profileFolder ? ENDING_LIMIT_WITH_PROFILE_MS : ENDING_LIMIT_MS, 'Not ended');
      }
    },
    [...heapLimit(memoryLimitBytes), ...profileFlags(profileFolder, key)],
  );
  const end = (reason: Ending) => {
    ending ??= reason;
    child.kill();
  };
  let deadline: NodeJS.Timeout;
  /** Ends the process after `ms` from now, unless it is allowed more before that. */
  const allow = (ms: number, what: string) => {
    clearTimeout(deadline);
    const reason = `${what} after ${Math.round(ms / 1_000)} s.`;
    deadline = setTimeout(() => end({ status: 'timed-out', reason }), ms);
  };
  allow(LOADING_LIMIT_MS[trial.suite], 'Still loading');
  const memory = setInterval(() => {
    if (!finished && child.pid !== undefined) peakMemoryBytes = peakMemoryOf(child.pid) ?? peakMemoryBytes;
  }, SAMPLE_MEMORY_EVERY_MS);
  const abort = () => end({ status: 'aborted', reason: 'Interrupted.' });
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();

  const ended = await child.ended;
  clearTimeout(deadline!);
  clearInterval(memory);
  signal.removeEventListener('abort', abort);

  const { status, reason } = ending ?? endingOf(ended, memoryLimitBytes);
  return {
    key,
    trial,
    status,
    ...(reason !== undefined && { reason }),
    ...(finished && {
      score: finished.outcome.score,
      stopped: finished.outcome.stopped,
      algorithmMs: finished.algorithmMs,
    }),
    metrics: finished?.outcome.metrics ?? {},
    curve: curve.points(),
    wallMs: performance.now() - start,
    ...(peakMemoryBytes !== undefined && { peakMemoryBytes }),
    startedAt,
  };
}

/** V8's own limit is a few gigabytes, whatever the machine has: the trial's limit replaces it. */
function heapLimit(memoryLimitBytes: number): string[] {
  return [`--max-old-space-size=${Math.max(64, Math.round(memoryLimitBytes / 2 ** 20))}`];
}

function profileFlags(folder: string | undefined, key: string): string[] {
  if (!folder) return [];
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${key.slice(0, 12)}.cpuprofile`];
}

/** How a process ended that said nothing itself. */
function endingOf(ended: Ended, memoryLimitBytes: number): Ending {
  const megabytes = Math.round(memoryLimitBytes / 2 ** 20);
  if (ended.errors.includes(MEMORY_LIMIT_REACHED)) {
    return { status: 'out-of-memory', reason: `It took more than the limit of ${megabytes} MB.` };
  }
  if (
    /heap out of memory|Cannot allocate memory|Array buffer allocation failed|bad_alloc/.test(ended.errors)
  ) {
    return { status: 'out-of-memory', reason: `Its memory was exhausted; the limit was ${megabytes} MB.` };
  }
  return { status: 'crashed', reason: lastWords(ended) };
}
