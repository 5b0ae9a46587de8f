import { Worker } from 'node:worker_threads';

/** What a guarded process writes to standard error before it ends itself for its memory. */
export const MEMORY_LIMIT_REACHED = 'espalier: memory limit reached';

const LOOK_EVERY_MS = 50;

/**
 * Ends this process, with everything that it started, soon after its parent has gone or when it takes more memory than
 * `memoryLimitBytes`. A thread of its own watches, so that it also works while the main thread is in a long computation:
 * without it a `kill -9` of the command line would leave a trial running.
 */
export function guardProcess(memoryLimitBytes = Number.POSITIVE_INFINITY): void {
  const watch = `
    const { writeSync } = require('node:fs');
    const parent = ${process.ppid}; // read before the thread starts: by then the parent may have gone
    const end = () => {
      try { process.kill(-process.pid, 'SIGKILL'); } catch { process.kill(process.pid, 'SIGKILL'); }
    };
    setInterval(() => {
      if (process.ppid !== parent) end();
      if (process.memoryUsage.rss() <= ${memoryLimitBytes}) return;
      writeSync(2, ${JSON.stringify(`\n${MEMORY_LIMIT_REACHED}\n`)});
      end();
    }, ${LOOK_EVERY_MS});`;
  process.on('SIGINT', () => {}); // where there are no process groups, a Ctrl-C is left to the parent
  new Worker(watch, { eval: true, execArgv: [], stdout: false, stderr: false }).unref();
}
