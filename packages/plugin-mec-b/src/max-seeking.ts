import { CellList, type Cells } from './cells.js';
import { MaxHeap } from './max-heap.js';

/**
 * Greedy minimum-entropy coupling (Kocaoglu et al. 2017; the decoder of the paper): again and again the largest remaining mass of
 * either side is put into one cell, as much as both have. Joint entropy within 0.53 bits of the optimum. Ties: lowest index.
 * At most n + m - 1 cells, O((n + m) log(n + m)).
 * @param p, q distributions with one total, zeros allowed
 */
export function coupleMaxSeeking(p: Float64Array, q: Float64Array): Cells {
  const [restP, restQ] = [p.slice(), q.slice()];
  const [rows, columns] = [new MaxHeap(restP), new MaxHeap(restQ)];
  const cells = new CellList(rows.length + columns.length);
  while (rows.length > 0 && columns.length > 0) {
    const [x, y] = [rows.top(), columns.top()];
    const mass = Math.min(restP[x]!, restQ[y]!);
    cells.add(x, y, mass);
    restP[x]! -= mass;
    restQ[y]! -= mass;
    rows.lowered();
    columns.lowered();
  }
  for (let x = 0; x < restP.length; x++) cells.addLeftover('row', x, restP[x]!);
  for (let y = 0; y < restQ.length; y++) cells.addLeftover('column', y, restQ[y]!);
  return cells.finish();
}
