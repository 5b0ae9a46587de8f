import { createRandom } from '@espalier/core';
import { leastSquaresData, logisticData } from '../dist/index.js';

/** Dense rows x columns, standard normal, the columns correlated by a common factor; y from `support` of them plus noise. */
function denseData(rows, columns, support, correlation, seed) {
  const random = createRandom(seed);
  const data = new Float64Array(rows * columns);
  const weights = new Float64Array(columns);
  for (const j of random.sample(columns, support)) weights[j] = random.normal();
  const y = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const common = Math.sqrt(correlation) * random.normal();
    for (let j = 0; j < columns; j++) {
      const value = common + Math.sqrt(1 - correlation) * random.normal();
      data[i * columns + j] = value;
      y[i] += value * weights[j];
    }
    y[i] += random.normal();
  }
  return { A: { rows, cols: columns, data }, y };
}

const signs = ({ A, y }) => ({ kind: 'logistic', A, y: y.map((v) => (v >= 0 ? 1 : -1)) });
const squares = (data) => ({ kind: 'least-squares', ...data });

/** The largest entry of the gradient at 0: the smallest l1 weight whose solution is 0. */
function largestWeight({ kind, A, y }) {
  const sums = new Float64Array(A.cols);
  const residual = kind === 'logistic' ? y.map((v) => v / 2) : y;
  for (let i = 0; i < A.rows; i++) {
    if ('data' in A) for (let j = 0; j < A.cols; j++) sums[j] += A.data[i * A.cols + j] * residual[i];
    else {
      for (let k = A.rowPointers[i]; k < A.rowPointers[i + 1]; k++)
        sums[A.columnIndices[k]] += A.values[k] * residual[i];
    }
  }
  return sums.reduce((largest, v) => Math.max(largest, Math.abs(v)), 0);
}

/** A problem whose l1 weight is a share of the largest one; `ridge` adds an l2 term as large as that weight. */
function regularised(name, short, objective, share, kind = 'l1', ridge = 0) {
  const weight = share * largestWeight(objective);
  return { name, short, problem: { objective, regularizer: { kind, weight }, l2: ridge * weight } };
}

/** What is measured. Sizes are those of the paper where it has them (1000 x 10000). */
export function cases() {
  const wide = denseData(1000, 10_000, 50, 0.2, 1);
  const tall = denseData(10_000, 500, 50, 0.2, 2);
  const sparse = leastSquaresData({ rows: 1000, columns: 10_000 }, 1).objective;
  const labels = logisticData({ rows: 1000, columns: 10_000 }, 1).objective;
  return [
    regularised('lasso, dense 1000 x 10000', 'lasso wide', squares(wide), 0.1),
    regularised('lasso, dense 10000 x 500', 'lasso tall', squares(tall), 0.01),
    regularised('lasso, sparse 1000 x 10000 (data set A)', 'lasso sparse', sparse, 0.05),
    regularised(
      'lasso, sparse 1000 x 10000 (data set A), large support',
      'lasso sparse, large',
      sparse,
      0.01,
    ),
    regularised('elastic net, dense 1000 x 10000', 'elastic net', squares(wide), 0.1, 'l1', 1),
    regularised(
      'non-negative lasso, sparse 1000 x 10000 (data set A)',
      'non-negative',
      sparse,
      0.05,
      'non-negative',
    ),
    regularised('l1 logistic, dense 1000 x 10000', 'logistic wide', signs(wide), 0.1),
    regularised('l1 logistic, sparse 1000 x 10000 (data set B)', 'logistic sparse', labels, 0.05),
    regularised('l1 logistic, dense 10000 x 500', 'logistic tall', signs(tall), 0.02),
  ];
}
