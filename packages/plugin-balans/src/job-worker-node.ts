import { parentPort } from 'node:worker_threads';
import { createJobRunner } from './job.js';

const port = parentPort!;
port.on(
  'message',
  createJobRunner((message) => port.postMessage(message)),
);
