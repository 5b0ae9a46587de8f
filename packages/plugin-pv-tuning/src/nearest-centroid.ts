import { hasKernel, nearestCodeword, nearestCodewordOp } from '@espalier/kernels';
import { dispose, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { squaredDistance } from './squared-distance.js';

/** Assigns fixed points to centroids. */
export interface Assigner {
  /** The nearest centroid of each point, the first on ties; overwritten by each assignment. */
  readonly assignment: Uint16Array;
  assign(centroids: Float64Array): void;
  dispose(): void;
}

/** Multiply-adds of an assignment from which the op pays. */
const OP_WORK = 1 << 15;

/**
 * Nearest centroids in float64. Where the backend has the op, it searches in float32; only points whose two nearest centroids it cannot tell
 * apart for sure are then compared in float64, so that the result is the same.
 *
 * @param points `[n, size]`
 * @param count number of centroids
 */
export function createAssigner(points: Float64Array, size: number, count: number): Assigner {
  const n = points.length / size;
  const assignment = new Uint16Array(n);
  const exact = (point: number, centroids: Float64Array): void => {
    let [best, least] = [0, Number.POSITIVE_INFINITY];
    for (let c = 0; c < count; c++) {
      const distance = squaredDistance(points, point * size, centroids, c * size, size);
      if (distance < least) [best, least] = [c, distance];
    }
    assignment[point] = best;
  };
  if (points.length * count < OP_WORK || !hasKernel(nearestCodewordOp.name))
    return {
      assignment,
      assign(centroids) {
        for (let point = 0; point < n; point++) exact(point, centroids);
      },
      dispose() {},
    };
  const norms = normsOf(points, size);
  const singles = tensor2d(Float32Array.from(points), [n, size]);
  return {
    assignment,
    assign(centroids) {
      const [index, gap] = tidy(() => {
        const found = nearestCodeword(singles, tensor2d(Float32Array.from(centroids), [count, size]));
        return [found.index.dataSync<'int32'>(), found.gap.dataSync<'float32'>()];
      });
      const largest = normsOf(centroids, size).reduce((most, norm) => Math.max(most, norm), 0);
      for (let point = 0; point < n; point++) {
        if (gap[point] > errorBound(size, norms[point], largest)) assignment[point] = index[point];
        else exact(point, centroids);
      }
    },
    dispose: () => dispose(singles),
  };
}

/**
 * By how much two numbers |c|^2 - 2 p c can differ in float32 though they are equal, or in another order, in float64. Both have at most size + 5
 * roundings of terms that add up to |c|^2 + 2 |p| |c| at most; doubled to be on the safe side. The squares take the rounding of float64 and what
 * float32 loses below its normal numbers into account.
 */
function errorBound(size: number, point: number, centroid: number): number {
  const inSingle = 4 * (size + 5) * 2 ** -24 * (centroid ** 2 + 2 * point * centroid);
  return inSingle + size * 2 ** -50 * (point + centroid) ** 2 + size * 2 ** -120;
}

function normsOf(vectors: Float64Array, size: number): Float64Array {
  return Float64Array.from({ length: vectors.length / size }, (_, i) => {
    let squares = 0;
    for (let k = i * size; k < (i + 1) * size; k++) squares += vectors[k] ** 2;
    return Math.sqrt(squares);
  });
}
