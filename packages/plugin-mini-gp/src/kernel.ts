import { InvalidProblemError } from '@espalier/core';
import type { CandidateSet } from './candidate-set.js';
import { isStationary, STATIONARY, type StationaryKind } from './stationary.js';

/**
 * A covariance function, with r the distance of two points after each coordinate is divided by its length scale:
 * `rbf` exp(-r^2/2); `matern12` exp(-r); `matern32` (1 + sqrt(3) r) exp(-sqrt(3) r); `matern52` (1 + sqrt(5) r + 5 r^2/3) exp(-sqrt(5) r);
 * `linear` <x, y> + offset; `polynomial` (<x, y> + offset)^degree; each times `amplitude` (default 1); or your own function, which
 * must be symmetric and positive semi-definite.
 */
export type KernelSpec =
  | {
      readonly kind: StationaryKind;
      /** > 0: one for all coordinates, or one each (automatic relevance determination). */
      readonly lengthScale: number | readonly number[];
      /** > 0: the prior variance. */
      readonly amplitude?: number;
    }
  | {
      readonly kind: 'linear';
      /** >= 0. Default 0. */
      readonly offset?: number;
      readonly amplitude?: number;
    }
  | {
      readonly kind: 'polynomial';
      /** Integer >= 1. */
      readonly degree: number;
      /** >= 0. Default 1. */
      readonly offset?: number;
      readonly amplitude?: number;
    }
  | ((x: Float64Array, y: Float64Array) => number);

/** A kernel on a candidate set. */
export interface Kernel {
  /** Number of candidates. */
  readonly size: number;
  /** k(x, x) of every candidate. */
  readonly diagonal: Float64Array;
  /** k(x_j, x) of all candidates x into `out`; with `subset`, of those candidates only. */
  fillRow(j: number, out: Float64Array, subset?: ArrayLike<number>): void;
}

/**
 * The kernel on the candidates, its parameters checked.
 * @throws InvalidProblemError for an unknown kind, parameters out of range, or k(x, x) that is not positive and finite
 */
export function createKernel(spec: KernelSpec, candidates: CandidateSet): Kernel {
  const { points, dimension } = candidates;
  const size = points.length / dimension;
  const fillRow = rowFunction(checkKernel(spec, dimension), candidates);
  const diagonal = new Float64Array(size);
  const one = new Float64Array(1);
  for (let i = 0; i < size; i++) {
    fillRow(i, one, [i]);
    diagonal[i] = one[0];
    if (!(diagonal[i] > 0) || !Number.isFinite(diagonal[i])) {
      throw new InvalidProblemError(
        `The kernel of candidate ${i} with itself is ${diagonal[i]}; a positive finite number is needed.`,
        { remedy: 'Take another kernel, or give a linear or polynomial one a positive offset.' },
      );
    }
  }
  return { size, diagonal, fillRow };
}

/** @throws InvalidProblemError unless the parameters of `spec` are in range */
export function checkKernel(spec: KernelSpec, dimension: number): KernelSpec {
  if (typeof spec === 'function') return spec;
  const refuse = (what: string, given: unknown, allowed: string): never => {
    throw new InvalidProblemError(`The kernel's ${what} is ${String(given)}; allowed: ${allowed}.`);
  };
  const { kind, amplitude = 1 } = spec ?? {};
  if (!isStationary(kind) && kind !== 'linear' && kind !== 'polynomial') {
    refuse('kind', kind, [...Object.keys(STATIONARY), 'linear', 'polynomial', 'a function'].join(', '));
  }
  if (!(amplitude > 0 && amplitude < Number.POSITIVE_INFINITY))
    refuse('amplitude', amplitude, 'a number > 0');
  if ('lengthScale' in spec) {
    const scales = [spec.lengthScale].flat();
    const fits = Array.isArray(spec.lengthScale) ? scales.length === dimension : true;
    if (!fits || !scales.every((l) => l > 0 && l < Number.POSITIVE_INFINITY)) {
      refuse('lengthScale', spec.lengthScale, `a number > 0, or ${dimension} of them`);
    }
  } else if (isStationary(kind)) refuse('lengthScale', undefined, 'a number > 0, or one a coordinate');
  else {
    const { offset = 0 } = spec;
    if (!(offset >= 0 && offset < Number.POSITIVE_INFINITY)) refuse('offset', offset, 'a number >= 0');
  }
  if (spec.kind === 'polynomial' && !(Number.isSafeInteger(spec.degree) && spec.degree >= 1))
    refuse('degree', spec.degree, 'an integer >= 1');
  return spec;
}

/** The kernel that stands for none: a guess at smoothness on the scale of the candidates. */
export function defaultKernel({ points, dimension }: CandidateSet): KernelSpec {
  const scales = Array.from({ length: dimension }, (_, k) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let p = k; p < points.length; p += dimension) {
      low = Math.min(low, points[p]);
      high = Math.max(high, points[p]);
    }
    return 0.3 * Math.sqrt(dimension) * (high > low ? high - low : 1);
  });
  return { kind: 'matern52', lengthScale: scales };
}

type FillRow = Kernel['fillRow'];

function rowFunction(spec: KernelSpec, { points, dimension }: CandidateSet): FillRow {
  if (typeof spec === 'function') {
    const at = (i: number) => points.slice(i * dimension, (i + 1) * dimension);
    return (j, out, subset) => {
      const x = at(j);
      for (let i = 0; i < out.length; i++) out[i] = spec(x, at(subset ? subset[i] : i));
    };
  }
  const { amplitude = 1 } = spec;
  if ('lengthScale' in spec) {
    const scales = [spec.lengthScale].flat();
    const columns = coordinates(points, dimension, (k) => scales[scales.length === 1 ? 0 : k]);
    const { fromSquaredDistance } = STATIONARY[spec.kind];
    return (j, out, subset) => {
      squaredDistances(columns, j, out, subset);
      for (let i = 0; i < out.length; i++) out[i] = amplitude * fromSquaredDistance(out[i]);
    };
  }
  const columns = coordinates(points, dimension, () => 1);
  const degree = spec.kind === 'polynomial' ? spec.degree : 1;
  const offset = spec.offset ?? (spec.kind === 'polynomial' ? 1 : 0);
  return (j, out, subset) => {
    innerProducts(columns, j, out, subset);
    for (let i = 0; i < out.length; i++) out[i] = amplitude * (out[i] + offset) ** degree;
  };
}

/** Coordinate k of all points, divided by its scale, one array a coordinate: a row is then a few passes over contiguous numbers. */
function coordinates(points: Float64Array, dimension: number, scale: (k: number) => number): Float64Array[] {
  return Array.from({ length: dimension }, (_, k) =>
    Float64Array.from({ length: points.length / dimension }, (_, i) => points[i * dimension + k] / scale(k)),
  );
}

function squaredDistances(
  columns: readonly Float64Array[],
  j: number,
  out: Float64Array,
  subset: ArrayLike<number> | undefined,
): void {
  out.fill(0);
  for (const column of columns) {
    const at = column[j];
    for (let i = 0; i < out.length; i++) {
      const difference = column[subset ? subset[i] : i] - at;
      out[i] += difference * difference;
    }
  }
}

function innerProducts(
  columns: readonly Float64Array[],
  j: number,
  out: Float64Array,
  subset: ArrayLike<number> | undefined,
): void {
  out.fill(0);
  for (const column of columns) {
    const at = column[j];
    for (let i = 0; i < out.length; i++) out[i] += column[subset ? subset[i] : i] * at;
  }
}
