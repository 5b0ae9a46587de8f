import type { Kind } from './algorithm.js';
import type { AnyAlgorithm } from './any-algorithm.js';
import { isSolverOf } from './any-algorithm.js';
import type { DataFiles, DataSet } from './data-files.js';
import { InvalidProblemError } from './errors.js';
import type { ProblemFamily } from './family.js';
import type { Json, JsonObject } from './json.js';
import { mark } from './mark.js';
import type { Progress, RunOptions } from './run.js';
import type { Services } from './services.js';

/** One task of a scenario, as JSON: with the scenario it is enough to load the task in another process. */
export interface Instance {
  /** Unique within the scenario. */
  readonly name: string;
  readonly source: 'real' | 'generated';
  /** What `load` makes the task from: generator parameters, or the path of a data file. */
  readonly parameters: JsonObject;
  /** Best known value of the score. */
  readonly bestKnown?: number;
  /** Milliseconds that an algorithm gets. */
  readonly timeLimitMs: number;
}

/** How results are compared. */
export interface ScoreAxis {
  readonly name: string;
  readonly direction: 'minimize' | 'maximize';
  readonly unit?: string;
  /** Default linear. */
  readonly scale?: 'linear' | 'log';
}

/** What a scenario knows when it lists or loads instances. */
export interface ScenarioContext {
  readonly suite: 'quick' | 'full';
  readonly data: DataFiles;
  /** For what is expensive to make and may be deleted at any time (a model trained for the occasion); undefined: nowhere. */
  readonly cacheFolder?: string | undefined;
}

/** What the trial runner gives to one trial. */
export interface Trial {
  readonly run: RunOptions;
  readonly services: Partial<Services>;
  /** Adds a point to the curve of score against time; `score` is on the scale of the final score. */
  point(score: number, iteration: number): void;
  /** Runs work that must not count as the algorithm's time, such as scoring. */
  untimed<T>(work: () => T): T;
}

/** The result of one trial. */
export interface TrialOutcome {
  /** Final score on the scenario's axis. */
  readonly score: number;
  /** Further figures by name, units in the names (`iterations`, `marginalError`, `bytes`). */
  readonly metrics: Readonly<Record<string, number>>;
  /** Why the algorithm stopped: `converged`, `time limit`, ... */
  readonly stopped: string;
  /** The solution, where it is small enough to keep. */
  readonly solution?: Json;
}

/** A task for one kind of algorithm, with a score. `Task` is what `load` makes of an instance. */
export interface Scenario<Task> {
  readonly name: string;
  readonly summary: string;
  readonly kind: Kind;
  readonly score: ScoreAxis;
  /** Data sets that it uses where they are present. */
  readonly data?: readonly DataSet[];
  instances(context: ScenarioContext): Promise<readonly Instance[]>;
  /** Which installed algorithms take part, whoever wrote them. */
  takes(algorithm: AnyAlgorithm): boolean;
  /** Options for `algorithm` on `instance`; default: its first example, else its defaults. */
  options?(algorithm: AnyAlgorithm, instance: Instance): JsonObject;
  load(instance: Instance, context: ScenarioContext): Promise<Task>;
  /** True, or the reason why `algorithm` cannot take this task. */
  accepts(algorithm: AnyAlgorithm, task: Task): true | string;
  run(algorithm: AnyAlgorithm, options: JsonObject, task: Task, trial: Trial): Promise<TrialOutcome>;
}

/** Marks a scenario. */
export function defineScenario<Task>(scenario: Scenario<Task>): Scenario<Task> {
  return mark('scenario', { ...scenario });
}

/** What the owner of a problem family writes for {@link defineSolverScenario}. */
export interface SolverScenarioSpec<Problem, Solution>
  extends Pick<Scenario<Problem>, 'name' | 'summary' | 'score' | 'data' | 'instances' | 'load' | 'options'> {
  readonly family: ProblemFamily<Problem, Solution>;
  /** Leaves out solvers of the family whose answer this score does not judge. Default: all take part. */
  takes?(algorithm: AnyAlgorithm): boolean;
  /** Scores a finished run. @throws when the solution is not feasible: the trial then counts as failed */
  evaluate(problem: Problem, solution: Solution, instance: Instance): TrialOutcome;
  /** The score at a progress report, where the report holds it; on the scale of the final score. Default: `progress.value`. */
  curve?(progress: Progress, instance: Instance): number | undefined;
}

/** A problem with the instance it came from. */
export interface Task<Problem> {
  readonly problem: Problem;
  readonly instance: Instance;
}

/** A scenario for every solver of one problem family. */
export function defineSolverScenario<Problem, Solution>(
  spec: SolverScenarioSpec<Problem, Solution>,
): Scenario<Task<Problem>> {
  const {
    family,
    evaluate,
    curve = (progress: Progress) => progress.value,
    takes = () => true,
    load,
    ...common
  } = spec;
  return defineScenario<Task<Problem>>({
    ...common,
    kind: 'solver',
    takes: (algorithm) => isSolverOf(family, algorithm) && takes(algorithm),
    load: async (instance, context) => ({ problem: await load(instance, context), instance }),
    accepts: (algorithm, { problem }) =>
      isSolverOf(family, algorithm)
        ? (algorithm.accepts?.(problem) ?? true)
        : `${algorithm.name} does not solve ${family.name}.`,
    async run(algorithm, options, task, trial) {
      if (!isSolverOf(family, algorithm)) {
        throw new InvalidProblemError(`${algorithm.name} does not solve ${family.name}.`);
      }
      const solution = await algorithm.create(options, trial.services).solve(task.problem, {
        ...trial.run,
        onProgress(progress) {
          const score = curve(progress, task.instance);
          if (score !== undefined) trial.point(score, progress.iteration);
        },
      });
      return trial.untimed(() => evaluate(task.problem, solution, task.instance));
    },
  });
}
