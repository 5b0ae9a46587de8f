import { InvalidProblemError } from '@espalier/core';
import { assertFloat64 } from './float64.js';
import type { CostMatrix, Metric, OptimalTransportProblem, PointCost } from './optimal-transport.js';

type Distance = (x: Float64Array, i: number, y: Float64Array, j: number, d: number) => number;

/** Distances between point i of x and point j of y, both row-major with d coordinates. */
const DISTANCES: Readonly<Record<Exclude<Metric, (...args: never[]) => number>, Distance>> = {
  sqeuclidean(x, i, y, j, d) {
    let sum = 0;
    for (let k = 0; k < d; k++) {
      const difference = x[i * d + k]! - y[j * d + k]!;
      sum += difference * difference;
    }
    return sum;
  },
  euclidean: (x, i, y, j, d) => Math.sqrt(DISTANCES.sqeuclidean(x, i, y, j, d)),
  cityblock(x, i, y, j, d) {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += Math.abs(x[i * d + k]! - y[j * d + k]!);
    return sum;
  },
  chebyshev(x, i, y, j, d) {
    let largest = 0;
    for (let k = 0; k < d; k++) largest = Math.max(largest, Math.abs(x[i * d + k]! - y[j * d + k]!));
    return largest;
  },
  /** 1 - cos of the angle; a point at the origin has distance 1 to all. */
  cosine(x, i, y, j, d) {
    let [product, xx, yy] = [0, 0, 0];
    for (let k = 0; k < d; k++) {
      const [u, v] = [x[i * d + k]!, y[j * d + k]!];
      product += u * v;
      xx += u * u;
      yy += v * v;
    }
    return xx > 0 && yy > 0 ? 1 - product / Math.sqrt(xx * yy) : 1;
  },
};

/**
 * The cost matrix of a problem, row-major, scaled as asked; a new array unless the problem's own can be used as it is.
 * @throws InvalidProblemError for empty input, wrong lengths, an unknown metric, NaN or -Infinity, or a scale that is not positive
 */
export function computeCost({ cost, scaleCost = 'none' }: OptimalTransportProblem): CostMatrix {
  const full = 'matrix' in cost ? checkedMatrix(cost) : distances(cost);
  const { matrix } = full;
  for (let k = 0; k < matrix.length; k++) {
    const entry = matrix[k]!;
    if (Number.isNaN(entry) || entry === Number.NEGATIVE_INFINITY) {
      const [i, j] = [Math.floor(k / full.columns), k % full.columns];
      throw new InvalidProblemError(
        `The cost of (${i}, ${j}) is ${entry}; costs are numbers or +Infinity (forbidden).`,
      );
    }
  }
  if (scaleCost === 'none') return full;
  const scale = typeof scaleCost === 'number' ? scaleCost : statistic(matrix, scaleCost);
  if (!(scale > 0 && Number.isFinite(scale))) {
    throw new InvalidProblemError(
      `The cost cannot be scaled by ${scaleCost} = ${scale}: it must be a positive number.`,
    );
  }
  return { ...full, matrix: matrix.map((entry) => entry / scale) };
}

/** Rows and columns of a cost, before anything about it is checked. */
export function costSize(cost: CostMatrix | PointCost): [n: number, m: number] {
  return 'matrix' in cost
    ? [cost.rows, cost.columns]
    : [cost.x.length / cost.dimension, cost.y.length / cost.dimension];
}

function checkedMatrix(cost: CostMatrix): CostMatrix {
  const { matrix, rows, columns } = cost;
  assertFloat64('cost.matrix', matrix);
  if (!Number.isInteger(rows) || !Number.isInteger(columns) || rows < 1 || columns < 1) {
    throw new InvalidProblemError(
      `A cost matrix has at least one row and one column; given ${rows} x ${columns}.`,
    );
  }
  if (matrix.length !== rows * columns) {
    throw new InvalidProblemError(
      `A ${rows} x ${columns} cost matrix has ${rows * columns} entries; given ${matrix.length}.`,
    );
  }
  return cost;
}

function distances({ x, y, dimension: d, metric = 'sqeuclidean' }: PointCost): CostMatrix {
  if (!Number.isInteger(d) || d < 1)
    throw new InvalidProblemError(`Points have a dimension of at least 1; given ${d}.`);
  for (const [name, points] of [
    ['x', x],
    ['y', y],
  ] as const) {
    assertFloat64(`cost.${name}`, points);
    if (points.length === 0 || points.length % d !== 0) {
      throw new InvalidProblemError(
        `${name} holds ${points.length} numbers, which are no points of dimension ${d}.`,
      );
    }
    if (!points.every(Number.isFinite))
      throw new InvalidProblemError(`${name} holds a coordinate that is not finite.`);
  }
  const [rows, columns] = [x.length / d, y.length / d];
  const matrix = new Float64Array(rows * columns);
  const distance = distanceOf(metric);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) matrix[i * columns + j] = distance(x, i, y, j, d);
  return { matrix, rows, columns };
}

function distanceOf(metric: Metric): Distance {
  if (typeof metric === 'function') {
    return (x, i, y, j, d) => metric(x.subarray(i * d, (i + 1) * d), y.subarray(j * d, (j + 1) * d));
  }
  if (Object.hasOwn(DISTANCES, metric)) return DISTANCES[metric];
  throw new InvalidProblemError(
    `There is no metric '${metric}'. Allowed: ${Object.keys(DISTANCES).join(', ')}, or a function.`,
  );
}

/** Over the finite entries. */
function statistic(matrix: Float64Array, name: 'max' | 'mean' | 'median'): number {
  const finite = matrix.filter(Number.isFinite);
  if (name === 'max') return finite.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  if (name === 'mean') return finite.reduce((a, b) => a + b, 0) / finite.length;
  if (name !== 'median') {
    throw new InvalidProblemError(
      `scaleCost is none, max, mean, median or a positive number; given ${JSON.stringify(name)}.`,
    );
  }
  finite.sort();
  const middle = finite.length >> 1;
  return finite.length % 2 === 1 ? finite[middle]! : (finite[middle - 1]! + finite[middle]!) / 2;
}
