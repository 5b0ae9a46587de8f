import type { Matrix } from '@espalier/linalg';
import type { SmoothModel } from './smooth-model.js';

/** f(x) + (mu/2) ||x||^2: mu on every L_i and on the diagonal of every Hessian. */
export function withL2(inner: SmoothModel, mu: number): SmoothModel {
  if (mu === 0) return inner;
  const { n, x } = inner;
  const gradient = new Float64Array(n);
  let squares = 0;
  const added = (matrix: Matrix): Matrix => {
    const data = matrix.data.slice();
    for (let i = 0; i < matrix.rows; i++) data[i * matrix.cols + i] += mu;
    return { ...matrix, data };
  };
  const change = (block: Int32Array, step: Float64Array): number => {
    let sum = 0;
    for (let j = 0; j < block.length; j++) sum += step[j] * (2 * x[block[j]] + step[j]);
    return sum;
  };
  const { blockLipschitz, columns, graph } = inner;
  return {
    n,
    x,
    quadratic: inner.quadratic,
    lattice: inner.lattice,
    lipschitz: inner.lipschitz.map((constant) => constant + mu),
    // The graph with mu on its diagonal: only quadratic objectives have one, and it must be the matrix that the updates solve with.
    ...(graph && {
      graph: {
        ...graph,
        values: graph.values.map((value, k) =>
          isDiagonal(graph.rowPointers, graph.columnIndices, k) ? value + mu : value,
        ),
      },
    }),
    ...(columns && {
      columns(block: Int32Array) {
        const own = columns(block);
        return { ...own, ridge: own.ridge + mu };
      },
    }),
    ...(blockLipschitz && { blockLipschitz: (block: Int32Array) => blockLipschitz(block) + mu }),
    moveTo(to) {
      inner.moveTo(to);
      squares = to.reduce((sum, v) => sum + v * v, 0);
    },
    value: () => inner.value() + 0.5 * mu * squares,
    gradient() {
      const own = inner.gradient();
      for (let i = 0; i < n; i++) gradient[i] = own[i] + mu * x[i];
      return gradient;
    },
    blockGradient: (block) => inner.blockGradient(block).map((g, j) => g + mu * x[block[j]]),
    valueAfter: (block, step) => inner.valueAfter(block, step) + 0.5 * mu * (squares + change(block, step)),
    move(block, step) {
      squares += change(block, step);
      inner.move(block, step);
    },
    hessian: (block) => added(inner.hessian(block)),
    hessianBound: (block) => added(inner.hessianBound(block)),
    applyBound(d, out) {
      inner.applyBound(d, out);
      for (let i = 0; i < n; i++) out[i] += mu * d[i];
    },
    boundRowSums: () => inner.boundRowSums().map((sum) => sum + mu),
  };
}

/** Whether the k-th entry stands on the diagonal: rows by bisection. */
function isDiagonal(starts: Int32Array, columns: Int32Array, k: number): boolean {
  const row = columns[k];
  return k >= starts[row] && k < starts[row + 1];
}
