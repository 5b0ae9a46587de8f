import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CurvePoint, TrialRecord, TrialSpec, TrialStatus } from '../results/results-file.js';
import type { TrialMessage, TrialOrder } from './messages.js';

/** Milliseconds that a process may take to load plugins and the task, before the algorithm starts. */
const LOADING_LIMIT_MS = 120_000;
/** What an algorithm may overrun its time limit by before its process is ended. */
const graceMs = (timeLimitMs: number) => Math.max(3_000, 0.5 * timeLimitMs);
const SAMPLE_MEMORY_EVERY_MS = 100;

/** How to run trials. */
export interface TrialContext {
  readonly folders: readonly string[];
  readonly dataFolder?: string;
  /** The process is ended when it takes more. */
  readonly memoryLimitBytes: number;
  readonly signal: AbortSignal;
  /** A folder for V8 CPU profiles; undefined writes none. */
  readonly profileFolder?: string;
}

/** What is known when a process ends. */
interface Ending {
  readonly status: TrialStatus;
  readonly reason?: string;
}

/** Runs one trial in a process of its own. Whatever happens there is a record; this function does not throw. */
export async function runTrial(key: string, trial: TrialSpec, context: TrialContext): Promise<TrialRecord> {
  const startedAt = new Date().toISOString();
  const start = performance.now();
  const child = fork(fileURLToPath(new URL('./trial-process.js', import.meta.url)), [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: context.profileFolder
      ? [
          '--cpu-prof',
          `--cpu-prof-dir=${context.profileFolder}`,
          `--cpu-prof-name=${key.slice(0, 12)}.cpuprofile`,
        ]
      : [],
  });
  const order: TrialOrder = {
    trial,
    folders: context.folders,
    ...(context.dataFolder && { dataFolder: context.dataFolder }),
  };
  child.send(order, () => {}); // a process that died at once is told by its exit

  const curve: CurvePoint[] = [];
  let finished: Extract<TrialMessage, { type: 'finished' }> | undefined;
  let ending: Ending | undefined;
  let peakMemoryBytes: number | undefined;
  let errors = '';
  const end = (reason: Ending) => {
    ending ??= reason;
    child.kill('SIGKILL');
  };
  const { timeLimitMs } = trial.instance;
  let deadline = setTimeout(
    () => end({ status: 'timed-out', reason: `Loading took more than ${LOADING_LIMIT_MS / 1000} s.` }),
    LOADING_LIMIT_MS,
  );
  const memory = setInterval(() => {
    const bytes = residentBytes(child.pid);
    if (bytes === undefined) return;
    peakMemoryBytes = Math.max(peakMemoryBytes ?? 0, bytes);
    if (bytes > context.memoryLimitBytes) {
      const megabytes = Math.round(context.memoryLimitBytes / 2 ** 20);
      end({ status: 'out-of-memory', reason: `It took more than the limit of ${megabytes} MB.` });
    }
  }, SAMPLE_MEMORY_EVERY_MS);
  const abort = () => end({ status: 'aborted', reason: 'Interrupted.' });
  context.signal.addEventListener('abort', abort, { once: true });
  if (context.signal.aborted) abort();

  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-10_000);
  });
  child.on('message', (message: TrialMessage) => {
    if (message.type === 'started') {
      clearTimeout(deadline);
      const limit = timeLimitMs + graceMs(timeLimitMs);
      deadline = setTimeout(
        () =>
          end({
            status: 'timed-out',
            reason: `Still running ${Math.round(limit / 1000)} s after the start.`,
          }),
        limit,
      );
    } else if (message.type === 'points') curve.push(...message.points);
    else if (message.type === 'refused') ending ??= { status: 'refused', reason: message.reason };
    else {
      ending ??= message.type === 'failed' ? { status: 'failed', reason: message.reason } : { status: 'ok' };
      peakMemoryBytes = message.peakMemoryBytes;
      if (message.type === 'finished') finished = message;
    }
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once('error', (error) => {
      ending ??= { status: 'crashed', reason: error.message };
      resolve([null, null]);
    });
    child.once('close', (exitCode, exitSignal) => resolve([exitCode, exitSignal]));
  });
  clearTimeout(deadline);
  clearInterval(memory);
  context.signal.removeEventListener('abort', abort);

  const { status, reason } = ending ?? crash(code, signal, errors);
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
    curve: thin(curve),
    wallMs: performance.now() - start,
    ...(peakMemoryBytes !== undefined && { peakMemoryBytes }),
    startedAt,
  };
}

/** The reason why a process ended without a word. */
function crash(code: number | null, signal: string | null, errors: string): Ending {
  if (/heap out of memory|Cannot allocate memory|Array buffer allocation failed/.test(errors)) {
    return { status: 'out-of-memory', reason: 'Its heap was exhausted.' };
  }
  const last = errors.trim().split('\n').at(-1) ?? '';
  const how = signal ? `The process was ended by ${signal}.` : `The process ended with status ${code}.`;
  return { status: 'crashed', reason: `${how} ${last}`.trim() };
}

/** At most 500 points, evenly thinned; the first and the last stay. */
export function thin(curve: readonly CurvePoint[], most = 500): CurvePoint[] {
  if (curve.length <= most) return [...curve];
  return Array.from({ length: most }, (_, i) => curve[Math.round((i * (curve.length - 1)) / (most - 1))]!);
}

/** Resident memory of a process where /proc tells. */
function residentBytes(pid: number | undefined): number | undefined {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
