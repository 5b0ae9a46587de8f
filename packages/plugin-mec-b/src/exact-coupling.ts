import { CellList, type Cells } from './cells.js';
import { entropyTerm, sumOf } from './entropy.js';

/** Masses and remainders below it are rounding, and are left out. */
const DUST = 1e-14;

/**
 * The coupling of least joint entropy. The entropy is concave, so it is at a vertex of the transportation polytope; the cells of a
 * vertex form a forest, a leaf of which holds all that its row or column has. So every vertex is reached by some order of filling
 * single cells as far as they go, and all orders are tried, equal remainders once. For up to 5 x 5.
 * @param p, q distributions with one total, zeros allowed
 */
export function coupleExactly(p: Float64Array, q: Float64Array): Cells {
  const known = new Map<string, Branch>();
  const cells = new CellList(p.length * q.length + p.length + q.length);
  const withoutDust = (masses: Float64Array) => Array.from(masses, (mass) => (mass > DUST ? mass : 0));
  let [restP, restQ] = [withoutDust(p), withoutDust(q)];
  for (let branch = search(restP, restQ, known); branch.cell; branch = search(restP, restQ, known)) {
    const { x, y } = branch.cell;
    cells.add(x, y, Math.min(restP[x]!, restQ[y]!));
    [restP, restQ] = fill(restP, restQ, x, y);
  }
  return cells.finish();
}

/** The least sum of -p log2 p over the cells to come, and the first of them; no cell when everything is coupled. */
interface Branch {
  readonly bits: number;
  readonly cell?: { readonly x: number; readonly y: number };
}

function search(p: readonly number[], q: readonly number[], known: Map<string, Branch>): Branch {
  if (sumOf(p) <= DUST || sumOf(q) <= DUST) return { bits: 0 };
  const key = `${p.map(rounded)}/${q.map(rounded)}`;
  const found = known.get(key);
  if (found) return found;
  let best: Branch = { bits: Number.POSITIVE_INFINITY };
  for (let x = 0; x < p.length; x++) {
    if (p[x]! <= 0) continue;
    for (let y = 0; y < q.length; y++) {
      if (q[y]! <= 0) continue;
      const own = entropyTerm(Math.min(p[x]!, q[y]!));
      if (own >= best.bits) continue;
      const bits = own + search(...fill(p, q, x, y), known).bits;
      if (bits < best.bits) best = { bits, cell: { x, y } };
    }
  }
  known.set(key, best);
  return best;
}

/** Finer than {@link DUST}, so that a remainder is not taken for none; coarser than the rounding of different orders. */
const rounded = (mass: number) => Math.round(mass * 1e15);

/** What is left when a cell is filled as far as it goes. */
function fill(p: readonly number[], q: readonly number[], x: number, y: number): [number[], number[]] {
  const mass = Math.min(p[x]!, q[y]!);
  const less = (value: number) => (value - mass > DUST ? value - mass : 0);
  return [p.with(x, less(p[x]!)), q.with(y, less(q[y]!))];
}
