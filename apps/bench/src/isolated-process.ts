import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of what it wrote to standard error. */
  readonly errors: string;
}

/** A child process at work. */
export interface IsolatedProcess {
  readonly pid: number | undefined;
  /** Ends it at once, with everything that it started. */
  kill(): void;
  /** Never rejects. */
  readonly ended: Promise<Ended>;
}

const ERRORS_KEPT = 10_000;

/**
 * Runs a module in a process of its own, tells it `order`, and passes on what it answers. The process leads a process group
 * of its own, so that a Ctrl-C in the terminal reaches this process only, and what the child started can be ended with it.
 */
export function startIsolated<Message>(
  module: URL,
  order: object,
  onMessage: (message: Message) => void,
  execArgv: readonly string[] = [],
): IsolatedProcess {
  const child = fork(fileURLToPath(module), [], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    execArgv: [...execArgv],
    detached: process.platform !== 'win32',
  });
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-ERRORS_KEPT);
  });
  const kill = () => {
    try {
      if (process.platform !== 'win32' && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      else child.kill('SIGKILL');
    } catch {} // nothing of the group is left
  };
  child.on('message', onMessage as (message: unknown) => void);
  child.send(order, () => {}); // a process that died at once is told by its end
  // Its own children may hold standard error open: they go when it goes.
  child.once('exit', kill);
  const ended = new Promise<Ended>((resolve) => {
    child.once('error', (error) => resolve({ code: null, signal: null, errors: error.message }));
    child.once('close', (code, signal) => resolve({ code, signal, errors }));
  });
  return { pid: child.pid, kill, ended };
}

/** What a process said about the end of itself: the line that names an error, else the last one. */
export function lastWords({ code, signal, errors }: Ended): string {
  const how = signal ? `The process was ended by ${signal}.` : `The process ended with status ${code}.`;
  const said = errors.split(/^-+ .*stack trace -+$/m)[0]!.trim(); // what Node adds when it aborts
  const named = /^.*(?:Error|FATAL|Assertion|panic|terminate called).*$/m.exec(said)?.[0];
  const words = named ?? said.split('\n').at(-1)!;
  // Nothing here ends a process without saying so.
  const killer = signal === 'SIGKILL' ? 'The system does that when its memory is exhausted.' : '';
  return [how, killer, words.trim()].filter((part) => part !== '').join(' ');
}
