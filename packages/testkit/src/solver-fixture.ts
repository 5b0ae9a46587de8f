import type { RandomSource, RunOptions } from '@espalier/core';

/** How a changed problem changes its solution: a metamorphic relation. */
export interface SolverRelation<Problem, Solution> {
  /** Such as `permuting the rows permutes the plan`. */
  readonly name: string;
  /** The changed problem, and the check that throws when the two solutions do not fit together. */
  transform(
    problem: Problem,
    random: RandomSource,
  ): { readonly problem: Problem; check(original: Solution, transformed: Solution): void };
}

/** What the author of a family or of a solver supplies. */
export interface SolverFixture<Problem, Solution> {
  /** Small problems, solved in well under a second. */
  problems(random: RandomSource): readonly Problem[];
  /** Problems that must be refused before work starts, by what is wrong with them. */
  readonly invalid: Readonly<Record<string, Problem>>;
  /** Throws when `solution` is not one of `problem`: recomputed from the problem, not believed. */
  verify(problem: Problem, solution: Solution): void;
  readonly relations?: readonly SolverRelation<Problem, Solution>[];
  /** A problem that takes at least a few progress reports; default, and where it is not accepted: the last of `problems`. */
  readonly long?: Problem;
  /**
   * For anytime solvers: throws when what was returned at the time limit is not feasible. A solver that is checked so must
   * return at the limit; without it, it may also finish or throw an error of Espalier.
   */
  feasible?(problem: Problem, solution: Solution): void;
  /** The parts of a solution that must repeat bit for bit: leave out times. Default all of it. */
  comparable?(solution: Solution): unknown;
  /** Options for the runs. */
  readonly run?: RunOptions;
}
