import { checkSize, checkVector } from './checks.js';
import type { CsrMatrix } from './csr.js';

/** Builds a sparse matrix row by row, growing its storage as needed. */
export class CsrRowBuilder {
  private readonly rowPointers: Int32Array;
  private columnIndices: Int32Array;
  private values: Float64Array;
  private row = 0;
  private entries = 0;

  /** @param expectedEntries first size of the storage; it doubles when full. */
  constructor(
    private readonly rows: number,
    private readonly cols: number,
    expectedEntries = 4 * (rows + cols),
  ) {
    checkSize('rows', rows);
    checkSize('cols', cols);
    checkSize('expectedEntries', expectedEntries);
    this.rowPointers = new Int32Array(rows + 1);
    this.columnIndices = new Int32Array(expectedEntries);
    this.values = new Float64Array(expectedEntries);
  }

  /** The next row: its column indices, ascending, and their values (both copied). */
  appendRow(columnIndices: Int32Array, values: Float64Array): void {
    checkVector('values', values, columnIndices.length);
    if (this.row === this.rows) throw new RangeError(`All ${this.rows} rows have been given already.`);
    const end = this.entries + values.length;
    if (end > this.values.length) this.grow(end);
    this.columnIndices.set(columnIndices, this.entries);
    this.values.set(values, this.entries);
    this.entries = end;
    this.rowPointers[++this.row] = end;
  }

  /** The matrix; all rows must have been given. */
  finish(): CsrMatrix {
    if (this.row !== this.rows)
      throw new RangeError(`Only ${this.row} of ${this.rows} rows have been given.`);
    return {
      rows: this.rows,
      cols: this.cols,
      rowPointers: this.rowPointers,
      columnIndices: this.columnIndices.slice(0, this.entries),
      values: this.values.slice(0, this.entries),
    };
  }

  private grow(entries: number): void {
    const capacity = Math.max(entries, 2 * this.values.length);
    const { columnIndices, values } = this;
    this.columnIndices = new Int32Array(capacity);
    this.columnIndices.set(columnIndices);
    this.values = new Float64Array(capacity);
    this.values.set(values);
  }
}
