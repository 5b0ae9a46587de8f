import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { WorkerEntry } from './platform.js';

export { findBlas } from './blas-node.js';

const { resolve } = createRequire(import.meta.url);

export async function tfjsWasm(build: 'simd' | 'threaded-simd'): Promise<Uint8Array<ArrayBuffer>> {
  const path = resolve(`@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-${build}.wasm`);
  return Uint8Array.from(await readFile(path));
}

const WORKER = `
const { workerData: { module, memory, control, room } } = require('node:worker_threads');
new WebAssembly.Instance(module, { env: { memory } }).exports.work(control, room);
`;

export function startWorkers(entries: readonly WorkerEntry[]): void {
  for (const entry of entries) {
    // Given as text, the worker needs no file of its own, whichever way this package was bundled.
    const worker = new Worker(WORKER, { eval: true, workerData: entry, execArgv: [] });
    worker.unref();
    // Without this thread the others take its share.
    worker.on('error', () => {});
  }
}

export function cores(): number {
  return availableParallelism();
}

export function setting(name: string): string | undefined {
  return process.env[name];
}

export async function registerGradients(): Promise<void> {
  // tfjs-core's file of gradients cannot be loaded by Node (its imports have no extensions); tfjs-layers contains it.
  await import('@tensorflow/tfjs-layers');
}
