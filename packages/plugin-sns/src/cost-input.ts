import { InvalidDataError } from '@espalier/core';
import type { CostMatrix, Metric, PointCost } from './optimal-transport.js';

/** A cost matrix from rows of equal length. @throws InvalidDataError when they differ */
export function costMatrix(rows: readonly (readonly number[])[]): CostMatrix {
  const columns = rows[0]?.length ?? 0;
  const odd = rows.findIndex((row) => row.length !== columns);
  if (odd >= 0)
    throw new InvalidDataError(`Row ${odd} has ${rows[odd]!.length} entries; the first row has ${columns}.`);
  return { matrix: Float64Array.from(rows.flat()), rows: rows.length, columns };
}

/** Point clouds from lists of points of one dimension. @throws InvalidDataError when dimensions differ */
export function pointCost(
  x: readonly (readonly number[])[],
  y: readonly (readonly number[])[],
  metric: Metric = 'sqeuclidean',
): PointCost {
  const dimension = x[0]?.length ?? 0;
  if ([...x, ...y].some((point) => point.length !== dimension)) {
    throw new InvalidDataError(`All points must have the dimension of the first one, ${dimension}.`);
  }
  return { x: Float64Array.from(x.flat()), y: Float64Array.from(y.flat()), dimension, metric };
}
