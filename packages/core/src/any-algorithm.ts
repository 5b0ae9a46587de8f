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

/** Whether `algorithm` solves problems of `family`. Families are equal when their names are: copies of a package agree. */
export function isSolverOf<Problem, Solution>(
  family: ProblemFamily<Problem, Solution>,
  algorithm: AnyAlgorithm,
): algorithm is SolverAlgorithm<string, OptionsSchema, Problem, Solution> {
  return algorithm.kind === 'solver' && algorithm.solves.name === family.name;
}
