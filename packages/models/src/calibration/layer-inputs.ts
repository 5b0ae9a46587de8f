import type { CaptureRequest, LayerStatistics } from '@espalier/core';
import { createMatrix, type Matrix, syrk } from '@espalier/linalg';
import { clone, concat, keep, type Tensor2D, tidy } from '@tensorflow/tfjs-core';

/** Rows that are converted to float64 at once. */
const ROWS_AT_ONCE = 2048;

/**
 * Gathers what a capture asks for about the inputs of layers that read the same activations, batch by batch: sums of squares and X^T X in
 * float64, the inputs themselves only where they are asked for.
 */
export class LayerInputs {
  readonly #width: number;
  readonly #gather: CaptureRequest['gather'];
  readonly #squares: Float64Array;
  readonly #hessian: Matrix | undefined;
  readonly #parts: Tensor2D[] = [];
  #rows = 0;

  /** @param width number of inputs of the layers */
  constructor(width: number, gather: CaptureRequest['gather']) {
    this.#width = width;
    this.#gather = gather;
    this.#squares = new Float64Array(width);
    if (gather.includes('hessian')) this.#hessian = createMatrix(width, width);
  }

  /** Takes rows `[n, width]` in; they stay the caller's. */
  async add(inputs: Tensor2D): Promise<void> {
    this.#rows += inputs.shape[0];
    if (this.#keepsInputs) this.#parts.push(keep(clone(inputs)));
    if (!this.#hessian && !this.#gather.includes('squares')) return;
    const values = (await inputs.data()) as Float32Array;
    if (!this.#hessian) {
      addSquaresInPlace(this.#squares, values, this.#width);
      return;
    }
    const step = ROWS_AT_ONCE * this.#width;
    for (let start = 0; start < values.length; start += step) {
      const rows = new Float64Array(values.subarray(start, start + step));
      const x = createMatrix(rows.length / this.#width, this.#width, rows);
      syrk(x, { transpose: true, beta: 1, out: this.#hessian });
    }
  }

  /**
   * The statistics as far as they were asked for, as copies; `multiply` gives the outputs of the layer for its inputs. The caller disposes of
   * tensors in it.
   */
  statistics(multiply: (inputs: Tensor2D) => Tensor2D): LayerStatistics {
    const hessian = this.#hessian?.data;
    const squares = hessian ? hessian.filter((_, i) => i % (this.#width + 1) === 0) : this.#squares;
    const inputs = this.#keepsInputs ? tidy(() => concat(this.#parts, 0)) : undefined;
    const outputs = inputs && this.#gather.includes('outputs') ? multiply(inputs) : undefined;
    const keepsInputs = this.#gather.includes('inputs');
    if (!keepsInputs) inputs?.dispose();
    return {
      rows: this.#rows,
      ...(this.#gather.includes('squares') && { squares: squares.slice() }),
      ...(hessian && { hessian: hessian.slice() }),
      ...(inputs && keepsInputs && { inputs }),
      ...(outputs && { outputs }),
    };
  }

  dispose(): void {
    for (const part of this.#parts) part.dispose();
    this.#parts.length = 0;
  }

  get #keepsInputs(): boolean {
    return this.#gather.includes('inputs') || this.#gather.includes('outputs');
  }
}

function addSquaresInPlace(squares: Float64Array, rows: Float32Array, width: number): void {
  for (let start = 0; start < rows.length; start += width)
    for (let j = 0; j < width; j++) squares[j] += rows[start + j] * rows[start + j];
}
