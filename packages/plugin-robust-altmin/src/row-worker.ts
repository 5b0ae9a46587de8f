import type { CompletionKernels, KernelName } from './kernels.js';

/** What a worker gets at its start: the kernels and the memory that they work on. */
export interface WorkerStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** One pass over the rows of a side: the threads take chunks from a common counter until none is left. */
export interface RowTask {
  readonly kernel: KernelName;
  /** The kernel's arguments between `to` and `scratch`. */
  readonly args: readonly number[];
  /** Address of the counter. */
  readonly counter: number;
  /** Address of the first boundary; chunk c is the rows from boundary c to boundary c + 1. */
  readonly chunks: number;
  readonly count: number;
  /** Address of this thread's scratch rows. */
  readonly scratch: number;
}

export type ToWorker = WorkerStart | RowTask;

/** What a worker answers: the sum of what the kernel returned, or why it could not. */
export type FromWorker = { readonly total: number } | { readonly error: string };

/** Takes one chunk after the other. @returns the sum of what the kernel returned */
export function* workThrough(
  kernels: CompletionKernels,
  buffer: ArrayBufferLike,
  task: RowTask,
): Generator<void, number> {
  const numbers = new Int32Array(buffer);
  const run = kernels[task.kernel] as (...args: number[]) => number;
  let total = 0;
  for (;;) {
    const chunk = Atomics.add(numbers, task.counter / 4, 1);
    if (chunk >= task.count) return total;
    const place = task.chunks / 4 + chunk;
    total += run(numbers[place], numbers[place + 1], ...task.args, task.scratch);
    yield;
  }
}

/** A worker's side. @param post sends to the owner of the team */
export function createRowWorker(post: (message: FromWorker) => void): (message: ToWorker) => void {
  let own: { kernels: CompletionKernels; buffer: ArrayBufferLike } | undefined;
  return (message) => {
    try {
      if ('module' in message) {
        const { module, memory } = message;
        const { exports } = new WebAssembly.Instance(module, { env: { memory } });
        own = { kernels: exports as unknown as CompletionKernels, buffer: memory.buffer };
        return;
      }
      if (!own) throw new Error('a task came before the start');
      const work = workThrough(own.kernels, own.buffer, message);
      for (;;) {
        const { done, value } = work.next();
        if (done) return post({ total: value });
      }
    } catch (thrown) {
      post({ error: thrown instanceof Error ? thrown.message : String(thrown) });
    }
  };
}
