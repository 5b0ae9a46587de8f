import {
  argMax,
  concat,
  equal,
  expandDims,
  fill,
  matMul,
  max,
  mul,
  range,
  slice,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tensor1d,
  tensor2d,
  where,
} from '@tensorflow/tfjs-core';
import { defineOp, type Op } from './op.js';
import { requireDtype, requireNumber, requireShape } from './requirements.js';
import { wholeNumber } from './samples.js';

/** What {@link nearestCodeword} finds. */
export interface NearestCodeword {
  /** int32 [n]: the codeword with the least |c|^2 - 2 p c, the lowest of equal ones. */
  readonly index: Tensor1D;
  /** float32 [n], at least 0: by how much the second best is larger; infinite with one codeword. */
  readonly gap: Tensor1D;
}

/**
 * The nearest of some codewords to each point, in float32, without the matrix of all distances.
 *
 * @param points float32 [n, size], finite
 * @param codewords float32 [count, size], finite
 * @throws TypeError for another dtype, RangeError for shapes that do not fit or no codeword
 */
export function nearestCodeword(points: Tensor, codewords: Tensor): NearestCodeword {
  const op = 'nearestCodeword';
  requireDtype(op, 'points', points, 'float32');
  requireDtype(op, 'codewords', codewords, 'float32');
  requireShape(op, 'points', points, [null, null]);
  requireShape(op, 'codewords', codewords, [null, points.shape[1]!]);
  const count = codewords.shape[0]!;
  requireNumber(op, 'the number of codewords', count, count >= 1, 'at least 1');
  const [index, gap] = nearestCodewordOp.run({ points, codewords }, {});
  return { index: index as Tensor1D, gap: gap as Tensor1D };
}

/** Distances that the reference holds at a time. */
const DISTANCES = 1 << 18;

/** `NearestCodeword`: { points [n, size], codewords [count, size] } -> [index int32 [n], gap [n]]. No gradient. */
export const nearestCodewordOp: Op<{ points: Tensor; codewords: Tensor }, Record<string, never>> = defineOp({
  name: 'NearestCodeword',
  summary: 'The nearest of some codewords to each point, and by how much it is nearest.',
  reference({ points, codewords }) {
    const [n, count] = [points.shape[0]!, codewords.shape[0]!];
    const rows = Math.max(1, Math.floor(DISTANCES / count));
    const norms = sum(square(codewords), 1);
    const found: { index: Tensor1D; gap: Tensor1D }[] = [];
    for (let first = 0; first < n; first += rows) {
      const some = slice(points, [first, 0], [Math.min(rows, n - first), -1]) as Tensor2D;
      const closeness = sub(mul(2, matMul(some, codewords as Tensor2D, false, true)), norms);
      const index = argMax(closeness, 1) as Tensor1D;
      const isNearest = equal(expandDims(index, 1), range(0, count, 1, 'int32'));
      const others = where(isNearest, fill(closeness.shape, Number.NEGATIVE_INFINITY), closeness);
      found.push({ index, gap: sub(max(closeness, 1), max(others, 1)) as Tensor1D });
    }
    if (found.length === 0) return [tensor1d([], 'int32'), tensor1d([], 'float32')];
    return [concat(found.map(({ index }) => index)), concat(found.map(({ gap }) => gap))];
  },
  sample(random) {
    // Whole numbers: their products are exact, and many distances are equal.
    const size = wholeNumber(random, 1, 9);
    const numbers = (rows: number) =>
      tensor2d(
        Float32Array.from({ length: rows * size }, () => wholeNumber(random, -3, 3)),
        [rows, size],
      );
    const inputs = {
      points: numbers(wholeNumber(random, 1, 150)),
      codewords: numbers(wholeNumber(random, 2, 70)),
    };
    return { inputs, attributes: {} };
  },
});
