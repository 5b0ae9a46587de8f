import { InvalidProblemError } from '@espalier/core';
import { createMatrix, type Matrix } from '@espalier/linalg';
import { type CandidateSet, checkCandidates } from './candidate-set.js';
import { checkKernel, createKernel, type KernelSpec } from './kernel.js';
import { type Evidence, evidence, gramMatrix, noiseAt } from './log-likelihood.js';
import { checkObservation, type Observation } from './observation.js';
import { minimizeInBox } from './quasi-newton.js';
import { STATIONARY, type StationaryKind } from './stationary.js';

/** What is fitted, and where the search starts. */
export interface FitSetting {
  /** The kernel whose parameters are fitted: length scales (one, or one a coordinate, as given) and amplitude. */
  readonly kernel: KernelSpec;
  /** lambda, or `fit`: one noise variance for all candidates. */
  readonly noiseVariance: number | Float64Array | 'fit';
  /** Prior mean, or `fit`. Default 0. */
  readonly mean?: number | 'fit';
}

/** The parameters of largest likelihood that were found. */
export interface FittedKernel {
  readonly kernel: KernelSpec;
  readonly noiseVariance: number | Float64Array;
  readonly mean: number;
  readonly logLikelihood: number;
}

/** Length scales beyond this share or multiple of the observed spread cannot be told from 0 or infinity. */
const SCALE_RANGE = 100;
/** Amplitude and noise, relative to the variance of the observed means. */
const VARIANCE_RANGE = 1e4;
/** Isotropic starts, as shares of the observed spread. */
const STARTS = [0.1, 0.3, 1];

/**
 * Kernel parameters by maximum likelihood on the unique candidates: O(q^3) a step, whatever the number of values. A local search
 * (projected BFGS with the exact gradient) from the best of a few starts; the result is never worse than the kernel that was given.
 * @throws InvalidProblemError for fewer than two unique candidates, or a kernel without parameters (a function)
 */
export function fitKernel(
  candidates: CandidateSet,
  observations: readonly Observation[],
  setting: FitSetting,
): FittedKernel {
  const size = checkCandidates(candidates);
  for (const observation of observations) checkObservation(observation, size);
  if (observations.length < 2) {
    throw new InvalidProblemError(
      `A kernel is fitted to at least 2 unique candidates; given ${observations.length}.`,
    );
  }
  checkKernel(setting.kernel, candidates.dimension);
  if (typeof setting.kernel === 'function') {
    throw new InvalidProblemError('A kernel that is a function has no parameters to fit.');
  }
  const problem = new LikelihoodProblem(candidates, observations, setting);
  const { lower, upper } = problem;
  let best = problem.clamp(problem.given());
  for (const start of problem.starts()) {
    if (problem.negative(start).value < problem.negative(best).value) best = start;
  }
  const { x } = minimizeInBox((point) => problem.negative(point), best, lower, upper);
  return problem.fitted(x);
}

type Parametric = Exclude<KernelSpec, (x: Float64Array, y: Float64Array) => number>;

/** The likelihood as a function of log length scales, log amplitude, and where it is fitted log noise. */
class LikelihoodProblem {
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  private readonly candidates: CandidateSet;
  private readonly observations: readonly Observation[];
  private readonly setting: FitSetting;
  private readonly spec: Parametric;
  private readonly indices: readonly number[];
  /** Number of length scales: 0, 1 or d. */
  private readonly scales: number;
  private readonly spread: Float64Array;
  private readonly variance: number;

  constructor(candidates: CandidateSet, observations: readonly Observation[], setting: FitSetting) {
    this.candidates = candidates;
    this.observations = observations;
    this.setting = setting;
    this.spec = setting.kernel as Parametric;
    this.indices = observations.map(({ index }) => index);
    const { lengthScale } = this.spec as { readonly lengthScale?: number | readonly number[] };
    this.scales =
      lengthScale === undefined ? 0 : Array.isArray(lengthScale) ? (lengthScale as number[]).length : 1;
    this.spread = spreadOf(candidates, this.indices, this.scales);
    const means = observations.map(({ mean }) => mean);
    const centre =
      setting.mean === 'fit' ? means.reduce((a, b) => a + b, 0) / means.length : (setting.mean ?? 0);
    const spread = means.reduce((sum, value) => sum + (value - centre) ** 2, 0) / means.length;
    // Values that are all equal still need a scale.
    this.variance = spread > 0 ? spread : 1;
    const range = [
      ...Array.from(this.spread, (s) => [s / SCALE_RANGE, s * SCALE_RANGE]),
      [this.variance / VARIANCE_RANGE, this.variance * VARIANCE_RANGE],
      ...(setting.noiseVariance === 'fit' ? [[this.variance / 1e8, this.variance * 10]] : []),
    ];
    this.lower = Float64Array.from(range, ([low]) => Math.log(low));
    this.upper = Float64Array.from(range, ([, high]) => Math.log(high));
  }

  /** The parameters that were given. */
  given(): Float64Array {
    const { lengthScale } = this.spec as { readonly lengthScale?: number | readonly number[] };
    return this.point(
      lengthScale === undefined ? [] : ([lengthScale].flat() as number[]),
      this.spec.amplitude ?? 1,
    );
  }

