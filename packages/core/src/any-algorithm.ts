import type {
  DynamicAlgorithmDefinition,
  KVCompressorAlgorithm,
  OptimizerAlgorithm,
  PrunerAlgorithm,
  QuantizerAlgorithm,
  SolverAlgorithm,
} from './algorithm.js';
import type { ProblemFamily } from './family.js';
import type { OptionsSchema } from './options.js';

/** An algorithm of any kind, name, options and problem: `kind` tells which. */
export type AnyAlgorithm =
  | SolverAlgorithm<string, OptionsSchema, unknown, unknown>
  | DynamicAlgorithmDefinition<string, OptionsSchema, unknown, unknown>
  | PrunerAlgorithm<string, OptionsSchema>
  | QuantizerAlgorithm<string, OptionsSchema>
  | KVCompressorAlgorithm<string, OptionsSchema>
  | OptimizerAlgorithm<string, OptionsSchema>;

/*
 * Which algorithms can work on something: `kind` narrows pruners, quantizers, caches and optimizers by itself. Solvers and dynamic
 * algorithms have a family too.
 */

/** Whether `algorithm` solves problems of `family`. Families are equal when their names are: copies of a package agree. */
export function isSolverOf<Problem, Solution>(
  family: ProblemFamily<Problem, Solution>,
  algorithm: AnyAlgorithm,
): algorithm is SolverAlgorithm<string, OptionsSchema, Problem, Solution> {
  return algorithm.kind === 'solver' && algorithm.solves.name === family.name;
}

/** Whether `algorithm` answers the events of `family`: the twin of {@link isSolverOf}. */
export function isDynamicAlgorithmOf<Event, Answer>(
  family: ProblemFamily<readonly Event[], readonly Answer[]>,
  algorithm: AnyAlgorithm,
): algorithm is DynamicAlgorithmDefinition<string, OptionsSchema, Event, Answer> {
  return algorithm.kind === 'dynamic-algorithm' && algorithm.solves.name === family.name;
}
