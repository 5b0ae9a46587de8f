import { Arena } from './workspace.js';

/**
 * The operands of one kernel call. Arrays that live in the workspace are used in place; others are copied to temporary
 * memory, and results copied back, when the call ends.
 */
export class Staging {
  private readonly results: { target: Float64Array; staged: Float64Array }[] = [];

  constructor(private readonly arena: Arena) {}

  /** Address of an operand that is only read. */
  input(array: Float64Array): number {
    if (array.buffer === this.arena.buffer) return array.byteOffset;
    const address = this.temporary(array.length);
    new Float64Array(this.arena.buffer, address, array.length).set(array);
    return address;
  }

  /** Address of an operand that is overwritten whole. */
  output(array: Float64Array): number {
    if (array.buffer === this.arena.buffer) return array.byteOffset;
    const address = this.temporary(array.length);
    this.results.push({ target: array, staged: new Float64Array(this.arena.buffer, address, array.length) });
    return address;
  }

  /** Address of an operand that is read and changed. */
  inout(array: Float64Array): number {
    const address = this.output(array);
    if (array.buffer !== this.arena.buffer) this.results.at(-1)!.staged.set(array);
    return address;
  }

  /** Address of `length` numbers for the length of the call, not initialised. */
  temporary(length: number): number {
    return this.arena.reserveTemporary(length * 8);
  }

  /** Whether an array is used in place. */
  holds(array: Float64Array): boolean {
    return array.buffer === this.arena.buffer;
  }

  /** The numbers at an address. */
  view(address: number, length: number): Float64Array {
    return new Float64Array(this.arena.buffer, address, length);
  }

  /** The integers at an address. */
  viewInt32(address: number, length: number): Int32Array {
    return new Int32Array(this.arena.buffer, address, length);
  }

  /** Copies the results back to where they belong. */
  finish(): void {
    for (const { target, staged } of this.results) target.set(staged);
  }
}

/** Runs one kernel call over `arena` and gives its temporary memory back, also when it fails. */
export function withStaging<T>(arena: Arena, run: (staging: Staging) => T): T {
  const mark = arena.mark();
  try {
    const staging = new Staging(arena);
    const result = run(staging);
    staging.finish();
    return result;
  } finally {
    arena.release(mark);
  }
}

let scratch: Arena | undefined;
/** A scratch memory above this size is dropped after use rather than kept for the next call. */
const KEPT_BYTES = 32 * 2 ** 20;

/**
 * Runs `run` over a workspace of the package's own with at least `bytes` free: how arrays from the JavaScript heap reach
 * the SIMD loops where the arithmetic outweighs the copy.
 */
export function withScratch<T>(bytes: number, run: (arena: Arena) => T): T {
  if (scratch === undefined || scratch.capacity < bytes) {
    const arena = new Arena(Math.max(bytes, 2 ** 20));
    if (arena.capacity > KEPT_BYTES) return run(arena);
    scratch = arena;
  }
  return run(scratch);
}
