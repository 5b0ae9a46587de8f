import { defineProblemFamily } from '@espalier/core';
import type { CsrMatrix, Matrix } from '@espalier/linalg';
import type { Lattice } from './lattice.js';
import { readLibsvmProblem } from './libsvm.js';
import { readProblem, solutionToJson } from './problem-files.js';

/** 0.5 ||A x - y||^2. */
export interface LeastSquaresObjective {
  readonly kind: 'least-squares';
  /** rows x n, dense or sparse. */
  readonly A: Matrix | CsrMatrix;
  /** One number for each row. */
  readonly y: Float64Array;
}

/** sum_i log(1 + exp(-y_i a_i'x)). */
export interface LogisticObjective {
  readonly kind: 'logistic';
  readonly A: Matrix | CsrMatrix;
  /** -1 or 1 for each row. */
  readonly y: Float64Array;
}

/** sum_i log(sum_c exp(a_i'x_c)) - a_i'x_(label i); x is features x classes, row-major: feature * classes + class. */
export interface SoftmaxObjective {
  readonly kind: 'softmax';
  readonly A: Matrix | CsrMatrix;
  /** Class 0..classes-1 of each row. */
  readonly labels: Int32Array;
  /** At least 2. */
  readonly classes: number;
}

/** 0.5 x'A x - b'x with A symmetric positive definite. Its sparsity is the graph that forests and colourings are made on. */
export interface QuadraticObjective {
  readonly kind: 'quadratic';
  readonly A: Matrix | CsrMatrix;
  readonly b: Float64Array;
  /** Where the variables are nodes of a lattice: red-black and tree partitions then follow it. */
  readonly lattice?: Lattice;
}

/**
 * An objective of the user's own. `gradient` returns all n entries; blocks are arrays of ascending indices. What is optional
 * unlocks rules: `hessianBound` the matrix update and the rules that score by it, `blockHessian` Newton steps.
 */
export interface CustomObjective {
  readonly kind: 'custom';
  /** Number of variables. */
  readonly n: number;
  value(x: Float64Array): number;
  gradient(x: Float64Array): Float64Array;
  /** L_i > 0: the gradient's entry i changes by at most L_i |t| when x_i changes by t. */
  readonly lipschitz: Float64Array;
  /** The gradient's entries of `block`: rules that do not look at all of it then cost no more than the block. */
  blockGradient?(x: Float64Array, block: Int32Array): Float64Array;
  /** L_b > 0: the block's gradient changes by at most L_b ||d|| when the block moves by d. Default: from `hessianBound`, else sum of L_i. */
  blockLipschitz?(block: Int32Array): number;
  /** The Hessian's rows and columns of `block` at x. */
  blockHessian?(x: Float64Array, block: Int32Array): Matrix;
  /** A constant matrix that bounds that block of the Hessian from above, for every x. */
  hessianBound?(block: Int32Array): Matrix;
}

export type Objective =
  | LeastSquaresObjective
  | LogisticObjective
  | SoftmaxObjective
  | QuadraticObjective
  | CustomObjective;

/** What is added to the smooth objective, or what x is kept in. */
export type Regularizer =
  | { readonly kind: 'none' }
  /** weight * sum |x_i|, weight >= 0. */
  | { readonly kind: 'l1'; readonly weight: number }
  /** x >= 0, plus weight * sum x_i (default 0). */
  | { readonly kind: 'non-negative'; readonly weight?: number }
  /** lower <= x <= upper: numbers for all variables or one for each; infinite bounds are allowed. */
  | {
      readonly kind: 'box';
      readonly lower: number | Float64Array;
      readonly upper: number | Float64Array;
    }
  /** x >= 0 and sum x_i = total (default 1). */
  | { readonly kind: 'simplex'; readonly total?: number };

/** Minimise F(x) = objective(x) + (l2/2) ||x||^2 + regularizer(x). */
export interface CompositeProblem {
  readonly objective: Objective;
  /** Default none. */
  readonly regularizer?: Regularizer;
  /** >= 0, default 0. */
  readonly l2?: number;
  /** Where to start; default 0, brought into the feasible set. */
  readonly x0?: Float64Array;
  /** The minimum of F, where it is known: a run then stops at F - minimum <= tolerance max(1, |minimum|). */
  readonly minimum?: number;
}

/** A point of the history, after an iteration. */
export interface DescentPoint {
  readonly iteration: number;
  /** F. */
  readonly value: number;
  /** Euclidean length of the step. */
  readonly step: number;
  readonly blockSize: number;
  /** Variables away from the kinks and bounds of the regularizer. */
  readonly supportSize: number;
}

/** What a solver found. `converged` says the truth; everything else holds in either case for the x returned. */
export interface CompositeSolution {
  readonly x: Float64Array;
  /** F(x). */
  readonly value: number;
  /** Largest entry of the shortest subgradient of F at x; on a simplex max g_i over x_i > 0 minus min g_i. 0 at a minimum. */
  readonly optimality: number;
  readonly converged: boolean;
  /** Why it stopped: `converged`, `time limit`, `iteration limit`, or what else it ran into. */
  readonly reason: string;
  readonly iterations: number;
  /** Variables away from the kinks and bounds of the regularizer, ascending; all where there is none. */
  readonly support: Int32Array;
  /** The first iteration from which on the support stayed what it is at the end (active-set identification). */
  readonly identifiedAt: number;
  readonly history: readonly DescentPoint[];
  readonly milliseconds: number;
}

/** The problem family: any package can bring a solver by naming this token in `solves`. */
export const compositeMinimization = defineProblemFamily<CompositeProblem, CompositeSolution>({
  name: 'composite-minimization',
  summary: 'A smooth function of many variables plus a separable or simplex term, to be minimised.',
  formats: [
    {
      extensions: ['json'],
      summary:
        'objective: { kind, A (rows of numbers, or { rows, columns, entries: [[row, column, value]] }), y, labels, classes or b }; regularizer, l2, x0, minimum',
      read: readProblem,
    },
    {
      extensions: ['svm', 'libsvm', 'svmlight'],
      summary:
        'LIBSVM lines `label index:value ...`: two labels are logistic regression, more integer labels softmax, else least squares; L1 weight 0.1 of the smallest that gives x = 0',
      read: readLibsvmProblem,
    },
  ],
  solutionToJson,
});
