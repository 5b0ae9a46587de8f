import type { Matrix } from '@espalier/linalg';

/** Reduced costs above this count as not negative, relative to the largest cost. */
const OPTIMALITY = 1e-10;
/** Masses below it are rounding and count as 0: a step that moves none is degenerate. */
const DUST = 1e-15;

/**
 * A vertex of the transportation polytope that minimises sum c_ij P_ij, by the network simplex on a spanning tree of cells (MODI):
 * potentials from the tree, the cell with the most negative reduced cost enters, the cycle that it closes says which leaves. After a
 * degenerate step Bland's rule takes over until mass moves again, so it cannot cycle.
 * @param cost n x m, finite
 * @param p, q positive masses of one total
 * @param step called before each pivot: it may throw to stop
 */
export function minimizeTransport(
  cost: Matrix,
  p: Float64Array,
  q: Float64Array,
  step: () => void = () => {},
): Matrix {
  const { rows: n, cols: m } = cost;
  const tree = northWestCorner(p, q);
  const flow = new Float64Array(n * m);
  for (const { cell, mass } of tree) flow[cell] = mass;
  const basis = tree.map(({ cell }) => cell);
  const scale = cost.data.reduce((most, c) => Math.max(most, Math.abs(c)), 0);
  const parent = new Int32Array(n + m);
  const depth = new Int32Array(n + m);
  const potential = new Float64Array(n + m);
  let bland = false;
  for (;;) {
    step();
    hangTree(basis, cost, parent, depth, potential);
    const entering = enteringCell(cost, potential, bland, OPTIMALITY * (scale || 1));
    if (entering < 0) return { rows: n, cols: m, data: flow };
    const { gains, losses } = cycleOf(entering, n, m, parent, depth);
    let leaving = losses[0]!;
    for (const cell of losses) {
      if (flow[cell]! < flow[leaving]! || (flow[cell] === flow[leaving] && cell < leaving)) leaving = cell;
    }
    const mass = flow[leaving]!;
    for (const cell of gains) flow[cell]! += mass;
    for (const cell of losses) flow[cell] = withoutDust(flow[cell]! - mass);
    basis[basis.indexOf(leaving)] = entering;
    bland = mass === 0;
  }
}

const withoutDust = (mass: number) => (mass < DUST ? 0 : mass);

/** A first vertex with n + m - 1 cells that form a tree; some may be empty. */
function northWestCorner(p: Float64Array, q: Float64Array): { cell: number; mass: number }[] {
  const [n, m] = [p.length, q.length];
  const cells: { cell: number; mass: number }[] = [];
  let [i, j, supply, demand] = [0, 0, p[0]!, q[0]!];
  while (i < n && j < m) {
    // The last row and the last column take what rounding has left.
    const mass = i === n - 1 && j === m - 1 ? Math.max(supply, demand) : Math.min(supply, demand);
    cells.push({ cell: i * m + j, mass });
    supply = withoutDust(supply - mass);
    demand = withoutDust(demand - mass);
    if ((supply <= demand && i < n - 1) || j === m - 1) supply = p[++i]!;
    else demand = q[++j]!;
  }
  return cells;
}

/** Parents, depths and potentials of the tree's nodes (rows, then columns) from row 0 on: u_i + v_j = c_ij on its cells. */
function hangTree(
  basis: readonly number[],
  { rows: n, cols: m, data }: Matrix,
  parent: Int32Array,
  depth: Int32Array,
  potential: Float64Array,
): void {
  const edges: number[][] = Array.from({ length: n + m }, () => []);
  for (const cell of basis) {
    const [i, j] = [Math.floor(cell / m), n + (cell % m)];
    edges[i]!.push(j);
    edges[j]!.push(i);
  }
  parent.fill(-1);
  parent[0] = 0;
  depth[0] = 0;
  potential[0] = 0;
  const queue = [0];
  for (let head = 0; head < queue.length; head++) {
    const node = queue[head]!;
    for (const next of edges[node]!) {
      if (parent[next]! >= 0) continue;
      parent[next] = node;
      depth[next] = depth[node]! + 1;
      const cell = node < n ? node * m + next - n : next * m + node - n;
      potential[next] = data[cell]! - potential[node]!;
      queue.push(next);
    }
  }
}

/** The cell that enters: most negative reduced cost, or the first negative one (Bland); -1 at the optimum. */
function enteringCell(
  { rows: n, cols: m, data }: Matrix,
  potential: Float64Array,
  bland: boolean,
  tolerance: number,
): number {
  let [best, least] = [-1, -tolerance];
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) {
      const reduced = data[i * m + j]! - potential[i]! - potential[n + j]!;
      if (reduced >= least) continue;
      best = i * m + j;
      if (bland) return best;
      least = reduced;
    }
  }
  return best;
}

/** The cycle that a cell closes with the tree: cells that gain mass, the entering one among them, and cells that lose it. */
function cycleOf(
  entering: number,
  n: number,
  m: number,
  parent: Int32Array,
  depth: Int32Array,
): { gains: number[]; losses: number[] } {
  const [gains, losses]: [number[], number[]] = [[entering], []];
  let [fromRow, fromColumn] = [Math.floor(entering / m), n + (entering % m)];
  let [rowSteps, columnSteps] = [0, 0];
  const cellOf = (node: number) => {
    const up = parent[node]!;
    return node < n ? node * m + up - n : up * m + node - n;
  };
  // Signs alternate along the path from either end; the first cell at each end loses.
  while (fromRow !== fromColumn) {
    if (depth[fromRow]! >= depth[fromColumn]!) {
      (rowSteps++ % 2 === 0 ? losses : gains).push(cellOf(fromRow));
      fromRow = parent[fromRow]!;
    } else {
      (columnSteps++ % 2 === 0 ? losses : gains).push(cellOf(fromColumn));
      fromColumn = parent[fromColumn]!;
    }
  }
  return { gains, losses };
}
