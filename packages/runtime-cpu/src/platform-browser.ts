import type { BlasSearch, WorkerEntry } from './platform.js';

export async function tfjsWasm(build: 'simd' | 'threaded-simd'): Promise<Uint8Array<ArrayBuffer>> {
  const { TFJS_WASM } =
    build === 'simd'
      ? await import('./generated/tfjs-wasm-simd.js')
      : await import('./generated/tfjs-wasm-threaded-simd.js');
  return Uint8Array.from(atob(TFJS_WASM), (character) => character.charCodeAt(0));
}

const WORKER = `
onmessage = ({ data: { module, memory, control, room } }) =>
  new WebAssembly.Instance(module, { env: { memory } }).exports.work(control, room);
`;

export function startWorkers(entries: readonly WorkerEntry[]): void {
  if (entries.length === 0) return;
  const url = URL.createObjectURL(new Blob([WORKER], { type: 'text/javascript' }));
  try {
    for (const entry of entries) new Worker(url).postMessage(entry);
  } catch {
    // A content policy forbids workers like this: the page computes on one thread.
  }
}

export function cores(): number {
  return navigator.hardwareConcurrency;
}

export function setting(_name: string): undefined {
  return undefined;
}

export async function findBlas(): Promise<BlasSearch> {
  return {
    found: false,
    severity: 'optional',
    reason: 'A browser offers no native BLAS.',
    remedy: 'Matrix products run in WebAssembly.',
  };
}

export async function registerGradients(): Promise<void> {
  await import('@tensorflow/tfjs-core/dist/register_all_gradients.js');
}
