import { checkSize } from './checks.js';
import type { Matrix } from './matrix.js';
import type { SimdExports } from './simd-exports.js';
import { compileSimd, type SimdLevel } from './simd-module.js';

/**
 * An arena of WebAssembly memory with its own instance of the SIMD loops. Arrays allocated here are used in place by
 * every function of this package; arrays from elsewhere are copied in and out at each call (about 0.1 ns a byte).
 *
 * The memory has a fixed size, so **views never detach**: they stay valid as long as the workspace is reachable.
 * Allocation is a stack: `mark()` remembers the level, `release(mark)` frees all that was allocated since.
 */
export interface Workspace {
  /** `relaxed` (fused multiply-add), `simd`, or `none`: the engine has no WASM SIMD and plain loops are used. */
  readonly level: SimdLevel;
  /** Bytes that `allocate` can hand out in all. */
  readonly capacity: number;
  /** Bytes handed out at the moment. */
  readonly used: number;
  /** `length` zeros. Throws `RangeError` when the workspace is full. */
  allocate(length: number): Float64Array;
  /** `length` integer zeros. Throws `RangeError` when the workspace is full. */
  allocateInt32(length: number): Int32Array;
  /** A `rows` x `cols` matrix of zeros. Throws `RangeError` when the workspace is full. */
  allocateMatrix(rows: number, cols: number): Matrix;
  /** A copy of `values` inside the workspace. */
  place(values: ArrayLike<number>): Float64Array;
  /** A copy of a matrix inside the workspace. */
  placeMatrix(a: Matrix): Matrix;
  /** The present level of the stack. */
  mark(): number;
  /** Frees what was allocated since `mark`. Views into it must not be used any more (their memory is handed out again). */
  release(mark: number): void;
}

/**
 * A workspace of `bytes` bytes (at most 4,000,000,000). Compiles the SIMD module at the first call, synchronously, which
 * is allowed in Node, in workers, and on the main thread of present browsers; where an engine refuses, the error says to
 * `await loadSimd()` first.
 */
export function createWorkspace(bytes: number): Workspace {
  checkSize('bytes', bytes);
  if (bytes > MAX_BYTES) {
    throw new RangeError(`A workspace can have at most ${MAX_BYTES} bytes (wasm32 memory); got ${bytes}.`);
  }
  return new Arena(bytes);
}

/** The memory that `wasm32` can address, less room for temporaries. */
const MAX_BYTES = 4_000_000_000;
/** Packing buffers and small operands from the JavaScript heap live above `capacity`: see {@link Staging}. */
const TEMPORARY_BYTES = 4 * 2 ** 20;
/** Below it stand the constants of the kernels; 0 means "absent". */
const FIRST_ADDRESS = 4096;
const PAGE = 65536;

const arenas = new WeakMap<ArrayBufferLike, Arena>();

/** The workspace that owns the first of these arrays which lives in one. @internal */
export function workspaceOf(...arrays: ArrayBufferView[]): Arena | undefined {
  for (const array of arrays) {
    const arena = arenas.get(array.buffer);
    if (arena !== undefined) return arena;
  }
  return undefined;
}

/** @internal */
export class Arena implements Workspace {
  readonly level: SimdLevel;
  readonly capacity: number;
  /** The kernels over this memory; undefined where the engine has no SIMD. */
  readonly kernels: SimdExports | undefined;
  readonly buffer: ArrayBuffer;
  private top = FIRST_ADDRESS;
  /** Above it the memory is as the engine gave it: zeros. */
  private touched = FIRST_ADDRESS;

  /** `level` is for tests and timings; by default the best that the engine has. */
  constructor(bytes: number, wanted?: SimdLevel) {
    this.capacity = Math.ceil(bytes / 64) * 64;
    const total = FIRST_ADDRESS + this.capacity + TEMPORARY_BYTES;
    const { level, module } = compileSimd(wanted);
    this.level = level;
    if (module === undefined) {
      this.buffer = new ArrayBuffer(total);
    } else {
      const pages = Math.ceil(total / PAGE);
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
      this.kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as SimdExports;
      this.buffer = memory.buffer;
    }
    arenas.set(this.buffer, this);
  }

  get used(): number {
    return this.top - FIRST_ADDRESS;
  }

  allocate(length: number): Float64Array {
    checkSize('length', length);
    return new Float64Array(this.buffer, this.reserveZeros(length * 8), length);
  }

  allocateInt32(length: number): Int32Array {
    checkSize('length', length);
    return new Int32Array(this.buffer, this.reserveZeros(length * 4), length);
  }

  allocateMatrix(rows: number, cols: number): Matrix {
    checkSize('rows', rows);
    checkSize('cols', cols);
    return { rows, cols, data: this.allocate(rows * cols) };
  }

  place(values: ArrayLike<number>): Float64Array {
    const address = this.reserve(values.length * 8, this.end);
    const copy = new Float64Array(this.buffer, address, values.length);
    copy.set(values);
    return copy;
  }

  placeMatrix(a: Matrix): Matrix {
    return { rows: a.rows, cols: a.cols, data: this.place(a.data) };
  }

  mark(): number {
    return this.top;
  }

  release(mark: number): void {
    if (!Number.isSafeInteger(mark) || mark < FIRST_ADDRESS || mark > this.top) {
      throw new RangeError(`release takes what mark() gave before, at most ${this.top}; got ${mark}.`);
    }
    this.top = mark;
  }

  /** Address of `bytes` bytes for the length of one call: from the free part of the workspace and the room above it. */
  reserveTemporary(bytes: number): number {
    return this.reserve(bytes, this.buffer.byteLength);
  }

  /** Where the room above the workspace begins. */
  private get end(): number {
    return FIRST_ADDRESS + this.capacity;
  }

  /** Address of zeros: what was handed out before is cleared, memory that nobody has had yet is zero as it is. */
  private reserveZeros(bytes: number): number {
    const used = this.touched;
    const address = this.reserve(bytes, this.end);
    if (address < used) new Uint8Array(this.buffer, address, Math.min(bytes, used - address)).fill(0);
    return address;
  }

  private reserve(bytes: number, end: number): number {
    const address = this.top;
    // 64-byte steps: whole cache lines, aligned for any vector width.
    const next = address + Math.ceil(bytes / 64) * 64;
    if (next > end) {
      throw new RangeError(
        `The workspace is full: ${bytes} bytes wanted, ${Math.max(0, end - address)} of ${this.capacity} left. ` +
          'Create a larger workspace, release what is no longer needed, or place the operands in it beforehand.',
      );
    }
    this.top = next;
    this.touched = Math.max(this.touched, next);
    return address;
  }
}
