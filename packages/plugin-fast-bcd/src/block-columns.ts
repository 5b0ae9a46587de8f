import type { CsrMatrix, Workspace } from '@espalier/linalg';

/** The Hessian's block without a matrix: it is B'B + ridge I. Valid until columns are gathered again. */
export interface BlockColumns {
  /** B', the columns of the block as rows. */
  readonly columns: CsrMatrix;
  readonly ridge: number;
  /** The memory that the columns lie in, with room for vectors beside them; undefined for plain arrays. */
  readonly workspace: Workspace | undefined;
}
