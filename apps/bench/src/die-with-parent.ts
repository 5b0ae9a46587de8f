import { Worker } from 'node:worker_threads';

/**
 * Ends this process soon after its parent has gone, also while the main thread is in a long computation: a thread of its own
 * watches. Without it a `kill -9` of the command line would leave a trial running.
 */
export function dieWithParent(): void {
  const watch = `
    const parent = process.ppid;
    setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 250);`;
  new Worker(watch, { eval: true, execArgv: [], stdout: false, stderr: false }).unref();
}
