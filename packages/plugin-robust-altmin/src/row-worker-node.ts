import { parentPort } from 'node:worker_threads';
import { createRowWorker } from './row-worker.js';

const port = parentPort!;
port.on(
  'message',
  createRowWorker((message) => port.postMessage(message)),
);
