import type { RandomSource } from '@espalier/core';
import { symmetricEigen } from '@espalier/linalg';
import type { Factorization } from './factorization.js';
import { groupScore, type Selection, selectGroup } from './select-group.js';
import { SmallSolver } from './solve-small.js';

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
  const kept = selection.masked ? factorization.mask : undefined;
  const solver = new GroupSolver(factorization, supports, m);
  const groups: Group[] = [];
  factorization.differentiate({ wrappers: false });
  for (let j = 0; j < strips; j++)
    for (let k = 0; k < panels; k++) {
      for (let i = 0, at = 0; i < blockOut; i++)
        for (let g = 0; g < groupsInRow; g++, at++) {
          const start = (k * rows + j * blockOut + i) * blockIn + g * m;
          scores[at] = groupScore(gradient.s, start, m, selection.norm, kept);
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
  /** G of every group of columns that a row of blocks has needed so far: B stays as it is during a step. */
  readonly #grams: Float64Array;
  readonly #known: Uint8Array;
  readonly #n: number;
  readonly #solver: SmallSolver;
  /** f and G of one support, the solution for it, and that for the best one so far. */
  readonly #f2: Float64Array;
  readonly #gram2: Float64Array;
  readonly #values: Float64Array;
  readonly #best: Float64Array;

  constructor(
    readonly factorization: Factorization,
    readonly supports: readonly (readonly number[])[],
    readonly m: number,
  ) {
    const { blockIn, columns } = factorization.sizes;
    const n = supports[0].length;
    this.#n = n;
    this.#u = new Float64Array(blockIn);
    this.#change = new Float64Array(blockIn);
    this.#f = new Float64Array(m);
    this.#grams = new Float64Array(columns * m);
    this.#known = new Uint8Array(columns / m);
    this.#solver = new SmallSolver(n);
    this.#f2 = new Float64Array(n);
    this.#gram2 = new Float64Array(n * n);
    this.#values = new Float64Array(n);
    this.#best = new Float64Array(n);
  }

  /** Group `first` to `first + m` of row `i` in block (j, k). */
  solve(j: number, k: number, i: number, first: number): void {
    const { a, b, s, h, mask, error, product, sizes } = this.factorization;
    const { rows, blockOut, blockIn } = sizes;
    const m = this.m;
    const u = this.#u;
    const f = this.#f;
    const inS = (k * rows + j * blockOut + i) * blockIn + first;
    const inE = (k * rows + j * blockOut) * blockIn;
    const inB = k * blockIn * blockIn + first * blockIn;
    const inH = k * blockIn;
    // a is the column of A_j that the row of S meets.
    const inA = j * blockOut * blockOut + i;
    let norm = 0;
    for (let p = 0; p < blockOut; p++) norm += a[inA + p * blockOut] * a[inA + p * blockOut];
    // u = a^T (E without the group) = a^T E - ||a||^2 s^T B.
    u.fill(0);
    for (let p = 0; p < blockOut; p++) {
      const weight = a[inA + p * blockOut];
      if (weight !== 0) for (let c = 0; c < blockIn; c++) u[c] += weight * error[inE + p * blockIn + c];
    }
    for (let t = 0; t < m; t++) {
      const value = s[inS + t];
      if (value !== 0) for (let c = 0; c < blockIn; c++) u[c] -= norm * value * b[inB + t * blockIn + c];
    }
    for (let t = 0; t < m; t++) {
      let sum = 0;
      for (let c = 0; c < blockIn; c++) sum += u[c] * h[inH + c] * b[inB + t * blockIn + c];
      f[t] = sum;
    }
    const support = this.#bestSupport(this.#gramOf(k, first));
    const change = this.#change;
    change.fill(0);
    for (let t = 0, position = 0; t < m; t++) {
      const isKept = support[position] === t;
      const value = isKept ? -this.#best[position++] / (norm + COLUMN_DAMPING) : 0;
      const difference = value - s[inS + t];
      s[inS + t] = value;
      mask[inS + t] = isKept ? 1 : 0;
      if (difference !== 0)
        for (let c = 0; c < blockIn; c++) change[c] += difference * b[inB + t * blockIn + c];
    }
    for (let c = 0; c < blockIn; c++) product[inS - first + c] += change[c];
    for (let p = 0; p < blockOut; p++) {
      const weight = a[inA + p * blockOut];
      if (weight !== 0) for (let c = 0; c < blockIn; c++) error[inE + p * blockIn + c] += weight * change[c];
    }
  }

  /** Where G of the group of columns from `first` on in B_k begins. */
  #gramOf(k: number, first: number): number {
    const { b, h, sizes } = this.factorization;
    const { blockIn } = sizes;
    const m = this.m;
    const group = (k * blockIn + first) / m;
    const at = group * m * m;
    if (this.#known[group]) return at;
    this.#known[group] = 1;
    const [gram, inB, inH] = [this.#grams, (k * blockIn + first) * blockIn, k * blockIn];
    for (let t = 0; t < m; t++)
      for (let r = 0; r <= t; r++) {
        let sum = 0;
        for (let c = 0; c < blockIn; c++)
          sum += b[inB + t * blockIn + c] * b[inB + r * blockIn + c] * h[inH + c];
        gram[at + t * m + r] = gram[at + r * m + t] = sum + (r === t ? GRAM_DAMPING : 0);
      }
    return at;
  }

  /** The support with the largest gain f_T^T G_T^-1 f_T, the first of equal ones; leaves G_T^-1 f_T in `#best`. */
  #bestSupport(at: number): readonly number[] {
    const [m, n, f, gram, values] = [this.m, this.#n, this.#f2, this.#gram2, this.#values];
    let [best, most] = [this.supports[0], Number.NEGATIVE_INFINITY];
    for (const support of this.supports) {
      for (let p = 0; p < n; p++) {
        f[p] = this.#f[support[p]];
        for (let q = 0; q < n; q++) gram[p * n + q] = this.#grams[at + support[p] * m + support[q]];
      }
      if (!this.#solver.solve(gram, f, values)) values.set(leastNormSolution(gram, f, n));
      let gain = 0;
      for (let p = 0; p < n; p++) gain += f[p] * values[p];
      if (gain > most) {
        [best, most] = [support, gain];
        this.#best.set(values);
      }
    }
    return best;
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
