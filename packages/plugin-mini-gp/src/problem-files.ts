import { InvalidProblemError, type Json } from '@espalier/core';
import { z } from 'zod';
import type { BlackBoxProblem, BlackBoxSolution } from './black-box-optimization.js';
import { candidatesFrom } from './candidate-set.js';
import type { KernelSpec } from './kernel.js';
import { tableFromCsv } from './table-csv.js';
import { tabulatedProblem } from './tabulated-problem.js';

const tableSchema = z.strictObject({
  candidates: z.array(z.array(z.number()).min(1)).min(1),
  values: z.array(z.number()),
  noiseVariance: z.number().positive(),
  seed: z.int().default(0),
  budget: z.int().min(1),
  goal: z.enum(['max', 'min']).optional(),
  /** Checked with the candidates, when the problem is solved. */
  kernel: z.unknown().optional(),
  priorMean: z.number().optional(),
});

/** A table of points and values, as JSON. @throws InvalidProblemError that names the field */
export function readTableJson(bytes: Uint8Array): BlackBoxProblem {
  let given: unknown;
  try {
    given = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new InvalidProblemError('The file is no JSON.', { cause });
  }
  const parsed = tableSchema.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InvalidProblemError(`The table's ${issue.path.join('.') || 'file'}: ${issue.message}.`);
  }
  const { candidates, values, kernel, goal, priorMean, ...rest } = parsed.data;
  return tabulatedProblem(candidatesFrom(candidates), Float64Array.from(values), {
    ...rest,
    ...(goal && { goal }),
    ...(priorMean !== undefined && { priorMean }),
    ...(kernel !== undefined && { kernel: kernel as KernelSpec }),
  });
}

/** A regression table as a bandit. @throws InvalidProblemError that names the line */
export function readTableCsv(bytes: Uint8Array): BlackBoxProblem {
  const { candidates, values } = tableFromCsv(new TextDecoder().decode(bytes), 'last');
  return tabulatedProblem(candidates, values, { noiseVariance: 0.01, budget: 1_000 });
}

/** The solution, typed arrays as lists. */
export function solutionToJson({ posterior, observations, history, ...rest }: BlackBoxSolution): Json {
  return {
    ...rest,
    best: { ...rest.best },
    observations: observations.map((observation) => ({ ...observation })),
    posterior: { mean: [...posterior.mean], variance: [...posterior.variance] },
    history: history.map((step) => ({ ...step })),
  };
}
