import type { FromWorker, ToWorker } from './row-worker.js';

/** A worker as the owner of the team sees it, in Node and in browsers. */
export interface SpawnedWorker {
  post(message: ToWorker): void;
  terminate(): void;
}

/** What the owner hears from a worker. */
export interface WorkerListener {
  message(message: FromWorker): void;
  /** The worker ended by an error of its own. */
  failed(reason: string): void;
}

/** Starts a worker. */
export type SpawnWorker = (listener: WorkerListener) => SpawnedWorker;
