import { defineProblemFamily } from '@espalier/core';
import type { CsrMatrix, Matrix } from '@espalier/linalg';
import { readCostCsv, readProblem, solutionToJson } from './problem-files.js';

/** A built-in distance between points, or the user's own function of two points. */
export type Metric =
  | 'sqeuclidean'
  | 'euclidean'
  | 'cityblock'
  | 'chebyshev'
  | 'cosine'
  | ((x: Float64Array, y: Float64Array) => number);

/** A cost matrix as it stands. +Infinity forbids a pair; NaN and -Infinity are refused. */
export interface CostMatrix {
  /** Row-major, rows x columns. */
  readonly matrix: Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/** Two point clouds and a metric: the cost matrix is computed from them. */
export interface PointCost {
  /** Row-major, n x dimension; finite. */
  readonly x: Float64Array;
  /** Row-major, m x dimension; finite. */
  readonly y: Float64Array;
  readonly dimension: number;
  /** Default `sqeuclidean`. */
  readonly metric?: Metric;
}

/**
 * Entropic optimal transport between two discrete distributions:
 * min over P >= 0 with P 1 = a, P^T 1 = b of <C, P> + (1/eta) sum P log P.
 */
export interface OptimalTransportProblem {
  readonly cost: CostMatrix | PointCost;
  /** Divides the cost by its (finite) maximum, mean or median, or by a number. Default `none`. */
  readonly scaleCost?: 'none' | 'max' | 'mean' | 'median' | number;
  /** Mass of the n rows, >= 0. Default uniform with total 1. Zeros are dropped before solving and put back. */
  readonly a?: Float64Array;
  /** Mass of the m columns, >= 0; the same total as `a` (relative 1e-9) unless `tau` is given. */
  readonly b?: Float64Array;
  /** 1/regularisation, > 0. Exactly one of `eta` and `epsilon` must be given. */
  readonly eta?: number;
  /** Regularisation 1/eta, > 0. */
  readonly epsilon?: number;
  /** Unbalanced transport: marginals may deviate at the price tau KL(P 1 | a) + tau KL(P^T 1 | b). Default Infinity. */
  readonly tau?: number;
  /** Potentials to start from; a solution's `f` and `g` will do. */
  readonly initial?: { readonly f: Float64Array; readonly g: Float64Array };
  /** `potentials` leaves the plan out. Default `plan`. */
  readonly mode?: 'plan' | 'potentials';
  /** `sparse` keeps the entries of the plan that are at least 1e-12 of its total. Default `dense`. */
  readonly planFormat?: 'dense' | 'sparse';
}

/** One point of a solver's history: after a Newton step, before a Sinkhorn sweep (what the sweep itself finds out for nothing). */
export interface TransportHistoryPoint {
  readonly step: 'sweep' | 'newton' | 'iteration';
  readonly marginalError: number;
  readonly dual: number;
}

/** What a solver found. `converged` says the truth; everything else holds in either case for the potentials returned. */
export interface OptimalTransportSolution {
  /** Row potentials, centred so that sum a_i f_i = 0; for rows without mass min_j (C_ij - g_j). */
  readonly f: Float64Array;
  /** Column potentials. */
  readonly g: Float64Array;
  /** P_ij = exp(eta (f_i + g_j - C_ij) - 1); absent in mode `potentials`. */
  readonly plan?: Matrix | CsrMatrix;
  /** <C, P>. */
  readonly cost: number;
  /** <C, P> + (1/eta) sum P log P, plus the marginal penalties when `tau` is given. */
  readonly regularizedCost: number;
  /** Value of the dual, a lower bound of the optimal regularised cost. */
  readonly dual: number;
  /** |a - P 1|_1 + |b - P^T 1|_1; with `tau` the L1 norm of the dual's gradient. */
  readonly marginalError: number;
  readonly iterations: { readonly sinkhorn: number; readonly newton: number; readonly cg: number };
  /** Share of the plan's entries that each Newton step kept. */
  readonly density: readonly number[];
  readonly converged: boolean;
  /** Why it stopped: `converged`, `time limit`, `iteration limit`, or what else it is that a solver ran into. */
  readonly reason: string;
  readonly history: readonly TransportHistoryPoint[];
  readonly milliseconds: number;
}

/** The problem family: any package can bring a solver by naming this token in `solves`. */
export const optimalTransport = defineProblemFamily<OptimalTransportProblem, OptimalTransportSolution>({
  name: 'optimal-transport',
  summary: 'Entropic optimal transport between two discrete distributions.',
  formats: [
    {
      extensions: ['json'],
      summary:
        'cost: { matrix (rows of numbers, null forbids a pair) } or { x, y (lists of points), metric }; a, b, eta or epsilon, tau, scaleCost, initial, mode, planFormat',
      read: readProblem,
    },
    {
      extensions: ['csv'],
      summary: 'the cost matrix, one row a line, uniform weights; epsilon is 0.01 of its largest entry',
      read: readCostCsv,
    },
  ],
  solutionToJson,
});
