import { startWorkers } from '#platform';
import type { WasmBackend } from './wasm-module.js';

/** The loops of our own WebAssembly module by name (assembly/pieces.ts) and what else it exports. */
interface SimdExports {
  readonly initialize: (control: number, room: number) => void;
  readonly run: (piece: number, count: number, grain: number) => void;
  readonly gemmRoom: () => number;
  readonly [constant: string]: WebAssembly.Global | ((...values: number[]) => unknown);
}

/** Runs loops of our own WebAssembly module on the memory of tfjs's tensors, on several threads where they share it. */
export interface Simd {
  /**
   * Runs loop `piece` over 0 to `count` - 1, cut into pieces of `grain`.
   * @param whole the loop's whole-number arguments: addresses, sizes, steps
   * @param real its floating-point arguments
   */
  run(piece: string, count: number, grain: number, whole: readonly number[], real?: readonly number[]): void;
  /** A constant of the module. */
  constant(name: string): number;
  /** Threads that take part once they are up, the calling one among them. */
  readonly threads: number;
  /** Whether products are fused with sums (one rounding, twice the speed). */
  readonly fused: boolean;
}

/** Places of the arguments, in 32-bit words from the start of the arguments: see assembly/arguments.ts. */
const REAL_ARGUMENTS = 48;

/** Loads our module on `memory` and starts `threads` - 1 workers. */
export async function createSimd({ backend, memory }: WasmBackend, threads: number): Promise<Simd> {
  const shared = threads > 1;
  const { module, fused } = await compile(shared);
  const exports = (await WebAssembly.instantiate(module, { env: { memory } }))
    .exports as unknown as SimdExports;
  const constants = new Map<string, number>();
  const constant = (name: string): number => {
    let value = constants.get(name);
    if (value === undefined) {
      value = (exports[name] as WebAssembly.Global).value as number;
      constants.set(name, value);
    }
    return value;
  };
  const allocate = (bytes: number): number => {
    // A cache line of its own for each block.
    const address = ((backend.wasm as unknown as Malloc)._malloc(bytes + 64) >>> 0) + 63;
    return address - (address % 64);
  };
  const controlBytes = constant('CONTROL_BYTES');
  const control = allocate(controlBytes);
  new Uint8Array(memory.buffer).fill(0, control, control + controlBytes);
  const roomBytes = (exports.gemmRoom() + constant('PATCH_ROOM')) * 4;
  exports.initialize(control, allocate(roomBytes));
  startWorkers(
    Array.from({ length: threads - 1 }, () => ({ module, memory, control, room: allocate(roomBytes) })),
  );
  const base = (control + constant('ARGUMENTS')) / 4;
  let buffer = memory.buffer;
  let wholes = new Int32Array(buffer);
  let reals = new Float32Array(buffer);
  return {
    threads,
    fused,
    constant,
    run(piece, count, grain, whole, real) {
      if (buffer !== memory.buffer) {
        buffer = memory.buffer;
        wholes = new Int32Array(buffer);
        reals = new Float32Array(buffer);
      }
      for (let i = 0; i < whole.length; i++) wholes[base + i] = whole[i]!;
      if (real) for (let i = 0; i < real.length; i++) reals[base + REAL_ARGUMENTS + i] = real[i]!;
      exports.run(constant(piece), count, grain);
    },
  };
}

interface Malloc {
  _malloc(bytes: number): number;
}

/** The module with fused multiply-add where the engine knows it. */
async function compile(shared: boolean): Promise<{ module: WebAssembly.Module; fused: boolean }> {
  const modules = await import('./generated/simd-modules.js');
  const relaxed = decode(shared ? modules.SHARED_RELAXED_SIMD : modules.RELAXED_SIMD);
  const fused = WebAssembly.validate(relaxed);
  const binary = fused ? relaxed : decode(shared ? modules.SHARED_SIMD : modules.SIMD);
  return { module: await WebAssembly.compile(binary), fused };
}

function decode(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
