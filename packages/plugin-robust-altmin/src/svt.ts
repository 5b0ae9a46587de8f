import { defineSolver } from '@espalier/core';
import { createMatrix } from '@espalier/linalg';
import { z } from 'zod';
import { alternationOptions } from './altmin-options.js';
import {
  acceptsDense,
  completeByShrinking,
  eachObserved,
  residualOfShrunk,
  type ShrinkingMethod,
} from './dense-baseline.js';
import { matrixCompletion } from './matrix-completion.js';

/** Singular value thresholding: X = shrink_tau(Y), Y += delta P(M - X). Finds the rank by itself; keeps the whole matrix in memory. */
export const svt = defineSolver({
  name: 'svt',
  summary: 'Singular value thresholding: the matrix of least nuclear norm that fits.',
  solves: matrixCompletion,
  paper: {
    title: 'A Singular Value Thresholding Algorithm for Matrix Completion',
    authors: 'J.-F. Cai, E. J. Candes, Z. Shen',
    arxiv: '0810.3286',
    year: 2010,
  },
  options: z.strictObject({
    centring: alternationOptions.centring,
    tolerance: z.number().positive().default(1e-4).describe('Stop when |P(X - M)| / |P(M)| is below this.'),
    maxIterations: z.int().min(1).default(500).describe('Most iterations, one shrinkage each.'),
    tau: z
      .union([z.literal('auto'), z.number().positive()])
      .default('auto')
      .describe('Threshold, in root mean squares of the observed values; auto is 5 sqrt(m n).'),
    step: z
      .union([z.literal('auto'), z.number().positive()])
      .default('auto')
      .describe('Step delta; auto is 1.2 m n / |Omega|. Halved where the residual explodes.'),
  }),
  examples: { default: {} },
  accepts: acceptsDense,
  create: (options, services) => ({
    solve: (problem, run) =>
      completeByShrinking(problem, options.centring, thresholding(options), run, services),
  }),
});

/** The residual at which a run counts as exploding. */
const EXPLODED = 1e2;

function thresholding(options: {
  readonly tolerance: number;
  readonly maxIterations: number;
  readonly tau: 'auto' | number;
  readonly step: 'auto' | number;
}): ShrinkingMethod {
  return async (entries, shrink, monitor) => {
    const { rows, columns, values } = entries;
    const tau = options.tau === 'auto' ? 5 * Math.sqrt(rows * columns) : options.tau;
    let delta = options.step === 'auto' ? (1.2 * rows * columns) / values.length : options.step;
    const y = createMatrix(rows, columns);
    // The first steps would shrink everything away: begin where the largest singular value passes tau (section 5.1.3).
    eachObserved(entries, (place, value) => {
      y.data[place] = value;
    });
    const { largest } = shrink(y, Number.POSITIVE_INFINITY);
    const begin = () => {
      const steps = largest > 0 ? Math.ceil(tau / (delta * largest)) : 0;
      eachObserved(entries, (place, value) => {
        y.data[place] = steps * delta * value;
      });
    };
    begin();
    for (let iteration = 1; ; iteration++) {
      const shrunk = shrink(y, tau);
      const { residual, x } = residualOfShrunk(entries, shrunk);
      if (!(residual < EXPLODED)) {
        delta /= 2;
        monitor.warn(`The residual exploded: begun anew with the step ${delta}.`);
        begin();
        continue;
      }
      monitor.step({ residual });
      if (residual < options.tolerance) return { shrunk, reason: 'converged' };
      if (iteration >= options.maxIterations) return { shrunk, reason: 'iteration limit' };
      if (monitor.expired()) return { shrunk, reason: 'time limit' };
      eachObserved(entries, (place, value) => {
        y.data[place] += delta * (value - x.data[place]);
      });
      await monitor.turn();
    }
  };
}
