import { UnsupportedError } from '@espalier/core';
import { kernelModule, type Sharing } from './kernel-module.js';
import type { CompletionKernels } from './kernels.js';
import { createPlainKernels } from './plain-kernels.js';

/**
 * The memory of one run: observations, factors and scratch rows live here, where the kernels use them in place. Arrays are handed out
 * and never freed one by one; the whole arena goes with the run.
 */
export interface Arena {
  readonly kernels: CompletionKernels;
  readonly sharing: Sharing;
  /** What threads make their own kernels from; undefined where plain loops run. */
  readonly shared: { readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory } | undefined;
  /** `length` zeros. */
  float64(length: number): Float64Array;
  /** `length` integer zeros. */
  int32(length: number): Int32Array;
  /** Lets a later run have the memory. */
  close(): void;
}

const PAGE = 65_536;
/** Address 0 means absent. */
const FIRST = 64;
/** What one WebAssembly memory can hold. */
const MOST_BYTES = 65_535 * PAGE;
/** A memory up to this size is kept for the next run: engines reserve gigabytes of addresses for each new one. */
const KEPT_BYTES = 16 * 2 ** 20;

let kept: WebAssembly.Memory | undefined;

/** Bytes that arrays of the given lengths take, cache lines included. */
export function arenaBytes(arrays: {
  readonly float64?: readonly number[];
  readonly int32?: readonly number[];
}): number {
  const lines = (bytes: number) => Math.ceil(bytes / 64) * 64;
  const sum = (lengths: readonly number[] = [], size: number) =>
    lengths.reduce((total, length) => total + lines(size * length), 0);
  return sum(arrays.float64, 8) + sum(arrays.int32, 4);
}

/**
 * An arena of `bytes` bytes.
 * @throws UnsupportedError beyond 4 GiB
 */
export function createArena(bytes: number, sharing: Sharing): Arena {
  if (bytes + FIRST > MOST_BYTES) {
    throw new UnsupportedError(
      `The observations and factors need ${Math.ceil(bytes / 2 ** 20)} MiB; one run can have ${Math.floor(MOST_BYTES / 2 ** 20)} MiB.`,
      { remedy: 'Lower the rank, or complete blocks of rows separately.' },
    );
  }
  const module = kernelModule(sharing);
  const pages = Math.max(Math.ceil((bytes + FIRST) / PAGE), KEPT_BYTES / PAGE);
  const memory = module && takeMemory(pages, sharing);
  const buffer = memory?.buffer ?? new ArrayBuffer(pages * PAGE);
  const kernels =
    module && memory
      ? (new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as CompletionKernels)
      : createPlainKernels(buffer);
  let top = FIRST;
  const reserve = (size: number) => {
    const address = top;
    top += Math.ceil(size / 64) * 64;
    if (top > buffer.byteLength) throw new RangeError(`An arena of ${bytes} bytes was made too small.`);
    return address;
  };
  return {
    kernels,
    sharing,
    shared: module && memory && sharing === 'shared' ? { module, memory } : undefined,
    float64: (length) => new Float64Array(buffer, reserve(8 * length), length).fill(0),
    int32: (length) => new Int32Array(buffer, reserve(4 * length), length).fill(0),
    close() {
      if (memory && sharing === 'single' && buffer.byteLength <= KEPT_BYTES) kept = memory;
    },
  };
}

function takeMemory(pages: number, sharing: Sharing): WebAssembly.Memory {
  if (sharing === 'shared') return new WebAssembly.Memory({ initial: pages, maximum: 65_536, shared: true });
  if (kept && kept.buffer.byteLength >= pages * PAGE) {
    const memory = kept;
    kept = undefined;
    return memory;
  }
  return new WebAssembly.Memory({ initial: pages, maximum: pages });
}
