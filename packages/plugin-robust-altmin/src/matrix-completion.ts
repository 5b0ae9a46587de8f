import { defineProblemFamily } from '@espalier/core';
import type { Matrix } from '@espalier/linalg';
import { readProblemJson, readTripletsCsv, solutionToJson } from './problem-files.js';

/** Entries as triplets, in any order, no place twice. Indices count from 0. */
export interface Triplets {
  readonly rowIndices: Int32Array;
  readonly columnIndices: Int32Array;
  /** Finite. */
  readonly values: Float64Array;
}

/** Entries by compressed rows: those of row i stand at positions rowPointers[i] .. rowPointers[i + 1] - 1, columns ascending. */
export interface CompressedRows {
  /** One more than there are rows. */
  readonly rowPointers: Int32Array;
  readonly columnIndices: Int32Array;
  /** Finite. */
  readonly values: Float64Array;
}

/** Factors to start from, row-major. */
export interface InitialFactors {
  /** rows x rank. */
  readonly u: Float64Array;
  /** columns x rank, so that u v^T is the first guess. Default: zero, the first half-step finds it. */
  readonly v?: Float64Array;
}

/**
 * Matrix completion: find a matrix of low rank that agrees with the observed entries,
 * min over U (m x k), V (n x k) of sum over observed (i, j) of w_ij (M_ij - (U V^T)_ij)^2.
 * Entries that are not given are unknown, not zero.
 */
export interface MatrixCompletionProblem {
  /** m, at least 1. */
  readonly rows: number;
  /** n, at least 1. */
  readonly columns: number;
  /** At least one entry. */
  readonly observed: Triplets | CompressedRows;
  /** One weight >= 0 for each observed entry, in their order; not all 0. Default 1. */
  readonly weights?: Float64Array;
  /** Entries that take no part in the fit: their error is reported, and chooses the rank where none is given. */
  readonly validation?: Triplets;
  /** k, from 1 to min(m, n). Default: the solver's choice. */
  readonly rank?: number;
  readonly initial?: InitialFactors;
}

/** What is added to U V^T: the mean of the observed values, and what rows and columns deviate from it. */
export interface Baseline {
  readonly mean: number;
  /** One a row; zeros where a solver has no row terms. */
  readonly rows: Float64Array;
  readonly columns: Float64Array;
}

/** One iteration: both factors were updated. */
export interface CompletionHistoryPoint {
  /** sqrt(sum w (M - X)^2 / sum w M^2) over the observed entries, M less the baseline, after the iteration. */
  readonly residual: number;
  /** The same after the first half, the update of V; absent where a solver has no halves. */
  readonly firstHalf?: number;
}

/** The held-out error of one rank. */
export interface RankTrial {
  readonly rank: number;
  /** Root of the mean squared error on the held-out entries. */
  readonly rmse: number;
}

/** What a solver found: M_ij is about baseline.mean + baseline.rows[i] + baseline.columns[j] + (U V^T)_ij. */
export interface MatrixCompletionSolution {
  /** m x k; carries the scale. */
  readonly u: Matrix;
  /** n x k, orthonormal columns (zero where everything observed is zero). */
  readonly v: Matrix;
  readonly rank: number;
  readonly baseline: Baseline;
  /** The relative residual on the observed entries, computed anew from the factors. */
  readonly residual: number;
  /** Root of the mean squared error on `validation`, where that was given. */
  readonly validationRmse?: number;
  /** Ranks that were tried, where the solver chose. */
  readonly rankTrials?: readonly RankTrial[];
  /** Rows and columns with fewer than k observations: they are under-determined; those with none have a zero row in their factor. */
  readonly underDetermined: { readonly rows: Int32Array; readonly columns: Int32Array };
  readonly iterations: {
    readonly outer: number;
    /** Steps of the iterative least-squares solvers, over all rows. */
    readonly inner: number;
  };
  /** Floating-point operations of the least-squares solves, multiplication and addition counted as two. */
  readonly flops: number;
  readonly converged: boolean;
  /** Why it stopped: `converged`, `time limit`, `iteration limit`, ... */
  readonly reason: string;
  readonly warnings: readonly string[];
  readonly history: readonly CompletionHistoryPoint[];
  readonly milliseconds: number;
}

/** The problem family: any package can bring a solver by naming this token in `solves`. */
export const matrixCompletion = defineProblemFamily<MatrixCompletionProblem, MatrixCompletionSolution>({
  name: 'matrix-completion',
  summary: 'A matrix of low rank from some of its entries.',
  formats: [
    {
      extensions: ['json'],
      summary:
        'rows, columns, observed: list of [row, column, value] or [row, column, value, weight]; validation, rank, initial: { u, v }',
      read: readProblemJson,
    },
    {
      extensions: ['csv', 'tsv', 'csv.gz', 'tsv.gz'],
      summary:
        'one observed entry a line: row, column, value and perhaps a weight, whole numbers from 0; a line of titles is skipped',
      read: readTripletsCsv,
    },
  ],
  solutionToJson,
});
