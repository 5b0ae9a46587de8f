import { bfloat16FromFloat32, float32FromBfloat16 } from '@espalier/models';
import type { Floats } from './adam.js';

/** How the buffer and the second moment of a weight are kept between steps. */
export type BufferDtype = 'float64' | 'float32' | 'bf16';

/** Numbers that are read and written as a whole, kept with fewer digits than they are computed with. */
export class FloatBuffer {
  #kept: Floats | Uint16Array;

  constructor(
    values: Floats,
    readonly dtype: BufferDtype,
  ) {
    this.#kept = encoded(values, dtype);
  }

  /** The numbers; changes of the array go in with {@link write} at the latest. */
  read(): Floats {
    return this.#kept instanceof Uint16Array ? float32FromBfloat16(this.#kept) : this.#kept;
  }

  write(values: Floats): void {
    if (values !== this.#kept) this.#kept = encoded(values, this.dtype);
  }

  get bytes(): number {
    return this.#kept.byteLength;
  }
}

function encoded(values: Floats, dtype: BufferDtype): Floats | Uint16Array {
  if (dtype === 'float64') return Float64Array.from(values);
  if (dtype === 'float32') return Float32Array.from(values);
  return bfloat16FromFloat32(Float32Array.from(values));
}
