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

/** Soft-Impute: X = shrink_lambda(P(M) + P_complement(X)) along a falling path of lambda, each started from the last. */
export const softImpute = defineSolver({
  name: 'soft-impute',
  summary:
    'Nuclear-norm regularisation by repeated imputation and shrinkage, along a path of regularisations.',
  solves: matrixCompletion,
  paper: {
    title: 'Spectral Regularization Algorithms for Learning Large Incomplete Matrices',
    authors: 'R. Mazumder, T. Hastie, R. Tibshirani',
    year: 2010,
  },
  options: z.strictObject({
    centring: alternationOptions.centring,
    tolerance: z
      .number()
      .positive()
      .default(1e-4)
      .describe('Next lambda when the matrix changes by less than this share of its norm.'),
    maxIterations: z.int().min(1).default(100).describe('Most imputations at one lambda.'),
    lambdas: z.int().min(1).default(10).describe('Regularisations on the path.'),
    lambdaRatio: z
      .number()
      .positive()
      .lt(1)
      .default(1e-3)
      .describe('The last lambda over the largest singular value of the observed matrix.'),
  }),
  examples: { default: {} },
  accepts: acceptsDense,
  create: (options, services) => ({
    solve: (problem, run) =>
      completeByShrinking(problem, options.centring, imputation(options), run, services),
  }),
});

function imputation(options: {
  readonly tolerance: number;
  readonly maxIterations: number;
  readonly lambdas: number;
  readonly lambdaRatio: number;
}): ShrinkingMethod {
  return async (entries, shrink, monitor) => {
    const filled = createMatrix(entries.rows, entries.columns);
    eachObserved(entries, (place, value) => {
      filled.data[place] = value;
    });
    const { largest } = shrink(filled, Number.POSITIVE_INFINITY);
    let before = createMatrix(entries.rows, entries.columns);
    for (let k = 1; ; k++) {
      const lambda = largest * options.lambdaRatio ** (k / options.lambdas);
      for (let iteration = 1; ; iteration++) {
        const shrunk = shrink(filled, lambda);
        const { residual, x } = residualOfShrunk(entries, shrunk);
        monitor.step({ residual }, `lambda ${k} of ${options.lambdas}`);
        const settled = relativeChange(x.data, before.data) <= options.tolerance;
        before = x;
        filled.data.set(x.data);
        eachObserved(entries, (place, value) => {
          filled.data[place] = value;
        });
        if (monitor.expired()) return { shrunk, reason: 'time limit' };
        if (k >= options.lambdas && settled) return { shrunk, reason: 'converged' };
        if (k >= options.lambdas && iteration >= options.maxIterations)
          return { shrunk, reason: 'iteration limit' };
        if (settled || iteration >= options.maxIterations) break;
        await monitor.turn();
      }
    }
  };
}

/** |x - before| / |before|; 0 where both are zero. */
function relativeChange(x: Float64Array, before: Float64Array): number {
  let [change, size] = [0, 0];
  for (let e = 0; e < x.length; e++) {
    change += (x[e] - before[e]) ** 2;
    size += before[e] ** 2;
  }
  return change === 0 ? 0 : Math.sqrt(change / size);
}
