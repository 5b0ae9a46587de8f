import { createWorkspace, gemm, type Matrix, type Workspace } from '@espalier/linalg';

/** Sizes of a factorization: W is `[rows, columns]`, A has blocks of `blockOut`, B of `blockIn`. */
export interface Sizes {
  readonly rows: number;
  readonly columns: number;
  readonly blockOut: number;
  readonly blockIn: number;
}

/** The trained numbers. A matrix of W's shape is held in panels: `columns / blockIn` of them, each row-major `[rows, blockIn]`. */
export interface Factors {
  /** `[rows / blockOut, blockOut, blockOut]` */
  readonly a: Float64Array;
  /** In panels; zero where the mask is. */
  readonly s: Float64Array;
  /** `[columns / blockIn, blockIn, blockIn]` */
  readonly b: Float64Array;
  /** In panels; 1 where an element is kept. */
  readonly mask: Uint8Array;
}

/**
 * A S B against the normalised matrix, with the products that loss and gradients share, in one WebAssembly workspace.
 *
 * L(A, S, B) = sum_ij ((A S B - Wbar)_ij^2 h_j) / sum_ij (Wbar_ij^2 h_j)
 */
export class Factorization implements Factors {
  readonly a: Float64Array;
  readonly s: Float64Array;
  readonly b: Float64Array;
  readonly mask: Uint8Array;
  /** S B, in panels. */
  readonly product: Float64Array;
  /** E = A S B - Wbar, in panels; true for the present factors after {@link evaluate}. */
  readonly error: Float64Array;
  readonly h: Float64Array;
  readonly panels: number;
  readonly strips: number;
  /** Gradients of L. */
  readonly gradient: { readonly a: Float64Array; readonly s: Float64Array; readonly b: Float64Array };
  /** Sum of Wbar_ij^2 h_j. */
  readonly scale: number;
  readonly #target: Float64Array;
  /** E h, then dL/d(S B). */
  readonly #weighted: Float64Array;
  readonly #back: Float64Array;

