import { defineProblemFamily, InvalidDataError, type Json, messageOf } from '@espalier/core';
import type { CsrMatrix, Matrix } from '@espalier/linalg';

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

/** One point of a solver's history. */
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
  /** Why it stopped: `converged`, `time limit`, `iteration limit`, `line search failed`, ... */
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
        'cost: { matrix (rows of numbers) } or { x, y (lists of points), metric }; a, b, eta or epsilon, tau',
      read: (bytes) => readProblem(new TextDecoder().decode(bytes)),
    },
    {
      extensions: ['csv'],
      summary: 'the cost matrix, one row a line, uniform weights; epsilon is 0.01 of its largest entry',
      read: (bytes) => readCostCsv(new TextDecoder().decode(bytes)),
    },
  ],
  solutionToJson,
});

/** The JSON form: matrices as lists of rows, potentials as lists. */
interface ProblemJson extends Omit<OptimalTransportProblem, 'cost' | 'a' | 'b' | 'initial'> {
  readonly cost: {
    readonly matrix?: number[][];
    readonly x?: number[][];
    readonly y?: number[][];
    readonly metric?: Metric;
  };
  readonly a?: number[];
  readonly b?: number[];
  readonly initial?: { readonly f: number[]; readonly g: number[] };
}

function readProblem(text: string): OptimalTransportProblem {
  let json: ProblemJson;
  try {
    json = JSON.parse(text) as ProblemJson;
  } catch (cause) {
    throw new InvalidDataError(`The problem is no JSON: ${messageOf(cause)}.`, { cause });
  }
  const { cost, a, b, initial, ...rest } = json;
  if (!cost?.matrix && !(cost?.x && cost.y)) {
    throw new InvalidDataError('cost needs a matrix (rows of numbers) or x and y (lists of points).');
  }
  return {
    ...rest,
    cost: cost.matrix ? costMatrix(cost.matrix) : pointCost(cost.x!, cost.y!, cost.metric),
    ...(a && { a: Float64Array.from(a) }),
    ...(b && { b: Float64Array.from(b) }),
    ...(initial && { initial: { f: Float64Array.from(initial.f), g: Float64Array.from(initial.g) } }),
  };
}

/** A cost matrix from rows of equal length. @throws InvalidDataError when they differ */
export function costMatrix(rows: readonly (readonly number[])[]): CostMatrix {
  const columns = rows[0]?.length ?? 0;
  const odd = rows.findIndex((row) => row.length !== columns);
  if (odd >= 0)
    throw new InvalidDataError(`Row ${odd} has ${rows[odd]!.length} entries; the first row has ${columns}.`);
  return { matrix: Float64Array.from(rows.flat()), rows: rows.length, columns };
}

/** Point clouds from lists of points of one dimension. @throws InvalidDataError when dimensions differ */
export function pointCost(
  x: readonly (readonly number[])[],
  y: readonly (readonly number[])[],
  metric: Metric = 'sqeuclidean',
): PointCost {
  const dimension = x[0]?.length ?? 0;
  if ([...x, ...y].some((point) => point.length !== dimension)) {
    throw new InvalidDataError(`All points must have the dimension of the first one, ${dimension}.`);
  }
  return { x: Float64Array.from(x.flat()), y: Float64Array.from(y.flat()), dimension, metric };
}

function readCostCsv(text: string): OptimalTransportProblem {
  const rows = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split(/[,;\t]/).map((cell) => (cell.trim() === '' ? Number.NaN : Number(cell))));
  const cost = costMatrix(rows);
  const largest = cost.matrix.reduce((a, b) => (Number.isFinite(b) ? Math.max(a, Math.abs(b)) : a), 0);
  return { cost, epsilon: 0.01 * (largest || 1) };
}

function solutionToJson(solution: OptimalTransportSolution): Json {
  const { f, g, plan, history: _history, density, iterations, ...scalars } = solution;
  return {
    ...scalars,
    iterations,
    density: [...density],
    f: [...f],
    g: [...g],
    ...(plan && { plan: planToJson(plan) }),
  };
}

function planToJson(plan: Matrix | CsrMatrix): Json {
  if ('data' in plan) {
    return Array.from({ length: plan.rows }, (_, i) => [
      ...plan.data.subarray(i * plan.cols, (i + 1) * plan.cols),
    ]);
  }
  const entries: [row: number, column: number, mass: number][] = [];
  for (let i = 0; i < plan.rows; i++) {
    for (let k = plan.rowPointers[i]!; k < plan.rowPointers[i + 1]!; k++) {
      entries.push([i, plan.columnIndices[k]!, plan.values[k]!]);
    }
  }
  return { rows: plan.rows, columns: plan.cols, entries };
}
