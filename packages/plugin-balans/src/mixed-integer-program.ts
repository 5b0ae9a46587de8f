import { defineProblemFamily, type Json } from '@espalier/core';
import { programFormats, solutionToJson } from './program-formats.js';
import type { Outcome } from './selectors/selector.js';

/** The constraint matrix by rows: row i has the non-zeros starts[i] .. starts[i + 1] - 1, no column twice. */
export interface CompressedRows {
  /** One entry more than there are rows. */
  readonly starts: Int32Array;
  /** Columns. */
  readonly indices: Int32Array;
  /** Finite. */
  readonly values: Float64Array;
}

/**
 * Minimise or maximise c'x + offset with rowLower <= A x <= rowUpper, lower <= x <= upper, x_j integer where `integer[j]` is 1.
 * Bounds may be infinite, coefficients may not.
 */
export interface MipArrays {
  readonly sense: 'minimize' | 'maximize';
  /** One coefficient a variable. */
  readonly c: Float64Array;
  /** Default 0. */
  readonly offset?: number;
  /** A; see `rowsFromColumns` for a matrix by columns. */
  readonly rows: CompressedRows;
  readonly rowLower: Float64Array;
  readonly rowUpper: Float64Array;
  readonly lower: Float64Array;
  readonly upper: Float64Array;
  /** 1 where the variable is integer, else 0. */
  readonly integer: Uint8Array;
  /** Names of the variables, for solutions as JSON. */
  readonly names?: readonly string[];
}

/** A program as arrays, as the text of an MPS file (fixed or free), or as CPLEX-LP text. */
export type MipSource =
  | { readonly arrays: MipArrays }
  | { readonly mps: string | Uint8Array }
  | { readonly lp: string | Uint8Array };

/** A mixed-integer linear program, and where to start. */
export interface MixedIntegerProgram {
  readonly source: MipSource;
  /** A value for every variable; NaN for those without one. A start that is not feasible is repaired. */
  readonly start?: Float64Array;
}

/** `optimal`: proved within the gap asked for. `no solution`: none was found in time, though there may be one. */
export type MipStatus =
  | 'optimal'
  | 'feasible'
  | 'no solution'
  | 'infeasible'
  | 'unbounded'
  | 'infeasible or unbounded';

/** One iteration of a search; iteration 0 is the initial solution. Objectives are in the sense of the program. */
export interface MipHistoryPoint {
  readonly iteration: number;
  readonly timeMs: number;
  readonly operator: string;
  readonly outcome: Outcome;
  readonly objectiveCurrent: number;
  readonly objectiveBest: number;
}

/** What a solver found. Objectives and bounds are in the sense of the program. */
export interface MipSolution {
  readonly status: MipStatus;
  readonly sense: MipArrays['sense'];
  /** Feasible within 1e-6; empty when there is no solution. */
  readonly x: Float64Array;
  /** c'x + offset; NaN when there is no solution. */
  readonly objective: number;
  /** No solution is better than this. */
  readonly bound?: number;
  readonly history: readonly MipHistoryPoint[];
  /** How often each operator's outcome was [best, better, accept, reject]. */
  readonly operatorStatistics: Readonly<Record<string, readonly [number, number, number, number]>>;
  /** Operators that could not work on this program, and why. */
  readonly leftOut: Readonly<Record<string, string>>;
  /** What the selector has learnt. */
  readonly selectorState: Json;
  /** Why it stopped: `optimal`, `time limit`, `iteration limit`, `no improvement`, `target reached`, ... */
  readonly reason: string;
  /** Names of the variables, where the program has them. */
  readonly names?: readonly string[];
  readonly milliseconds: number;
}

/** The problem family: any package can bring a solver by naming this token in `solves`. */
export const mixedIntegerProgram = defineProblemFamily<MixedIntegerProgram, MipSolution>({
  name: 'mixed-integer-program',
  summary: 'A linear objective under linear constraints, some variables integer.',
  formats: programFormats,
  solutionToJson,
});
