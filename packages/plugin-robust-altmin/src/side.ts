import type { Arena } from './arena.js';
import type { Entries } from './entries.js';

/** The observations by rows or by columns, in an arena: what one half-step works on. */
export interface Side {
  /** Rows of this side: its factor has as many. */
  readonly rows: number;
  /** Rows of the factor that is fixed meanwhile. */
  readonly others: number;
  readonly pointers: Int32Array;
  readonly indices: Int32Array;
  readonly values: Float64Array;
  readonly weights: Float64Array | undefined;
  /** Boundaries of chunks of rows with about equal numbers of entries. */
  readonly chunks: Int32Array;
  /** Room for one number a row: squared residuals. */
  readonly squares: Float64Array;
}

/** Entries of one chunk times the length of a factor row: about ten milliseconds of work. */
const CHUNK_WORK = 2e6;
/** So many chunks a thread at least, so that none waits long for the last. */
const CHUNKS_PER_THREAD = 8;

/** Lengths of the arrays that a side takes from its arena. */
export function sideArrays(
  { rows, values, weights }: Entries,
  most: number,
): { int32: number[]; float64: number[] } {
  const count = values.length;
  return { int32: [rows + 1, count, most + 1], float64: [count, ...(weights ? [count] : []), rows] };
}

/** The number of chunks for `count` entries. */
export function chunkCount(count: number, stride: number, threads: number): number {
  const wanted = Math.ceil((count * stride) / CHUNK_WORK);
  return threads > 1 ? Math.max(wanted, CHUNKS_PER_THREAD * threads) : wanted;
}

/** Copies entries into an arena. @param most the most chunks */
export function placeSide(arena: Arena, entries: Entries, most: number): Side {
  const { rows, columns, values, weights } = entries;
  const pointers = arena.int32(rows + 1);
  pointers.set(entries.pointers);
  const indices = arena.int32(values.length);
  indices.set(entries.indices);
  const placed = arena.float64(values.length);
  placed.set(values);
  const placedWeights = weights && arena.float64(values.length);
  placedWeights?.set(weights!);
  return {
    rows,
    others: columns,
    pointers,
    indices,
    values: placed,
    weights: placedWeights,
    chunks: chunksOf(arena, pointers, rows, most),
    squares: arena.float64(rows),
  };
}

/** Boundaries 0 = c_0 < c_1 < ... = rows with about equal numbers of entries and rows between them. */
function chunksOf(arena: Arena, pointers: Int32Array, rows: number, most: number): Int32Array {
  const total = pointers[rows] + rows;
  const target = Math.max(1, Math.ceil(total / most));
  const boundaries = [0];
  let begun = 0;
  for (let i = 1; i <= rows; i++) {
    const reached = pointers[i] + i;
    if (i === rows || reached - begun >= target) {
      boundaries.push(i);
      begun = reached;
    }
  }
  const chunks = arena.int32(boundaries.length);
  chunks.set(boundaries);
  return chunks;
}

/** The arguments that all kernels start with. */
export function sideArguments({
  pointers,
  indices,
  values,
  weights,
}: Side): [number, number, number, number] {
  return [pointers.byteOffset, indices.byteOffset, values.byteOffset, weights?.byteOffset ?? 0];
}

/** The sum over all rows, in their order: independent of threads. */
export function total(squares: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < squares.length; i++) sum += squares[i];
  return sum;
}
