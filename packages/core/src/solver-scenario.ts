import type { AnyAlgorithm } from './any-algorithm.js';
import { isSolverOf } from './any-algorithm.js';
import { InvalidProblemError } from './errors.js';
import type { ProblemFamily } from './family.js';
import type { Progress } from './run.js';
import { defineScenario, type Instance, type Scenario, type TrialOutcome } from './scenario.js';

/** What `load` of a solver's scenario gives: the problem, and what only the scenario knows (hidden entries, the best known value). */
export interface SolverTask<Problem> {
  readonly problem: Problem;
}

/** A loaded task with the instance that it came from. */
export type LoadedTask<Task> = Task & { readonly instance: Instance };

/** What the owner of a problem family writes for {@link defineSolverScenario}. */
export interface SolverScenarioSpec<Problem, Solution, Task extends SolverTask<Problem>>
  extends Pick<Scenario<Task>, 'name' | 'summary' | 'score' | 'data' | 'instances' | 'load' | 'options'> {
  readonly family: ProblemFamily<Problem, Solution>;
  /** Leaves out solvers of the family whose answer this score does not judge. Default: all take part. */
  takes?(algorithm: AnyAlgorithm): boolean;
  /** Scores a finished run. @throws when the solution is not feasible: the trial then counts as failed */
  evaluate(task: LoadedTask<NoInfer<Task>>, solution: NoInfer<Solution>): TrialOutcome;
  /**
   * The score at a progress report, where the report holds it; on the scale of the final score. Default: `progress.value`. A run in which
   * no report holds one gets a single point, at its end.
   */
  curve?(progress: Progress, task: LoadedTask<NoInfer<Task>>): number | undefined;
}

/** A scenario for every solver of one problem family. */
export function defineSolverScenario<Problem, Solution, Task extends SolverTask<Problem>>(
  spec: SolverScenarioSpec<Problem, Solution, Task>,
): Scenario<LoadedTask<Task>> {
  const {
    family,
    evaluate,
    curve = (progress: Progress) => progress.value,
    takes = () => true,
    load,
    ...common
  } = spec;
  return defineScenario<LoadedTask<Task>>({
    ...common,
    kind: 'solver',
    takes: (algorithm) => isSolverOf(family, algorithm) && takes(algorithm),
    load: async (instance, context) => ({ ...(await load(instance, context)), instance }),
    accepts: (algorithm, { problem }, options) =>
      isSolverOf(family, algorithm)
        ? (algorithm.accepts?.(problem, options) ?? true)
        : `${algorithm.name} does not solve ${family.name}.`,
    async run(algorithm, options, task, trial) {
      if (!isSolverOf(family, algorithm)) {
        throw new InvalidProblemError(`${algorithm.name} does not solve ${family.name}.`);
      }
      let [points, iteration] = [0, 0];
      const solution = await algorithm.create(options, trial.services).solve(task.problem, {
        ...trial.run,
        onProgress(progress) {
          const score = curve(progress, task);
          iteration = progress.iteration;
          if (score === undefined) return;
          trial.point(score, iteration);
          points++;
        },
      });
      const outcome = await trial.untimed(() => evaluate(task, solution));
      if (points === 0) trial.point(outcome.score, iteration);
      return outcome;
    },
  });
}
