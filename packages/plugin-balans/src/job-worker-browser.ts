import { createJobRunner, type ToWorker } from './job.js';

const handle = createJobRunner((message) => self.postMessage(message));
self.onmessage = ({ data }: MessageEvent<ToWorker>) => handle(data);
