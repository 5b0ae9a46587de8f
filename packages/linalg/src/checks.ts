import type { Matrix } from './matrix.js';

/**
 * Border checks: every public function calls these before it computes. Shapes that do not fit throw `RangeError`,
 * values of the wrong type throw `TypeError`; the message names what was given and what was expected.
 */
export function checkMatrix(name: string, a: Matrix): void {
  if (a === null || typeof a !== 'object' || !(a.data instanceof Float64Array)) {
    throw new TypeError(`${name} must be a matrix { rows, cols, data: Float64Array }; got ${describe(a)}.`);
  }
  checkSize(`${name}.rows`, a.rows);
  checkSize(`${name}.cols`, a.cols);
  if (a.data.length !== a.rows * a.cols) {
    throw new RangeError(
      `${name} is ${a.rows} x ${a.cols}, so its data must hold ${a.rows * a.cols} numbers; it holds ${a.data.length}.`,
    );
  }
}

/** A matrix of exactly these sizes. */
export function checkMatrixShape(name: string, a: Matrix, rows: number, cols: number): void {
  checkMatrix(name, a);
  if (a.rows !== rows || a.cols !== cols) {
    throw new RangeError(`${name} must be ${rows} x ${cols}; it is ${a.rows} x ${a.cols}.`);
  }
}

/** A square matrix. */
export function checkSquare(name: string, a: Matrix): void {
  checkMatrix(name, a);
  if (a.rows !== a.cols) throw new RangeError(`${name} must be square; it is ${a.rows} x ${a.cols}.`);
}

/** A `Float64Array` of exactly this length. */
export function checkVector(name: string, x: Float64Array, length: number): void {
  if (!(x instanceof Float64Array))
    throw new TypeError(`${name} must be a Float64Array; got ${describe(x)}.`);
  if (x.length !== length) throw new RangeError(`${name} must hold ${length} numbers; it holds ${x.length}.`);
}

/** A whole number >= 0. */
export function checkSize(name: string, size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new RangeError(`${name} must be a whole number >= 0; got ${size}.`);
  }
}

/** A finite number. */
export function checkFinite(name: string, value: number): void {
  if (!Number.isFinite(value)) throw new RangeError(`${name} must be a finite number; got ${value}.`);
}

/** A finite number > 0. */
export function checkPositive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) {
    throw new RangeError(`${name} must be a positive finite number; got ${value}.`);
  }
}

/** No NaN and no infinity: O(length), so only where the computation itself is dearer. */
export function checkAllFinite(name: string, values: Float64Array): void {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new RangeError(`${name} must hold finite numbers only; entry ${i} is ${values[i]}.`);
    }
  }
}

/** Two arrays that share memory, one of them written: refused where the kernel would read what it has just written. */
export function checkDistinct(outName: string, out: Float64Array, inName: string, input: Float64Array): void {
  if (out.buffer !== input.buffer) return;
  const outEnd = out.byteOffset + out.byteLength;
  const inEnd = input.byteOffset + input.byteLength;
  if (out.byteOffset < inEnd && input.byteOffset < outEnd) {
    throw new RangeError(`${outName} must not overlap ${inName} in memory.`);
  }
}

/** `out` may be `input` itself, entry upon entry, but not a shifted view of it. */
export function checkSameOrDistinct(
  outName: string,
  out: Float64Array,
  inName: string,
  input: Float64Array,
): void {
  if (out.byteOffset !== input.byteOffset) checkDistinct(outName, out, inName, input);
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value;
  return value.constructor?.name ?? 'object';
}
