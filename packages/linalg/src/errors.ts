/** Thrown by a Cholesky factorization that meets a pivot that is not positive (or not a number). */
export class NotPositiveDefiniteError extends RangeError {
  /** The row of the offending pivot; the leading block of this size is positive definite. */
  readonly pivot: number;

  constructor(pivot: number, value?: number) {
    const was = value === undefined ? '' : ` (it is ${value})`;
    super(
      `The matrix is not positive definite: pivot ${pivot} is not a positive finite number${was}. Check that it is ` +
        'symmetric and finite, or add a small multiple of the identity to it.',
    );
    this.name = 'NotPositiveDefiniteError';
    this.pivot = pivot;
  }
}

/** Thrown by a triangular or least-squares solve that meets a zero on the diagonal. */
export class SingularMatrixError extends RangeError {
  /** The row of the zero. */
  readonly pivot: number;

  constructor(pivot: number) {
    super(
      `The matrix is singular: the triangular factor has a zero (or NaN) at row ${pivot} of its diagonal.`,
    );
    this.name = 'SingularMatrixError';
    this.pivot = pivot;
  }
}