  /**
   * @param target Wbar, row-major
   * @param h second moments of the inputs, positive
   * @param mask row-major, 1 where an element is kept; S starts as Wbar there, A and B as the identity
   */
  constructor(
    readonly sizes: Sizes,
    target: Float64Array,
    h: Float64Array,
    mask: Uint8Array,
  ) {
    const { rows, columns, blockOut, blockIn } = sizes;
    this.panels = columns / blockIn;
    this.strips = rows / blockOut;
    const size = rows * columns;
    const [sizeA, sizeB] = [rows * blockOut, columns * blockIn];
    const space = createWorkspace(8 * (7 * size + 2 * sizeA + 2 * sizeB + columns) + 64 * 16);
    this.a = identities(space, this.strips, blockOut);
    this.b = identities(space, this.panels, blockIn);
    this.#target = space.place(toPanels(target, sizes));
    this.mask = Uint8Array.from(toPanels(mask, sizes));
    this.s = space.place(this.#target.map((value, i) => (this.mask[i] ? value : 0)));
    this.h = space.place(h);
    this.product = space.allocate(size);
    this.error = space.allocate(size);
    this.gradient = { a: space.allocate(sizeA), s: space.allocate(size), b: space.allocate(sizeB) };
    this.#weighted = space.allocate(size);
    this.#back = space.allocate(size);
    this.scale = this.#weightedSquares(this.#target);
    this.evaluate();
  }

  /** Brings S B and E up to the present factors. */
  evaluate(): void {
    const { rows, blockOut, blockIn } = this.sizes;
    for (let k = 0; k < this.panels; k++)
      gemm(this.#panel(this.s, k), this.#blockB(this.b, k), { out: this.#panel(this.product, k) });
    this.error.set(this.#target);
    for (let k = 0; k < this.panels; k++)
      for (let j = 0; j < this.strips; j++) {
        const at = (k * rows + j * blockOut) * blockIn;
        const out = { rows: blockOut, cols: blockIn, data: this.error.subarray(at, at + blockOut * blockIn) };
        const right = { ...out, data: this.product.subarray(at, at + blockOut * blockIn) };
        gemm(this.#blockA(this.a, j), right, { beta: -1, out });
      }
  }

  /** L of the factors that were evaluated last. */
  loss(): number {
    return this.scale === 0 ? 0 : this.#weightedSquares(this.error) / this.scale;
  }

  /** Gradients by A, B and S at the factors that were evaluated last; that by S holds for all positions, masked ones too. */
  differentiate(of: { readonly wrappers: boolean }): void {
    const { rows, blockOut, blockIn } = this.sizes;
    const factor = this.scale === 0 ? 0 : 2 / this.scale;
    for (let k = 0, at = 0; k < this.panels; k++)
      for (let row = 0; row < rows; row++)
        for (let c = 0; c < blockIn; c++, at++)
          this.#weighted[at] = factor * this.error[at] * this.h[k * blockIn + c];
    if (of.wrappers) this.gradient.a.fill(0);
    for (let k = 0; k < this.panels; k++)
      for (let j = 0; j < this.strips; j++) {
        const at = (k * rows + j * blockOut) * blockIn;
        const part = (data: Float64Array): Matrix => ({
          rows: blockOut,
          cols: blockIn,
          data: data.subarray(at, at + blockOut * blockIn),
        });
        const d = part(this.#weighted);
        // dL/d(S B) = A^T D; dL/dA_j = sum over panels of D (S B)^T.
        gemm(this.#blockA(this.a, j), d, { transposeA: true, out: part(this.#back) });
        if (of.wrappers)
          gemm(d, part(this.product), { transposeB: true, beta: 1, out: this.#blockA(this.gradient.a, j) });
      }
    for (let k = 0; k < this.panels; k++) {
      const back = this.#panel(this.#back, k);
      gemm(back, this.#blockB(this.b, k), { transposeB: true, out: this.#panel(this.gradient.s, k) });
      if (of.wrappers)
        gemm(this.#panel(this.s, k), back, { transposeA: true, out: this.#blockB(this.gradient.b, k) });
    }
  }

  #weightedSquares(matrix: Float64Array): number {
    const { rows, blockIn } = this.sizes;
    let sum = 0;
    for (let k = 0, at = 0; k < this.panels; k++)
      for (let row = 0; row < rows; row++)
        for (let c = 0; c < blockIn; c++, at++) sum += matrix[at] * matrix[at] * this.h[k * blockIn + c];
    return sum;
  }

  #panel(data: Float64Array, k: number): Matrix {
    const { rows, blockIn } = this.sizes;
    return { rows, cols: blockIn, data: data.subarray(k * rows * blockIn, (k + 1) * rows * blockIn) };
  }

  #blockA(data: Float64Array, j: number): Matrix {
    const n = this.sizes.blockOut;
    return { rows: n, cols: n, data: data.subarray(j * n * n, (j + 1) * n * n) };
  }

  #blockB(data: Float64Array, k: number): Matrix {
    const n = this.sizes.blockIn;
    return { rows: n, cols: n, data: data.subarray(k * n * n, (k + 1) * n * n) };
  }
}

/** A row-major matrix in panels. */
export function toPanels<T extends Float64Array | Uint8Array>(
  matrix: T,
  { rows, columns, blockIn }: Sizes,
): T {
  const result = matrix.slice() as T;
  for (let k = 0, at = 0; k < columns / blockIn; k++)
    for (let row = 0; row < rows; row++, at += blockIn) {
      const from = row * columns + k * blockIn;
      result.set(matrix.subarray(from, from + blockIn), at);
    }
  return result;
}

/** A matrix in panels as a row-major one. */
export function fromPanels<T extends Float64Array | Uint8Array>(
  matrix: T,
  { rows, columns, blockIn }: Sizes,
): T {
  const result = matrix.slice() as T;
  for (let k = 0, at = 0; k < columns / blockIn; k++)
    for (let row = 0; row < rows; row++, at += blockIn)
      result.set(matrix.subarray(at, at + blockIn), row * columns + k * blockIn);
  return result;
}

function identities(space: Workspace, count: number, n: number): Float64Array {
  const blocks = space.allocate(count * n * n);
  for (let block = 0; block < count; block++) for (let i = 0; i < n; i++) blocks[(block * n + i) * n + i] = 1;
  return blocks;
}
