import { UnsupportedError } from '@espalier/core';
import { createWorkspace, gemm, type Matrix, type Workspace } from '@espalier/linalg';
import { addRowProducts, leftProduct, transposedLeftProduct } from './block-products.js';

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

/** Multiply-adds of one block up to which plain loops are faster than a call of gemm. */
const SMALL_BLOCK = 64;
/** Matrices of W's shape that stand in WebAssembly memory. */
const MATRICES = 5;
/** What a WebAssembly workspace can hold. */
const MOST_BYTES = 4_000_000_000;

/** Bytes of the workspace that {@link Factorization} needs. */
function workspaceBytes({ rows, columns, blockOut, blockIn }: Sizes): number {
  return 8 * (MATRICES * rows * columns + 2 * rows * blockOut + 2 * columns * blockIn + columns) + 64 * 16;
}

/** @throws UnsupportedError for a layer that is too large for one workspace, named `layer` in the message */
export function requireRoom(layer: string, sizes: Sizes): void {
  const bytes = workspaceBytes(sizes);
  if (bytes <= MOST_BYTES) return;
  const { rows, columns } = sizes;
  throw new UnsupportedError(
    `${layer} has ${rows} x ${columns} = ${millions(rows * columns)} weights; fitting it takes ${(bytes / 1e9).toFixed(1)} GB of ` +
      `WebAssembly memory, of which there are ${MOST_BYTES / 1e9}: enough for about ${millions(MOST_BYTES / 8 / MATRICES)}.`,
    { remedy: 'Leave the layer out with `layers`, or take nowag-p or sparsegpt for it.' },
  );
}

const millions = (count: number) => `${(count / 1e6).toFixed(1)} million`;

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
  /** dL/d(S B). */
  readonly #back: Float64Array;
  readonly #small: boolean;

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
    requireRoom('The layer', sizes);
    const { rows, columns, blockOut, blockIn } = sizes;
    this.panels = columns / blockIn;
    this.strips = rows / blockOut;
    this.#small = blockOut * blockOut * blockIn <= SMALL_BLOCK;
    const size = rows * columns;
    const [sizeA, sizeB] = [rows * blockOut, columns * blockIn];
    const space = createWorkspace(workspaceBytes(sizes));
    this.a = identities(space, this.strips, blockOut);
    this.b = identities(space, this.panels, blockIn);
    // Copied from alone, so it need not stand where gemm computes.
    this.#target = toPanels(target, sizes);
    this.mask = Uint8Array.from(toPanels(mask, sizes));
    this.s = space.place(this.#target.map((value, i) => (this.mask[i] ? value : 0)));
    this.h = space.place(h);
    this.product = space.allocate(size);
    this.error = space.allocate(size);
    this.gradient = { a: space.allocate(sizeA), s: space.allocate(size), b: space.allocate(sizeB) };
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
        if (this.#small) {
          const inA = j * blockOut * blockOut;
          leftProduct(blockOut, blockIn, this.a, inA, this.product, at, this.error, true);
        } else
          gemm(this.#blockA(this.a, j), this.#block(this.product, at), {
            beta: -1,
            out: this.#block(this.error, at),
          });
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
    // D = dL/d(A S B), in the place of the gradient by S, which is the last to be computed.
    const d = this.gradient.s;
    for (let k = 0, at = 0; k < this.panels; k++)
      for (let row = 0; row < rows; row++)
        for (let c = 0; c < blockIn; c++, at++) d[at] = factor * this.error[at] * this.h[k * blockIn + c];
    if (of.wrappers) this.gradient.a.fill(0);
    for (let k = 0; k < this.panels; k++)
      for (let j = 0; j < this.strips; j++)
        this.#throughA((k * rows + j * blockOut) * blockIn, j, d, of.wrappers);
    for (let k = 0; k < this.panels; k++) {
      const back = this.#panel(this.#back, k);
      if (of.wrappers)
        gemm(this.#panel(this.s, k), back, { transposeA: true, out: this.#blockB(this.gradient.b, k) });
      gemm(back, this.#blockB(this.b, k), { transposeB: true, out: this.#panel(this.gradient.s, k) });
    }
  }

  /** dL/d(S B) = A^T D; dL/dA_j = sum over panels of D (S B)^T. */
  #throughA(at: number, j: number, d: Float64Array, wrappers: boolean): void {
    const { blockOut, blockIn } = this.sizes;
    if (this.#small) {
      const inA = j * blockOut * blockOut;
      transposedLeftProduct(blockOut, blockIn, this.a, inA, d, at, this.#back);
      if (wrappers) addRowProducts(blockOut, blockIn, d, this.product, at, this.gradient.a, inA);
      return;
    }
    const part = this.#block(d, at);
    gemm(this.#blockA(this.a, j), part, { transposeA: true, out: this.#block(this.#back, at) });
    if (wrappers)
      gemm(part, this.#block(this.product, at), {
        transposeB: true,
        beta: 1,
        out: this.#blockA(this.gradient.a, j),
      });
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

  /** A block of a matrix in panels. */
  #block(data: Float64Array, at: number): Matrix {
    const { blockOut, blockIn } = this.sizes;
    return { rows: blockOut, cols: blockIn, data: data.subarray(at, at + blockOut * blockIn) };
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
