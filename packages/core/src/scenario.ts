import type { Kind } from './algorithm.js';
import type { AnyAlgorithm } from './any-algorithm.js';
import type { DataFiles, DataSet } from './data-files.js';
import type { Json, JsonObject } from './json.js';
import { mark } from './mark.js';
import type { RunOptions } from './run.js';
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
  /**
   * Options for `algorithm` on `instance`; default: its first example, else its defaults. Several option sets are so many trials, told
   * apart in the report by the options in which they differ.
   */
  options?(algorithm: AnyAlgorithm, instance: Instance): JsonObject | readonly JsonObject[];
  load(instance: Instance, context: ScenarioContext): Promise<Task>;
  /** True, or the reason why `algorithm` cannot take this task, with these options where they are given. */
  accepts(algorithm: AnyAlgorithm, task: Task, options?: JsonObject): true | string;
  run(algorithm: AnyAlgorithm, options: JsonObject, task: Task, trial: Trial): Promise<TrialOutcome>;
}

/** The option sets that `algorithm` runs with on `instance`: those of the scenario, else its first example, else its defaults. */
export function optionSets<Task>(
  scenario: Pick<Scenario<Task>, 'options'>,
  algorithm: AnyAlgorithm,
  instance: Instance,
): readonly JsonObject[] {
  const example = Object.values(algorithm.examples ?? {})[0] as JsonObject | undefined;
  const chosen = scenario.options?.(algorithm, instance) ?? example ?? {};
  return Array.isArray(chosen) ? chosen : [chosen as JsonObject];
}

/** Marks a scenario. */
export function defineScenario<Task>(scenario: Scenario<Task>): Scenario<Task> {
  return mark('scenario', { ...scenario });
}
