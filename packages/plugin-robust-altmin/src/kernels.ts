/**
 * The loops over observed entries, as WebAssembly exports or as plain JavaScript over the same memory. All addresses are bytes, 0 means
 * absent; `stride` is the even length of a factor row. Rows are those of one side of the observations: the factor on this side is
 * `unknown`, the other one is `fixed`. Each kernel works on rows [from, to) and returns a count.
 */
export interface CompletionKernels {
  /** Conjugate gradients from where `unknown` stands; returns the sum of iterations times entries. `scratch`: three rows. */
  cgRows(
    from: number,
    to: number,
    pointers: number,
    indices: number,
    values: number,
    weights: number,
    fixed: number,
    stride: number,
    unknown: number,
    ridge: number,
    steps: number,
    reduction: number,
    squares: number,
    scratch: number,
  ): number;
  /** Normal equations by Cholesky factor; returns the rows that needed a repair. `scratch`: `stride` rows. */
  exactRows(
    from: number,
    to: number,
    pointers: number,
    indices: number,
    values: number,
    weights: number,
    fixed: number,
    stride: number,
    unknown: number,
    ridge: number,
    size: number,
    squares: number,
    scratch: number,
  ): number;
  /** Weighted squared residual of each row, and on request the residual of each entry. */
  residualRows(
    from: number,
    to: number,
    pointers: number,
    indices: number,
    values: number,
    weights: number,
    fixed: number,
    stride: number,
    unknown: number,
    squares: number,
    entries: number,
    scratch: number,
  ): number;
  /** Sparse times dense: row j of `out` is the weighted sum of the fixed rows. */
  productRows(
    from: number,
    to: number,
    pointers: number,
    indices: number,
    values: number,
    weights: number,
    fixed: number,
    stride: number,
    out: number,
    scratch: number,
  ): number;
}

/** The arguments of a kernel between `to` and `scratch`. */
export type KernelName = keyof CompletionKernels;
