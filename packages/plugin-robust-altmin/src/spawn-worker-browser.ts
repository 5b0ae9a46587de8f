import type { FromWorker } from './row-worker.js';
import type { SpawnWorker } from './spawn-worker.js';

/** Starts a web worker. */
export const spawnWorker: SpawnWorker = (listener) => {
  const worker = new Worker(new URL('./row-worker-browser.js', import.meta.url), { type: 'module' });
  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => listener.message(data);
  worker.onerror = ({ message }) => listener.failed(message || 'the worker could not be loaded');
  return {
    post: (message) => worker.postMessage(message),
    terminate: () => worker.terminate(),
  };
};
