import { NumericalError } from '@espalier/core';
import { spawnWorker } from '#spawn-worker';
import type { Arena } from './arena.js';
import type { KernelName } from './kernels.js';
import type { Monitor } from './monitor.js';
import type { FromWorker } from './row-worker.js';
import { workThrough } from './row-worker.js';
import type { SpawnedWorker } from './spawn-worker.js';

/** Boundaries of chunks of rows, in the arena. */
export type Chunks = Int32Array;

/** The threads of one run. Rows are independent of each other, so results do not depend on the number of threads. */
export interface RowTeam {
  /** Runs a kernel on all chunks. @returns the sum of what it returned */
  run(kernel: KernelName, chunks: Chunks, args: readonly number[]): Promise<number>;
  /** Ends the workers. */
  close(): void;
}

/** One worker and the task that it is at. */
interface Member {
  readonly worker: SpawnedWorker;
  waiting: { resolve(total: number): void; reject(error: Error): void } | undefined;
  failure: string | undefined;
}

/** Bytes of what a team takes from the arena: a counter, and scratch rows for each thread. */
export function teamArrays(threads: number, scratch: number): { int32: number[]; float64: number[] } {
  return { int32: [16], float64: new Array<number>(threads).fill(scratch) };
}

/**
 * Starts the threads beside this one, which works too.
 * @param threads in all; more than 1 needs a shared arena
 * @param scratch numbers that the kernels need for one row
 */
export function createTeam(arena: Arena, threads: number, scratch: number, monitor: Monitor): RowTeam {
  const counter = arena.int32(16);
  const [own, ...others] = Array.from({ length: threads }, () => arena.float64(scratch));
  const members = arena.shared ? others.map(() => startMember(arena.shared!)) : [];
  return {
    async run(kernel, chunks, args) {
      const count = chunks.length - 1;
      counter[0] = 0;
      const common = { kernel, args, counter: counter.byteOffset, chunks: chunks.byteOffset, count };
      const helped = count > 1 ? members : [];
      const rest = Promise.all(
        helped.map((member, k) => send(member, { ...common, scratch: others[k].byteOffset })),
      );
      rest.catch(() => {}); // seen below, or the run ends for another reason
      const work = workThrough(arena.kernels, counter.buffer, { ...common, scratch: own.byteOffset });
      try {
        for (;;) {
          const { done, value } = work.next();
          if (done) return (await rest).reduce((sum, total) => sum + total, value);
          await monitor.turn();
        }
      } catch (thrown) {
        Atomics.store(counter, 0, count); // the others stop after their chunk
        throw thrown;
      }
    },
    close() {
      for (const { worker } of members) worker.terminate();
    },
  };
}

function startMember(shared: {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}): Member {
  const worker = spawnWorker({
    message(message: FromWorker) {
      const { waiting } = member;
      member.waiting = undefined;
      if ('total' in message) waiting?.resolve(message.total);
      else waiting?.reject(new NumericalError(`A thread failed: ${message.error}.`));
    },
    failed(reason) {
      member.failure = reason;
      member.waiting?.reject(
        new NumericalError(`A thread failed: ${reason}.`, { remedy: 'Set threads to 1.' }),
      );
      member.waiting = undefined;
    },
  });
  const member: Member = { worker, waiting: undefined, failure: undefined };
  worker.post(shared);
  return member;
}

function send(member: Member, task: Parameters<SpawnedWorker['post']>[0]): Promise<number> {
  return new Promise((resolve, reject) => {
    if (member.failure !== undefined) {
      reject(new NumericalError(`A thread failed: ${member.failure}.`, { remedy: 'Set threads to 1.' }));
      return;
    }
    member.waiting = { resolve, reject };
    member.worker.post(task);
  });
}
