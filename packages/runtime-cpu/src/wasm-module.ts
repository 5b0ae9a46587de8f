import { createEventTurns } from '@espalier/core';
import { BackendWasm, setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import * as factoryModule from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm.js';
import * as sharedFactoryModule from '@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-threaded-simd.js';
import { tfjsWasm } from '#platform';

/** The tfjs backend and the memory that its tensors live in. */
export interface WasmBackend {
  readonly backend: BackendWasm;
  readonly memory: WebAssembly.Memory;
}

/**
 * Builds tfjs's wasm backend around a memory that other modules can work on.
 *
 * tfjs would load the same files, but keeps the memory to itself, fetches by URL, and in Node never uses memory that threads
 * share. Its own threads stay off in either case: the work that is worth sharing goes through our loops (`simd.ts`), which need
 * one thread fewer than there are cores where tfjs starts eight.
 *
 * @param shared whether threads will share the memory; needs `SharedArrayBuffer`
 */
export async function createWasmBackend(shared: boolean): Promise<WasmBackend> {
  const binary = await tfjsWasm(shared ? 'threaded-simd' : 'simd');
  let memory = shared ? new WebAssembly.Memory({ initial: 256, maximum: 65536, shared: true }) : undefined;
  const listeners = processListeners();
  const module = await withInertWorkers((installInertWorkers) =>
    factoryOf(shared ? sharedFactoryModule : factoryModule)({
      ...(memory && { wasmMemory: memory }),
      mainScriptUrlOrBlob: '',
      locateFile: (path) => {
        // The glue code asks for this file right before it makes its workers.
        if (path.endsWith('.worker.js')) installInertWorkers();
        return path;
      },
      instantiateWasm: (imports, receive) => {
        WebAssembly.instantiate(binary, imports).then(({ instance, module }) => {
          memory ??= Object.values(instance.exports).find((value) => value instanceof WebAssembly.Memory);
          receive(instance, module);
        });
        return {};
      },
    }),
  );
  removeNewListeners(listeners);
  if (memory === undefined) throw new Error('The wasm module of tfjs has no memory.');
  const { cwrap } = module;
  module.tfjs = {
    init: cwrap('init', null, []),
    initWithThreadsCount: cwrap('init_with_threads_count', null, ['number']),
    getThreadsCount: cwrap('get_threads_count', 'number', []),
    registerTensor: cwrap('register_tensor', null, ['number', 'number', 'number']),
    disposeData: cwrap('dispose_data', null, ['number']),
    dispose: cwrap('dispose', null, []),
  };
  setThreadsCount(1);
  const backend = new BackendWasm(module as unknown as BackendWasm['wasm']);
  // `data()` is there at once: loops that await it would let neither timers nor signals in.
  const turn = createEventTurns();
  backend.read = async (dataId) => {
    const values = backend.readSync(dataId);
    await turn();
    return values;
  };
  return { backend, memory };
}

/** What the glue code of tfjs's wasm files makes. */
interface GlueModule {
  cwrap(name: string, result: string | null, parameters: string[]): unknown;
  tfjs?: Record<string, unknown>;
}

interface GlueOptions {
  wasmMemory?: WebAssembly.Memory;
  mainScriptUrlOrBlob: string;
  locateFile(path: string): string;
  instantiateWasm(
    imports: WebAssembly.Imports,
    receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
  ): object;
}

/** The files are CommonJS: Node and bundlers hand the function over as the default export, or as the module itself. */
function factoryOf(module: unknown): (options: GlueOptions) => Promise<GlueModule> {
  const outer = module as { default?: unknown };
  const inner = (outer.default ?? outer) as { default?: unknown };
  return (typeof inner === 'function' ? inner : inner.default) as (
    options: GlueOptions,
  ) => Promise<GlueModule>;
}

/**
 * A worker that says it has loaded and does nothing else. The glue code of the threaded build insists on eight; none of them
 * ever gets a thread to run, as tfjs's thread count is set to 1.
 */
class InertWorker {
  onmessage: ((event: { data: unknown }) => void) | undefined;
  postMessage(message: { cmd?: string }): void {
    if (message.cmd === 'load') queueMicrotask(() => this.onmessage?.({ data: { cmd: 'loaded' } }));
  }
  on(): void {}
  ref(): void {}
  unref(): void {}
  terminate(): void {}
}

/** Gives `make` a function that puts {@link InertWorker} in the place of `Worker`, and restores `Worker` right after. */
function withInertWorkers<T>(make: (install: () => void) => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'Worker');
  try {
    return make(() => {
      Object.defineProperty(globalThis, 'Worker', { value: InertWorker, configurable: true, writable: true });
    });
  } finally {
    if (before) Object.defineProperty(globalThis, 'Worker', before);
    else Reflect.deleteProperty(globalThis, 'Worker');
  }
}

const PROCESS_EVENTS = ['uncaughtException', 'unhandledRejection'] as const;
type Listeners = Map<(typeof PROCESS_EVENTS)[number], unknown[]>;

/** In Node the glue code adds listeners that rethrow whatever the application leaves uncaught, with a stack of their own. */
function processListeners(): Listeners {
  const { process } = globalThis as { process?: NodeJS.Process };
  return new Map(PROCESS_EVENTS.map((event) => [event, process?.listeners?.(event as 'exit') ?? []]));
}

function removeNewListeners(before: Listeners): void {
  const { process } = globalThis as { process?: NodeJS.Process };
  for (const [event, kept] of before) {
    for (const listener of process?.listeners?.(event as 'exit') ?? []) {
      if (!kept.includes(listener)) process?.removeListener(event, listener);
    }
  }
}
