import type { GoldenRunner, JsonObject } from '@espalier/core';
import { statedTolerance } from './golden-tolerance.js';
import type { MatrixCompletionProblem } from './matrix-completion.js';
import { toDense } from './predict.js';
import { robustAltmin } from './robust-altmin.js';

interface TracePoint {
  readonly observedRelativeResidual?: number;
  readonly afterFirstHalf?: number;
  readonly fullRelativeError?: number;
  readonly product?: number[][] | null;
}

interface TraceCase {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly ridge: number;
  readonly rows: number[];
  readonly cols: number[];
  readonly values: number[];
  readonly weights: number[] | null;
  readonly initialU: number[][];
  readonly truth?: number[][] | null;
  readonly exact?: TracePoint[];
  /** Named by the number of steps: cgShared2. */
  readonly [name: `cgShared${number}`]: TracePoint[] | undefined;
}

/** Iterations of the alternation from a given start: residuals after each half, errors, products. */
export const altminTrace: GoldenRunner = {
  async run(file) {
    const cases: JsonObject[] = [];
    for (const given of file.cases as unknown as TraceCase[]) cases.push(await caseOf(given));
    return { cases };
  },
  tolerance(path, file) {
    if (!path.includes('product')) return { absolute: 0, relative: statedTolerance(file, 'residual', 1e-8) };
    const [, at] = path as [string, number];
    const scale = Math.max(...(file.cases as unknown as TraceCase[])[at].values.map(Math.abs));
    return { absolute: statedTolerance(file, 'product', 1e-7) * scale, relative: 0 };
  },
};

async function caseOf(given: TraceCase): Promise<JsonObject> {
  const problem: MatrixCompletionProblem = {
    rows: given.m,
    columns: given.n,
    rank: given.k,
    observed: {
      rowIndices: Int32Array.from(given.rows),
      columnIndices: Int32Array.from(given.cols),
      values: Float64Array.from(given.values),
    },
    ...(given.weights && { weights: Float64Array.from(given.weights) }),
    initial: { u: Float64Array.from(given.initialU.flat()) },
  };
  const result: Record<string, JsonObject[]> = {};
  for (const [name, value] of Object.entries(given)) {
    const inner = /^cgShared(\d+)$/.exec(name)?.[1];
    if (name !== 'exact' && inner === undefined) continue;
    const options = inner === undefined ? { solver: 'exact-cholesky' as const } : { inner: Number(inner) };
    result[name] = await traceOf(
      problem,
      { ...options, ridge: given.ridge },
      value as TracePoint[],
      given.truth ?? undefined,
    );
  }
  return result;
}

async function traceOf(
  problem: MatrixCompletionProblem,
  options: Parameters<typeof robustAltmin.create>[0],
  points: readonly TracePoint[],
  truth: number[][] | undefined,
): Promise<JsonObject[]> {
  const trace: JsonObject[] = [];
  for (const [t, point] of points.entries()) {
    const solution = await robustAltmin
      .create({ ...options, maxIterations: t + 1, tolerance: 0, residualTolerance: 0, restart: 'never' })
      .solve(problem);
    const { residual, firstHalf } = solution.history[t];
    const { data, cols } = toDense(solution);
    const product = Array.from({ length: problem.rows }, (_, i) => [
      ...data.subarray(i * cols, (i + 1) * cols),
    ]);
    trace.push({
      ...(point.observedRelativeResidual !== undefined && { observedRelativeResidual: residual }),
      ...(point.afterFirstHalf !== undefined && { afterFirstHalf: firstHalf }),
      ...(point.fullRelativeError !== undefined && truth && { fullRelativeError: errorOf(product, truth) }),
      ...(point.product && { product }),
    });
  }
  return trace;
}

function errorOf(product: readonly number[][], truth: readonly number[][]): number {
  const norm = (of: (i: number, j: number) => number) =>
    Math.sqrt(truth.reduce((sum, row, i) => row.reduce((part, _, j) => part + of(i, j) ** 2, sum), 0));
  return norm((i, j) => product[i][j] - truth[i][j]) / norm((i, j) => truth[i][j]);
}
