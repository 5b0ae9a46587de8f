import type { MipArrays } from './mixed-integer-program.js';

/** A row a'x <= upper over the program's columns; index n stands for the extra column. */
export interface ExtraRow {
  readonly indices: Int32Array;
  readonly values: Float64Array;
  readonly upper: number;
}

/** What a neighbourhood changes about the program for one solve. Everything is undone afterwards. */
export interface Restriction {
  /** n bounds each; absent: the program's own. */
  readonly lower?: Float64Array;
  readonly upper?: Float64Array;
  /** n costs in place of the program's, whose constant is dropped too. */
  readonly objective?: Float64Array;
  /** A continuous column z >= 0 with this cost, index n. */
  readonly extraColumnCost?: number;
  readonly row?: ExtraRow;
  /** Drops all integrality. */
  readonly relaxed?: boolean;
}

/** How far one solve may go. */
export interface SolveLimits {
  /** Milliseconds, > 0. */
  readonly timeMs: number;
  /** Branch-and-bound nodes; makes runs reproducible where time does not. */
  readonly nodes?: number;
  /** Stop at this many improving solutions. */
  readonly improvingSolutions?: number;
  /** Relative gap at which a solve counts as optimal. Default 1e-4. */
  readonly gap?: number;
  /** Share of effort for heuristics, in [0, 1]. Default the engine's. */
  readonly heuristicEffort?: number;
  readonly seed?: number;
  /** A solution to start from: n values, NaN for those that the engine shall find. */
  readonly start?: Float64Array;
  /** Called now and then during the solve; true stops it. */
  readonly shouldStop?: () => boolean;
  /** Called with each better solution of this solve: n values, the extra column left out. What it throws ends the solve. */
  readonly onIncumbent?: (x: Float64Array) => void;
}

/** What a solve ended with. */
export interface SolveResult {
  readonly status: 'optimal' | 'infeasible' | 'unbounded' | 'infeasible or unbounded' | 'limit' | 'failed';
  /** The best feasible point, when there is one. n values, the extra column left out. */
  readonly x?: Float64Array;
  /** Objective of the solve (the restriction's, when it has one). */
  readonly objective?: number;
  /** Proven bound of the solve's objective. */
  readonly bound?: number;
  /** What went wrong, with the status `failed`. */
  readonly message?: string;
}

/** A program inside an engine. */
export interface MipModel {
  /**
   * Solves with a restriction, then undoes it. What the solver ran into is the status `failed`, and the next solve works again.
   * @throws what `shouldStop` or `onIncumbent` threw
   */
  solve(restriction: Restriction, limits: SolveLimits): Promise<SolveResult>;
  dispose(): void;
}

/** A solver of mixed-integer programs that can be replaced by another. */
export interface MipEngine {
  readonly name: string;
  /** Takes a checked program, to be minimised. */
  load(mip: MipArrays & { readonly sense: 'minimize' }): Promise<MipModel>;
}
