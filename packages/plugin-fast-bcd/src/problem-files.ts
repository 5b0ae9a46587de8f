import { InvalidDataError, type Json, messageOf } from '@espalier/core';
import { type CsrMatrix, csrFromTriplets, type Matrix, matrixFromRows } from '@espalier/linalg';
import { z } from 'zod';
import type {
  CompositeProblem,
  CompositeSolution,
  Objective,
  Regularizer,
} from './composite-minimization.js';

const list = z.array(z.number());
const matrix = z.union([
  z.array(list),
  z.strictObject({
    rows: z.int().min(1),
    columns: z.int().min(1),
    entries: z.array(z.tuple([z.int(), z.int(), z.number()])),
  }),
]);
/** null is an infinite bound. */
const bound = z.union([z.number(), z.null(), z.array(z.union([z.number(), z.null()]))]);

const problemJson = z.strictObject({
  objective: z.union([
    z.strictObject({ kind: z.literal('least-squares'), A: matrix, y: list }),
    z.strictObject({ kind: z.literal('logistic'), A: matrix, y: list }),
    z.strictObject({ kind: z.literal('softmax'), A: matrix, labels: z.array(z.int()), classes: z.int() }),
    z.strictObject({
      kind: z.literal('quadratic'),
      A: matrix,
      b: list,
      lattice: z
        .strictObject({ rows: z.int().min(1), columns: z.int().min(1), nodes: z.array(z.int()).optional() })
        .optional(),
    }),
  ]),
  regularizer: z
    .union([
      z.strictObject({ kind: z.literal('none') }),
      z.strictObject({ kind: z.literal('l1'), weight: z.number() }),
      z.strictObject({ kind: z.literal('non-negative'), weight: z.number().optional() }),
      z.strictObject({ kind: z.literal('box'), lower: bound, upper: bound }),
      z.strictObject({ kind: z.literal('simplex'), total: z.number().optional() }),
    ])
    .optional(),
  l2: z.number().optional(),
  x0: list.optional(),
  minimum: z.number().optional(),
});

type ProblemJson = z.output<typeof problemJson>;

/** A problem from JSON. @throws InvalidDataError that says where the file is wrong */
export function readProblem(bytes: Uint8Array): CompositeProblem {
  const { objective, regularizer, l2, x0, minimum } = parse(new TextDecoder().decode(bytes));
  return {
    objective: objectiveOf(objective),
    ...(regularizer && { regularizer: regularizerOf(regularizer) }),
    ...(l2 !== undefined && { l2 }),
    ...(x0 && { x0: Float64Array.from(x0) }),
    ...(minimum !== undefined && { minimum }),
  };
}

function parse(text: string): ProblemJson {
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

function objectiveOf(json: ProblemJson['objective']): Objective {
  const A = matrixOf(json.A);
  switch (json.kind) {
    case 'softmax':
      return { kind: 'softmax', A, labels: Int32Array.from(json.labels), classes: json.classes };
    case 'quadratic': {
      const { lattice } = json;
      return {
        kind: 'quadratic',
        A,
        b: Float64Array.from(json.b),
        ...(lattice && {
          lattice: {
            rows: lattice.rows,
            columns: lattice.columns,
            ...(lattice.nodes && { nodes: Int32Array.from(lattice.nodes) }),
          },
        }),
      };
    }
    default:
      return { kind: json.kind, A, y: Float64Array.from(json.y) };
  }
}

function matrixOf(json: z.output<typeof matrix>): Matrix | CsrMatrix {
  try {
    if (Array.isArray(json)) return matrixFromRows(json);
    const { rows, columns, entries } = json;
    return csrFromTriplets(
      rows,
      columns,
      entries.map(([row]) => row),
      entries.map(([, column]) => column),
      Float64Array.from(entries, ([, , value]) => value),
    );
  } catch (cause) {
    throw new InvalidDataError(`The matrix A is not as it should be: ${messageOf(cause)}`, { cause });
  }
}

function regularizerOf(json: NonNullable<ProblemJson['regularizer']>): Regularizer {
  switch (json.kind) {
    case 'box':
      return {
        kind: 'box',
        lower: boundOf(json.lower, Number.NEGATIVE_INFINITY),
        upper: boundOf(json.upper, Number.POSITIVE_INFINITY),
      };
    case 'non-negative':
      return { kind: 'non-negative', ...(json.weight !== undefined && { weight: json.weight }) };
    case 'simplex':
      return { kind: 'simplex', ...(json.total !== undefined && { total: json.total }) };
    default:
      return json;
  }
}

function boundOf(json: z.output<typeof bound>, infinite: number): number | Float64Array {
  return Array.isArray(json) ? Float64Array.from(json, (v) => v ?? infinite) : (json ?? infinite);
}

/** Points of the history that are written: a curve needs no more. */
const HISTORY_POINTS = 100;

/** The solution as JSON, the history thinned: every k-th point and the last. */
export function solutionToJson({ x, support, history, ...scalars }: CompositeSolution): Json {
  const every = Math.ceil(history.length / HISTORY_POINTS);
  return {
    ...scalars,
    x: [...x],
    support: [...support],
    history: history
      .filter((_, k) => (k + 1) % every === 0 || k === history.length - 1)
      .map((point) => ({ ...point })),
  };
}
