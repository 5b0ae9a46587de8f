import { createRowWorker, type ToWorker } from './row-worker.js';

const handle = createRowWorker((message) => self.postMessage(message));
self.onmessage = ({ data }: MessageEvent<ToWorker>) => handle(data);
