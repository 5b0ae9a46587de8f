import { Worker } from 'node:worker_threads';
import type { SpawnWorker } from './spawn-worker.js';

/** Starts a worker thread. */
export const spawnWorker: SpawnWorker = (listener) => {
  const worker = new Worker(new URL('./row-worker-node.js', import.meta.url));
  worker.on('message', listener.message);
  worker.on('error', (error) => listener.failed(error.message));
  worker.on('exit', () => listener.failed('the worker ended'));
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => void worker.terminate(),
  };
};
