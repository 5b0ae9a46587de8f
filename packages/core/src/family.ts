import type { Json } from './json.js';
import { mark } from './mark.js';

/** A file format that problems of a family come in. */
export interface ProblemFormat<Problem> {
  /** File name endings without the dot, e.g. `['mps', 'mps.gz']`. */
  readonly extensions: readonly string[];
  readonly summary: string;
  /** @throws InvalidProblemError or InvalidDataError that says where the file is wrong */
  read(bytes: Uint8Array): Problem | Promise<Problem>;
}

/**
 * A problem family: the typed token that every solver of one sort of problem names in `solves`.
 * It belongs to the package that defines the problem; any package may solve it.
 */
export interface ProblemFamily<Problem, Solution> {
  readonly name: string;
  readonly summary: string;
  /** How `espalier solve` reads problems; the format of `json` files is always among them. */
  readonly formats: readonly ProblemFormat<Problem>[];
  /** The solution as JSON, for files and records. */
  solutionToJson(solution: Solution): Json;
}

/** Marks a problem family. */
export function defineProblemFamily<Problem, Solution>(
  family: ProblemFamily<Problem, Solution>,
): ProblemFamily<Problem, Solution> {
  return mark('family', { ...family });
}
