import type { AnyAlgorithm } from './any-algorithm.js';
import { isDynamicAlgorithmOf } from './any-algorithm.js';
import { InvalidProblemError, isEspalierError } from './errors.js';
import type { ProblemFamily } from './family.js';
import type { JsonObject } from './json.js';
import type { Environment } from './kinds/dynamic-algorithm.js';
import { type Clock, type RunState, startRun } from './run.js';
import { defineScenario, type Scenario, type Trial, type TrialOutcome } from './scenario.js';
import type { LoadedTask } from './solver-scenario.js';

/** What `load` of a dynamic scenario gives: where events come from, and what only the scenario knows. */
export interface DynamicTask<Event, Answer> {
  /**
   * The events in order, or a new environment whose next event may depend on the last answer. The first event carries the instance; the
   * time that it takes counts as setup.
   */
  readonly events: readonly Event[] | (() => Environment<Event, Answer>);
}

/** What an algorithm answered, and how long it took. */
export interface DynamicRun<Answer> {
  /** One an event, the first included. */
  readonly answers: readonly Answer[];
  /** For the first event. */
  readonly setupMs: number;
  /** For all further events, with what the environment took in between. */
  readonly eventsMs: number;
  readonly stopped: 'finished' | 'time limit';
  /** `statistics()` at the end, where the algorithm has them. */
  readonly statistics?: JsonObject;
}

/** What the owner of a family writes for {@link defineDynamicScenario}. */
export interface DynamicScenarioSpec<Event, Answer, Task extends DynamicTask<Event, Answer>>
  extends Pick<Scenario<Task>, 'name' | 'summary' | 'score' | 'data' | 'instances' | 'load' | 'options'> {
  readonly family: ProblemFamily<readonly Event[], readonly Answer[]>;
  /** Leaves out algorithms of the family whose answers this score does not judge. Default: all take part. */
  takes?(algorithm: AnyAlgorithm): boolean;
  /** Scores a run, the cut-off ones too. @throws when an answer is wrong: the trial then counts as failed */
  evaluate(task: LoadedTask<NoInfer<Task>>, run: DynamicRun<NoInfer<Answer>>): TrialOutcome;
  /** The score so far, on the scale of the final score, asked for now and then. Default: no curve. */
  curve?(
    so: Pick<DynamicRun<NoInfer<Answer>>, 'answers' | 'eventsMs'>,
    task: LoadedTask<NoInfer<Task>>,
  ): number | undefined;
}

/** A scenario for every dynamic algorithm of one family. */
export function defineDynamicScenario<Event, Answer, Task extends DynamicTask<Event, Answer>>(
  spec: DynamicScenarioSpec<Event, Answer, Task>,
): Scenario<LoadedTask<Task>> {
  const { family, evaluate, curve, takes = () => true, load, ...common } = spec;
  const refusal = (name: string) => `${name} does not answer the events of ${family.name}.`;
  return defineScenario<LoadedTask<Task>>({
    ...common,
    kind: 'dynamic-algorithm',
    takes: (algorithm) => isDynamicAlgorithmOf(family, algorithm) && takes(algorithm),
    load: async (instance, context) => ({ ...(await load(instance, context)), instance }),
    accepts(algorithm, { events }, options) {
      if (!isDynamicAlgorithmOf(family, algorithm)) return refusal(algorithm.name);
      const first = environmentOf(events).next();
      if (first === undefined) return true;
      if (algorithm.accepts) return algorithm.accepts(first, options);
      const probe = algorithm.create(options);
      try {
        probe.process(first);
        return true;
      } catch (error) {
        if (isEspalierError(error, 'unsupported')) return error.message;
        throw error;
      } finally {
        probe.dispose?.();
      }
    },
    async run(algorithm, options, task, trial) {
      if (!isDynamicAlgorithmOf(family, algorithm)) throw new InvalidProblemError(refusal(algorithm.name));
      const clock = trial.services.clock ?? performance;
      const dynamic = algorithm.create(options, trial.services);
      const state = startRun({ timeLimitMs: task.instance.timeLimitMs, ...trial.run }, clock);
      const environment = environmentOf(task.events);
      const answers: Answer[] = [];
      const report = (eventsMs: number) => {
        const score = curve?.({ answers, eventsMs }, task);
        if (score !== undefined) trial.point(score, answers.length - 1);
      };
      try {
        const times = feed((event) => dynamic.process(event), environment, answers, {
          clock,
          state,
          trial,
          report,
        });
        return trial.untimed(() => {
          const statistics = dynamic.statistics?.();
          return evaluate(task, { answers, ...times, ...(statistics && { statistics }) });
        });
      } finally {
        dynamic.dispose?.();
      }
    },
  });
}

/** Looking at the clock costs about as much as a fast event: it is looked at less and less often, at most every so many events. */
const LOOK_EVERY = 64;
/** Two looks are not further apart, once events turn out to be slow. */
const LOOK_EVERY_MS = 1;
/** A point of the curve at every so many events, further apart as the stream goes on. */
const FIRST_POINT = 64;

interface Feeding {
  readonly clock: Clock;
  readonly state: RunState;
  readonly trial: Trial;
  report(eventsMs: number): void;
}

function feed<Event, Answer>(
  process: (event: Event) => Answer,
  environment: Environment<Event, Answer>,
  answers: Answer[],
  { clock, state, trial, report }: Feeding,
): Pick<DynamicRun<Answer>, 'setupMs' | 'eventsMs' | 'stopped'> {
  const first = environment.next();
  if (first === undefined) return { setupMs: 0, eventsMs: 0, stopped: 'finished' };
  const start = clock.now();
  answers.push(process(first));
  let looked = clock.now();
  const setupMs = looked - start;
  let [eventsMs, lookAfter, sinceLook, pointAt] = [0, 1, 0, FIRST_POINT];
  for (let event = environment.next(answers[0]); event !== undefined; ) {
    const answer = process(event);
    answers.push(answer);
    if (++sinceLook >= lookAfter) {
      const now = clock.now();
      eventsMs += now - looked;
      lookAfter = now - looked < LOOK_EVERY_MS ? Math.min(2 * lookAfter, LOOK_EVERY) : 1;
      state.throwIfAborted();
      if (state.expired()) return { setupMs, eventsMs, stopped: 'time limit' };
      if (answers.length > pointAt) {
        pointAt = Math.ceil(1.1 * answers.length);
        trial.untimed(() => report(eventsMs));
      }
      sinceLook = 0;
      looked = clock.now();
    }
    event = environment.next(answer);
  }
  eventsMs += clock.now() - looked;
  return { setupMs, eventsMs, stopped: 'finished' };
}

function environmentOf<Event, Answer>(
  events: DynamicTask<Event, Answer>['events'],
): Environment<Event, Answer> {
  if (typeof events === 'function') return events();
  let at = 0;
  return { next: () => events[at++] };
}
