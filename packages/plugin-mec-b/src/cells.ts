import { type CsrMatrix, csrFromTriplets } from '@espalier/linalg';

/** The cells of a sparse coupling in the order in which they were filled. */
export interface Cells {
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  readonly masses: Float64Array;
}

/** Collects cells; there are never more than `capacity`. */
export class CellList {
  private readonly rows: Int32Array;
  private readonly columns: Int32Array;
  private readonly masses: Float64Array;
  private count = 0;
  /** The last cell that is no dust. */
  private anchor = -1;

  constructor(capacity: number) {
    this.rows = new Int32Array(capacity);
    this.columns = new Int32Array(capacity);
    this.masses = new Float64Array(capacity);
  }

  add(row: number, column: number, mass: number): void {
    this.rows[this.count] = row;
    this.columns[this.count] = column;
    this.masses[this.count++] = mass;
  }

  /**
   * Gives a home to the rounding dust that is left on one side when the other has run out: the cell that was filled last before any dust,
   * where it is of the same row or column, else a cell beside it.
   */
  addLeftover(side: 'row' | 'column', index: number, mass: number): void {
    if (!(mass > 0)) return;
    if (this.anchor < 0) this.anchor = this.count - 1;
    const [row, column] = [this.rows[this.anchor]!, this.columns[this.anchor]!];
    if (index === (side === 'row' ? row : column)) this.masses[this.anchor]! += mass;
    else if (side === 'row') this.add(index, column, mass);
    else this.add(row, index, mass);
  }

  finish(): Cells {
    const { rows, columns, masses, count } = this;
    return {
      rows: rows.subarray(0, count),
      columns: columns.subarray(0, count),
      masses: masses.subarray(0, count),
    };
  }
}

/** The sparse matrix of some cells. */
export function cellsToCsr(rows: number, columns: number, cells: Cells): CsrMatrix {
  return csrFromTriplets(rows, columns, cells.rows, cells.columns, cells.masses);
}
