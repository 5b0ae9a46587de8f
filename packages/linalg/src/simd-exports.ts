/** The exports of `assembly/index.ts`. Pointers are byte addresses; sizes count numbers; row strides count numbers. */
export interface SimdExports {
  exp(n: number, x: number, out: number): void;
  log(n: number, x: number, out: number): void;
  dot(n: number, x: number, y: number): number;
  axpy(n: number, alpha: number, x: number, y: number): void;
  logSumExpRows(n: number, m: number, a: number, out: number): void;
  logSumExpAffineRows(n: number, m: number, c: number, scale: number, y: number, out: number): void;
  logSumExpColsStart(m: number, max: number, sum: number): void;
  logSumExpColsUpdate(n: number, m: number, a: number, max: number, sum: number, next: number): void;
  logSumExpAffineColsUpdate(
    n: number,
    m: number,
    c: number,
    scale: number,
    x: number,
    max: number,
    sum: number,
    next: number,
  ): void;
  logSumExpFinish(m: number, scale: number, max: number, sum: number, out: number): void;
  expAffineSums(
    n: number,
    m: number,
    c: number,
    x: number,
    y: number,
    scale: number,
    shift: number,
    rowSums: number,
    colSums: number,
    values: number,
    valuesStride: number,
    counts: number,
    masses: number,
  ): void;
  expAffineCompact(
    m: number,
    c: number,
    x: number,
    y: number,
    scale: number,
    shift: number,
    threshold: number,
    argument: number,
    indices: number,
    values: number,
  ): number;
  csrMatvec(rows: number, pointers: number, indices: number, values: number, x: number, out: number): void;
  csrMatvecTransposed(
    rows: number,
    pointers: number,
    indices: number,
    values: number,
    x: number,
    out: number,
  ): void;
  csrProximalSweep(
    count: number,
    order: number,
    pointers: number,
    indices: number,
    values: number,
    curvature: number,
    linear: number,
    ridge: number,
    weight: number,
    lower: number,
    upper: number,
    x: number,
    u: number,
  ): number;
  gemv(n: number, m: number, a: number, stride: number, alpha: number, x: number, out: number): void;
  gemvTransposed(
    n: number,
    m: number,
    a: number,
    stride: number,
    alpha: number,
    x: number,
    out: number,
  ): void;
  gemm(
    m: number,
    n: number,
    k: number,
    alpha: number,
    a: number,
    aRowStride: number,
    aColStride: number,
    b: number,
    bRowStride: number,
    bColStride: number,
    c: number,
    cStride: number,
    lowerOnly: number,
    pack: number,
  ): void;
  cholesky(n: number, a: number, stride: number, pack: number): number;
  solveLower(n: number, k: number, l: number, stride: number, b: number, bStride: number, pack: number): void;
  solveLowerTransposed(
    n: number,
    k: number,
    l: number,
    stride: number,
    b: number,
    bStride: number,
    pack: number,
  ): void;
}
