import type { FromWorker, ToWorker } from './job.js';

/** A worker as the master sees it, in Node and in browsers. */
export interface JobWorker {
  /** @throws DataCloneError for what is no data, such as functions */
  post(message: ToWorker): void;
  terminate(): void;
}

/** What the master hears from a worker. */
export interface JobListener {
  message(message: FromWorker): void;
  /** The worker ended by an error of its own. */
  failed(reason: string): void;
}

/** Starts a worker. */
export type SpawnWorker = (listener: JobListener) => JobWorker;
