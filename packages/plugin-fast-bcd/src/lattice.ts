/** A lattice of rows x columns nodes, node = column * rows + row, of which some are variables. */
export interface Lattice {
  readonly rows: number;
  readonly columns: number;
  /** The node of each variable, ascending; default all nodes. */
  readonly nodes?: Int32Array;
}

/** The checkerboard: no edge of the lattice lies inside a block. */
export function latticeRedBlack(lattice: Lattice): Int32Array[] {
  return blocksOf(lattice, (row, column) => (row + column) % 2);
}

/**
 * Two interlocked combs, each a tree. White: row 0 of every column, and rows 0..r-2 of even columns; black: the last row, and rows
 * 1..r-1 of odd columns. A lattice of one row is a path: one block.
 */
export function latticeCombs(lattice: Lattice): Int32Array[] {
  const last = lattice.rows - 1;
  if (last === 0) return blocksOf(lattice, () => 0);
  // Black first: the order of the reference code.
  return blocksOf(lattice, (row, column) => {
    const white = row === 0 || (row < last && column % 2 === 0);
    return white ? 1 : 0;
  });
}

/** The variables by the colour of their node, empty colours left out. */
function blocksOf(
  { rows, columns, nodes }: Lattice,
  colour: (row: number, column: number) => number,
): Int32Array[] {
  const blocks: number[][] = [[], []];
  const count = nodes?.length ?? rows * columns;
  for (let i = 0; i < count; i++) {
    const node = nodes ? nodes[i] : i;
    blocks[colour(node % rows, Math.floor(node / rows))].push(i);
  }
  return blocks.filter((block) => block.length > 0).map((block) => Int32Array.from(block));
}
