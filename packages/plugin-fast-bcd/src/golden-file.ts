import type { GoldenFile, JsonObject, Tolerance } from '@espalier/core';
import { type Matrix, matrixFromRows } from '@espalier/linalg';
import type { Objective } from './composite-minimization.js';

/** The data of a case, as the files name them: `y` holds labels, one-hot rows, targets, or the b of a quadratic. */
export interface GoldenData extends JsonObject {
  readonly A: number[][];
  readonly y: number[] | number[][];
}

/** The objective by the files' code name: ls, lsl1nn, lg, sf, bp. */
export function goldenObjective(loss: string, { A: rows, y }: GoldenData): Objective {
  const A = matrixFromRows(rows);
  switch (loss) {
    case 'ls':
    case 'lsl1nn':
      return { kind: 'least-squares', A, y: Float64Array.from(y as number[]) };
    case 'lg':
      return { kind: 'logistic', A, y: Float64Array.from(y as number[]) };
    case 'sf': {
      const oneHot = y as number[][];
      return {
        kind: 'softmax',
        A,
        labels: Int32Array.from(oneHot, (row) => row.indexOf(1)),
        classes: oneHot[0].length,
      };
    }
    case 'bp':
      return { kind: 'quadratic', A, b: Float64Array.from(y as number[]) };
    default:
      throw new RangeError(`The loss '${loss}' is none of ls, lsl1nn, lg, sf, bp.`);
  }
}

/** The one tolerance that the files of this package state. */
export function goldenTolerance(_path: unknown, file: GoldenFile): Tolerance {
  return file.tolerance as unknown as Tolerance;
}

/** A matrix as a list of rows. */
export function rowsOf({ rows, cols, data }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, i) => [...data.subarray(i * cols, (i + 1) * cols)]);
}

/** Blocks are compared as sets: the file's own list where it holds the same indices, else ours. */
export function asListed(block: Int32Array, listed: readonly number[] | undefined): number[] {
  const ours = [...block];
  if (!listed || listed.length !== ours.length) return ours;
  return ours.every((i) => listed.includes(i)) ? [...listed] : ours;
}
