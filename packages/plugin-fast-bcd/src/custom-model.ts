import { NumericalError, UnsupportedError } from '@espalier/core';
import type { Matrix } from '@espalier/linalg';
import type { CustomObjective } from './composite-minimization.js';
import type { SmoothModel } from './smooth-model.js';

/** An objective that the user computes. The functions get copies of x, so that they cannot disturb the run. */
export function customModel(objective: CustomObjective): SmoothModel {
  const { n } = objective;
  const x = new Float64Array(n);
  const known: { value?: number; gradient?: Float64Array } = {};
  const valueAt = (at: Float64Array): number => {
    const value: unknown = objective.value(at);
    if (typeof value === 'number' && !Number.isNaN(value)) return value;
    throw new NumericalError(`The objective's value is ${String(value)}; it must be a number.`);
  };
  const moved = (block: Int32Array, step: Float64Array): Float64Array => {
    const to = x.slice();
    for (let j = 0; j < block.length; j++) to[block[j]] += step[j];
    return to;
  };
  const changed = () => {
    delete known.value;
    delete known.gradient;
  };
  const gradient = (): Float64Array => {
    if (known.gradient) return known.gradient;
    const given = objective.gradient(x.slice());
    if (!(given instanceof Float64Array) || given.length !== n || !given.every(Number.isFinite)) {
      throw new NumericalError(`The objective's gradient must be a Float64Array of ${n} finite numbers.`);
    }
    known.gradient = given.slice();
    return known.gradient;
  };
  const hessianBound = (block: Int32Array): Matrix => {
    if (!objective.hessianBound) throw missing('hessianBound', 'this rule');
    return checkedBlock(objective.hessianBound(block.slice()), block, 'hessianBound');
  };
  const blockLipschitz = (block: Int32Array): number => {
    // Without a matrix: the largest eigenvalue of a positive semidefinite block is at most its trace.
    if (!objective.blockLipschitz) return block.reduce((sum, i) => sum + objective.lipschitz[i], 0);
    const given: unknown = objective.blockLipschitz(block.slice());
    if (typeof given === 'number' && given > 0 && Number.isFinite(given)) return given;
    throw new NumericalError(`blockLipschitz must return a positive number; it returned ${String(given)}.`);
  };
  return {
    n,
    quadratic: false,
    x,
    lipschitz: objective.lipschitz,
    moveTo(to) {
      x.set(to);
      changed();
    },
    value() {
      known.value ??= valueAt(x.slice());
      return known.value;
    },
    gradient,
    blockGradient(block) {
      if (known.gradient || !objective.blockGradient) return Float64Array.from(block, (i) => gradient()[i]);
      const given = objective.blockGradient(x.slice(), block.slice());
      if (given instanceof Float64Array && given.length === block.length && given.every(Number.isFinite))
        return given.slice();
      throw new NumericalError(
        `blockGradient must return a Float64Array of ${block.length} finite numbers for a block of ${block.length}.`,
      );
    },
    valueAfter: (block, step) => valueAt(moved(block, step)),
    move(block, step) {
      x.set(moved(block, step));
      changed();
    },
    hessian(block) {
      if (!objective.blockHessian) throw missing('blockHessian', 'a Newton step');
      return checkedBlock(objective.blockHessian(x.slice(), block.slice()), block, 'blockHessian');
    },
    hessianBound,
    applyBound(d, out) {
      const { data } = hessianBound(allOf(n));
      for (let i = 0; i < n; i++) {
        out[i] = 0;
        for (let j = 0; j < n; j++) out[i] += data[i * n + j] * d[j];
      }
    },
    boundRowSums() {
      const { data } = hessianBound(allOf(n));
      return Float64Array.from({ length: n }, (_, i) =>
        data.subarray(i * n, (i + 1) * n).reduce((sum, entry) => sum + Math.abs(entry), 0),
      );
    },
    ...((objective.blockLipschitz || !objective.hessianBound) && { blockLipschitz }),
  };
}

function missing(name: string, what: string): UnsupportedError {
  return new UnsupportedError(`The custom objective has no function ${name}, which ${what} needs.`, {
    remedy: `Give it one, or use the update 'gradient' with a rule that needs the gradient alone.`,
  });
}

function checkedBlock(matrix: Matrix, { length: size }: Int32Array, name: string): Matrix {
  const fits = matrix?.rows === size && matrix.cols === size && matrix.data?.length === size * size;
  if (fits && matrix.data.every(Number.isFinite)) return matrix;
  throw new NumericalError(`${name} must return ${size} x ${size} finite numbers for a block of ${size}.`);
}

function allOf(n: number): Int32Array {
  return Int32Array.from({ length: n }, (_, i) => i);
}