  starts(): Float64Array[] {
    return STARTS.map((share) =>
      this.point(
        Array.from(this.spread, (s) => share * s),
        this.variance,
      ),
    ).map((point) => this.clamp(point));
  }

  clamp(point: Float64Array): Float64Array {
    return point.map((v, i) => Math.min(this.upper[i], Math.max(this.lower[i], v)));
  }

  private point(lengthScales: readonly number[], amplitude: number): Float64Array {
    const noise = this.setting.noiseVariance === 'fit' ? [0.01 * this.variance] : [];
    return Float64Array.from([...lengthScales, amplitude, ...noise], Math.log);
  }

  private specAt(x: Float64Array): Parametric {
    const lengths = Array.from(x.subarray(0, this.scales), Math.exp);
    const amplitude = Math.exp(x[this.scales]);
    if (this.scales === 0) return { ...this.spec, amplitude };
    const given = (this.spec as { readonly lengthScale: number | readonly number[] }).lengthScale;
    const lengthScale = Array.isArray(given) ? lengths : lengths[0];
    return { ...this.spec, lengthScale, amplitude } as Parametric;
  }

  private noiseOf(x: Float64Array): number | Float64Array {
    const { noiseVariance } = this.setting;
    return noiseVariance === 'fit' ? Math.exp(x[this.scales + 1]) : noiseVariance;
  }

  private evidenceAt(x: Float64Array): { found: Evidence; gram: Matrix; noise: number[] } {
    const gram = gramMatrix(createKernel(this.specAt(x), this.candidates), this.indices);
    const noise = noiseAt(this.noiseOf(x), this.indices);
    return { found: evidence(this.observations, gram, noise, this.setting.mean ?? 0), gram, noise };
  }

  /**
   * -log likelihood and its gradient, d log p / d theta = 1/2 tr((alpha alpha^T - M^-1) dM/d theta). A fitted mean is at its
   * optimum, so it adds nothing (envelope theorem).
   */
  negative(x: Float64Array): { value: number; gradient: Float64Array } {
    const { found, gram, noise } = this.evidenceAt(x);
    const q = this.indices.length;
    const eye = createMatrix(q, q);
    for (let i = 0; i < q; i++) eye.data[i * q + i] = 1;
    const inverse = found.factor.solveMatrix(eye).data;
    const gradient = new Float64Array(x.length);
    const alpha = found.weights;
    const sensitivity = (i: number, j: number) => alpha[i] * alpha[j] - inverse[i * q + j];
    for (let i = 0; i < q; i++) {
      for (let j = 0; j < q; j++) gradient[this.scales] -= 0.5 * sensitivity(i, j) * gram.data[i * q + j];
    }
    if (this.scales > 0) this.addScaleGradient(x, sensitivity, gradient);
    if (this.setting.noiseVariance === 'fit') {
      this.observations.forEach(({ count, squares }, i) => {
        const ofMean = sensitivity(i, i) * (noise[i] / count);
        gradient[this.scales + 1] -= 0.5 * (ofMean + squares / noise[i] - (count - 1));
      });
    }
    return { value: -found.logLikelihood, gradient };
  }

  private addScaleGradient(
    x: Float64Array,
    sensitivity: (i: number, j: number) => number,
    gradient: Float64Array,
  ): void {
    const { points, dimension } = this.candidates;
    const { lengthScaleFactor } = STATIONARY[this.spec.kind as StationaryKind];
    const amplitude = Math.exp(x[this.scales]);
    const squares = new Float64Array(dimension);
    for (let i = 0; i < this.indices.length; i++) {
      for (let j = 0; j < i; j++) {
        let r2 = 0;
        for (let k = 0; k < dimension; k++) {
          const difference =
            points[this.indices[i] * dimension + k] - points[this.indices[j] * dimension + k];
          squares[k] = (difference / Math.exp(x[this.scales === 1 ? 0 : k])) ** 2;
          r2 += squares[k];
        }
        // Twice one half: the matrix is symmetric.
        const factor = sensitivity(i, j) * amplitude * lengthScaleFactor(r2);
        for (let k = 0; k < dimension; k++) gradient[this.scales === 1 ? 0 : k] -= factor * squares[k];
      }
    }
  }

  fitted(x: Float64Array): FittedKernel {
    const { found } = this.evidenceAt(x);
    return {
      kernel: this.specAt(x),
      noiseVariance: this.noiseOf(x),
      mean: found.mean,
      logLikelihood: found.logLikelihood,
    };
  }
}

/** The range of each coordinate over the observed candidates; for one length scale the diagonal of that box. */
function spreadOf(
  { points, dimension }: CandidateSet,
  indices: readonly number[],
  scales: number,
): Float64Array {
  const ranges = Float64Array.from({ length: dimension }, (_, k) => {
    const values = indices.map((i) => points[i * dimension + k]);
    const range = values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
    // A coordinate that never changes tells nothing about its scale.
    return range > 0 ? range : 1;
  });
  if (scales !== 1) return ranges.subarray(0, scales);
  return Float64Array.of(Math.sqrt(ranges.reduce((sum, r) => sum + r * r, 0)));
}
