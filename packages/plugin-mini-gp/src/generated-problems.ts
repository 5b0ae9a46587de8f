import { createRandom, deriveSeed } from '@espalier/core';
import { choleskyInPlace, type Matrix } from '@espalier/linalg';
import type { BlackBoxProblem } from './black-box-optimization.js';
import type { CandidateSet } from './candidate-set.js';
import { createKernel, type KernelSpec } from './kernel.js';
import { gramMatrix } from './log-likelihood.js';
import { tabulatedProblem } from './tabulated-problem.js';

/** A generated problem: uniform points in [0, 1]^2, the function a draw of the Gaussian process with an RBF kernel. */
export interface GeneratedSetting {
  readonly candidates: number;
  readonly budget: number;
  readonly seed: number;
  /** Default 0.2. */
  readonly lengthScale?: number;
  /** xi; default 0.1. */
  readonly noise?: number;
}

const DIMENSION = 2;
/** Added to the diagonal, as the kernel matrix of close points has no positive smallest eigenvalue in float64. */
const JITTER = 1e-10;

/** The draw scaled to [0, 1], with simulated noisy evaluations. */
export function generatedProblem({
  candidates: size,
  budget,
  seed,
  lengthScale = 0.2,
  noise = 0.1,
}: GeneratedSetting): BlackBoxProblem {
  const random = createRandom(deriveSeed('mini-gp', seed));
  const points = Float64Array.from({ length: DIMENSION * size }, () => random.uniform());
  const candidates = { points, dimension: DIMENSION };
  const kernel = { kind: 'rbf', lengthScale } as const;
  const factor = factorOf(candidates, kernel);
  const z = Float64Array.from({ length: size }, () => random.normal());
  const draw = Float64Array.from({ length: size }, (_, i) => {
    let sum = 0;
    for (let k = 0; k <= i; k++) sum += factor.data[i * size + k] * z[k];
    return sum;
  });
  const low = draw.reduce((a, b) => Math.min(a, b));
  const range = draw.reduce((a, b) => Math.max(a, b)) - low || 1;
  const values = draw.map((value) => (value - low) / range);
  return tabulatedProblem(candidates, values, { kernel, budget, seed, noiseVariance: noise * noise });
}

function factorOf(candidates: CandidateSet, kernel: KernelSpec): Matrix {
  const size = candidates.points.length / candidates.dimension;
  const gram = gramMatrix(
    createKernel(kernel, candidates),
    Int32Array.from({ length: size }, (_, i) => i),
  );
  for (let i = 0; i < size; i++) gram.data[i * size + i] += JITTER;
  choleskyInPlace(gram);
  return gram;
}

/** Mean regret of an evaluation relative to that of uniformly random candidates: 1 is chance, 0 perfect. */
export function relativeRegret(truth: Float64Array, cumulative: number, evaluations: number): number {
  const best = truth.reduce((a, b) => Math.max(a, b));
  const mean = truth.reduce((a, b) => a + b, 0) / truth.length;
  return cumulative / evaluations / (best - mean);
}
