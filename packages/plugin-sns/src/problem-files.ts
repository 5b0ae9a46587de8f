import { InvalidDataError, type Json, messageOf } from '@espalier/core';
import type { CsrMatrix, Matrix } from '@espalier/linalg';
import { z } from 'zod';
import { costMatrix, pointCost } from './cost-input.js';
import type { OptimalTransportProblem, OptimalTransportSolution } from './optimal-transport.js';

const list = z.array(z.number());
const points = z.array(list);

/** The JSON form of a problem: matrices as lists of rows. A misspelt name is refused, not ignored. */
const problemJson = z.strictObject({
  cost: z.union([
    /** JSON has no Infinity: null forbids a pair. */
    z.strictObject({ matrix: z.array(z.array(z.number().nullable())) }),
    z.strictObject({
      x: points,
      y: points,
      metric: z.enum(['sqeuclidean', 'euclidean', 'cityblock', 'chebyshev', 'cosine']).optional(),
    }),
  ]),
  scaleCost: z.union([z.enum(['none', 'max', 'mean', 'median']), z.number()]).optional(),
  a: list.optional(),
  b: list.optional(),
  eta: z.number().optional(),
  epsilon: z.number().optional(),
  tau: z.number().optional(),
  initial: z.strictObject({ f: list, g: list }).optional(),
  mode: z.enum(['plan', 'potentials']).optional(),
  planFormat: z.enum(['dense', 'sparse']).optional(),
});

/** A problem from JSON. @throws InvalidDataError that says where the file is wrong */
export function readProblem(bytes: Uint8Array): OptimalTransportProblem {
  const { cost, a, b, initial, ...rest } = parseProblem(new TextDecoder().decode(bytes));
  return {
    ...(withoutUndefined(rest) as Omit<OptimalTransportProblem, 'cost'>),
    cost:
      'matrix' in cost
        ? costMatrix(cost.matrix.map((row) => row.map((entry) => entry ?? Number.POSITIVE_INFINITY)))
        : pointCost(cost.x, cost.y, cost.metric),
    ...(a && { a: Float64Array.from(a) }),
    ...(b && { b: Float64Array.from(b) }),
    ...(initial && { initial: { f: Float64Array.from(initial.f), g: Float64Array.from(initial.g) } }),
  };
}

function parseProblem(text: string): z.output<typeof problemJson> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InvalidDataError(`The problem is no JSON: ${messageOf(cause)}.`, { cause });
  }
  const parsed = problemJson.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new InvalidDataError(`The problem is not as it should be: ${z.prettifyError(parsed.error)}.`);
}

function withoutUndefined(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

/** The regularisation of a problem that is nothing but a matrix, as a share of the largest cost. */
const CSV_EPSILON = 0.01;

/** A cost matrix from lines of numbers separated by commas, semicolons or tabs; `Infinity` forbids a pair. */
export function readCostCsv(bytes: Uint8Array): OptimalTransportProblem {
  const cell = (text: string) => (text.trim() === '' ? Number.NaN : Number(text));
  const lines = new TextDecoder().decode(bytes).trim().split(/\r?\n/);
  const cost = costMatrix(lines.map((line) => line.split(/[,;\t]/).map(cell)));
  const bad = cost.matrix.findIndex(Number.isNaN);
  if (bad >= 0) {
    const [line, column] = [Math.floor(bad / cost.columns) + 1, (bad % cost.columns) + 1];
    throw new InvalidDataError(`Line ${line}, column ${column} is no number.`);
  }
  const largest = cost.matrix.reduce(
    (most, c) => (Number.isFinite(c) ? Math.max(most, Math.abs(c)) : most),
    0,
  );
  return { cost, epsilon: CSV_EPSILON * (largest || 1) };
}

/** The solution with matrices as lists of rows, a sparse plan as [row, column, mass] entries, the history thinned. */
export function solutionToJson(solution: OptimalTransportSolution): Json {
  const { f, g, plan, history, density, iterations, ...scalars } = solution;
  return {
    ...scalars,
    iterations: { ...iterations },
    density: [...density],
    f: [...f],
    g: [...g],
    ...(plan && { plan: planToJson(plan) }),
    history: thinned(history),
  };
}

/** Points of the history that are written: a curve needs no more, and scaling can take tens of thousands of sweeps. */
const HISTORY_POINTS = 100;

/** The history with iteration numbers from 1; of a long one every k-th point and the last. */
function thinned(history: OptimalTransportSolution['history']): Json {
  const every = Math.ceil(history.length / HISTORY_POINTS);
  return history.flatMap((point, k) =>
    (k + 1) % every === 0 || k === history.length - 1 ? [{ iteration: k + 1, ...point }] : [],
  );
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
