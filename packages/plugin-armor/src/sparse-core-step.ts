import type { RandomSource } from '@espalier/core';
import { symmetricEigen } from '@espalier/linalg';
import type { Factorization } from './factorization.js';
import { groupScore, type Selection, selectGroup } from './select-group.js';
import { solveSmall } from './solve-small.js';

/** A group of m consecutive inputs in a row, by its row and first column in W. */
export interface Group {
  readonly row: number;
  readonly column: number;
}

/** Added to the diagonal of G, so that rows of B that become parallel stay solvable. */
const GRAM_DAMPING = 1e-9;
/** Added to ||a||^2. */
const COLUMN_DAMPING = 1e-8;

/**
 * In every block at once, one group of S is removed and solved anew: the support of n positions, of all there are, with the best values for
 * it, that lowers the loss most (section 3, sparse core update). Blocks do not touch each other: an element of S in block (j, k) reaches that
 * block of A S B alone. E and S B are brought up to date on the way.
 *
 * @param supports all choices of n of m positions, in the order that decides between equal gains
 * @returns the groups, in row-major order of the blocks
 */
export function sparseCoreStep(
  factorization: Factorization,
  supports: readonly (readonly number[])[],
  m: number,
  selection: Selection,
  random: RandomSource,
): Group[] {
  const { sizes, panels, strips, gradient } = factorization;
  const { rows, blockOut, blockIn } = sizes;
  const groupsInRow = blockIn / m;
  const scores = new Float64Array(blockOut * groupsInRow);
  const solver = new GroupSolver(factorization, supports, m);
  const groups: Group[] = [];
  factorization.differentiate({ wrappers: false });
  for (let j = 0; j < strips; j++)
    for (let k = 0; k < panels; k++) {
      for (let i = 0, at = 0; i < blockOut; i++)
        for (let g = 0; g < groupsInRow; g++, at++) {
          const start = (k * rows + j * blockOut + i) * blockIn + g * m;
          scores[at] = groupScore(gradient.s, start, m, selection.norm);
        }
      const chosen = selectGroup(scores, selection.rule, random);
      const [i, first] = [Math.floor(chosen / groupsInRow), (chosen % groupsInRow) * m];
      solver.solve(j, k, i, first);
      groups.push({ row: j * blockOut + i, column: k * blockIn + first });
    }
  return groups;
}

/** Solves single groups; its buffers serve all of them. */
class GroupSolver {
  readonly #u: Float64Array;
  readonly #change: Float64Array;
  readonly #f: Float64Array;
  readonly #gram: Float64Array;

  constructor(
    readonly factorization: Factorization,
    readonly supports: readonly (readonly number[])[],
    readonly m: number,
  ) {
    this.#u = new Float64Array(factorization.sizes.blockIn);
    this.#change = new Float64Array(factorization.sizes.blockIn);
    this.#f = new Float64Array(m);
    this.#gram = new Float64Array(m * m);
  }

  /** Group `first` to `first + m` of row `i` in block (j, k). */
  solve(j: number, k: number, i: number, first: number): void {
    const { a, b, s, h, mask, error, product, sizes } = this.factorization;
    const { rows, blockOut, blockIn } = sizes;
    const m = this.m;
    const u = this.#u;
    const f = this.#f;
    const gram = this.#gram;
    const inS = (k * rows + j * blockOut + i) * blockIn + first;
    const inE = (k * rows + j * blockOut) * blockIn;
    const inB = k * blockIn * blockIn + first * blockIn;
    const inH = k * blockIn;
    // a is the column of A_j that the row of S meets.
    let norm = 0;
    for (let p = 0; p < blockOut; p++) norm += a[(j * blockOut + p) * blockOut + i] ** 2;
    // u = a^T (E without the group) = a^T E - ||a||^2 s^T B.
    u.fill(0);
    for (let p = 0; p < blockOut; p++) {
      const weight = a[(j * blockOut + p) * blockOut + i];
      if (weight !== 0) for (let c = 0; c < blockIn; c++) u[c] += weight * error[inE + p * blockIn + c];
    }
    for (let t = 0; t < m; t++) {
      const value = s[inS + t];
      if (value !== 0) for (let c = 0; c < blockIn; c++) u[c] -= norm * value * b[inB + t * blockIn + c];
    }
    for (let t = 0; t < m; t++) {
      f[t] = 0;
      for (let c = 0; c < blockIn; c++) f[t] += u[c] * h[inH + c] * b[inB + t * blockIn + c];
      for (let r = 0; r <= t; r++) {
        let sum = 0;
        for (let c = 0; c < blockIn; c++)
          sum += b[inB + t * blockIn + c] * b[inB + r * blockIn + c] * h[inH + c];
        gram[t * m + r] = gram[r * m + t] = sum + (r === t ? GRAM_DAMPING : 0);
      }
    }
    const { support, values } = this.#bestSupport();
    const change = this.#change;
    change.fill(0);
    for (let t = 0; t < m; t++) {
      const position = support.indexOf(t);
      const value = position < 0 ? 0 : -values[position] / (norm + COLUMN_DAMPING);
      const difference = value - s[inS + t];
      s[inS + t] = value;
      mask[inS + t] = position < 0 ? 0 : 1;
      if (difference !== 0)
        for (let c = 0; c < blockIn; c++) change[c] += difference * b[inB + t * blockIn + c];
    }
    for (let c = 0; c < blockIn; c++) product[inS - first + c] += change[c];
    for (let p = 0; p < blockOut; p++) {
      const weight = a[(j * blockOut + p) * blockOut + i];
      if (weight !== 0) for (let c = 0; c < blockIn; c++) error[inE + p * blockIn + c] += weight * change[c];
    }
  }

  /** The support with the largest gain f_T^T G_T^-1 f_T, the first of equal ones, and G_T^-1 f_T. */
  #bestSupport(): { support: readonly number[]; values: Float64Array } {
    const m = this.m;
    let best: { support: readonly number[]; values: Float64Array; gain: number } | undefined;
    for (const support of this.supports) {
      const n = support.length;
      const f = Float64Array.from(support, (t) => this.#f[t]);
      const gram = new Float64Array(n * n);
      for (let p = 0; p < n; p++)
        for (let q = 0; q < n; q++) gram[p * n + q] = this.#gram[support[p] * m + support[q]];
      const values = solveSmall(gram, f, n) ?? leastNormSolution(gram, f, n);
      let gain = 0;
      for (let p = 0; p < n; p++) gain += f[p] * values[p];
      if (best === undefined || gain > best.gain) best = { support, values, gain };
    }
    return best!;
  }
}

/** For a G that is singular in spite of the damping. */
function leastNormSolution(gram: Float64Array, f: Float64Array, n: number): Float64Array {
  const { values, vectors } = symmetricEigen({ rows: n, cols: n, data: gram });
  const largest = values.reduce((a, b) => Math.max(a, b), 0);
  const x = new Float64Array(n);
  for (let e = 0; e < n; e++) {
    if (!(values[e] > 1e-12 * largest)) continue;
    let along = 0;
    for (let i = 0; i < n; i++) along += vectors.data[i * n + e] * f[i];
    for (let i = 0; i < n; i++) x[i] += (along / values[e]) * vectors.data[i * n + e];
  }
  return x;
}
