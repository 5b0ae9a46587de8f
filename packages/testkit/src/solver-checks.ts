import {
  createRandom,
  isEspalierError,
  type OptionsSchema,
  type Progress,
  type RandomSource,
  type RunOptions,
  type SolverAlgorithm,
} from '@espalier/core';
import { declarationChecks } from './algorithm-checks.js';
import { assert, type Check, thrownBy, withKnownFailures } from './check.js';
import { firstDifference } from './same.js';

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
  /** Throws when `solution` is not one of `problem`. */
  verify(problem: Problem, solution: Solution): void;
  readonly relations?: readonly SolverRelation<Problem, Solution>[];
  /** A problem that takes at least a few progress reports; default the last of `problems`. */
  readonly long?: Problem;
  /** The parts of a solution that must repeat bit for bit: leave out times. Default all of it. */
  comparable?(solution: Solution): unknown;
  /** Options for the runs; default the algorithm's own defaults. */
  readonly run?: RunOptions;
}

/**
 * The rules that every solver keeps. In a test file:
 * `for (const check of solverChecks(sinkhorn, fixture)) test(check.name, check.run);`
 */
export function* solverChecks<Problem, Solution>(
  algorithm: SolverAlgorithm<string, OptionsSchema, Problem, Solution>,
  fixture: SolverFixture<Problem, Solution>,
): Generator<Check> {
  yield* withKnownFailures(allChecks(algorithm, fixture), algorithm.knownFailures);
}

function* allChecks<Problem, Solution>(
  algorithm: SolverAlgorithm<string, OptionsSchema, Problem, Solution>,
  fixture: SolverFixture<Problem, Solution>,
): Generator<Check> {
  const { comparable = (solution: Solution): unknown => solution } = fixture;
  const problems = () => fixture.problems(createRandom(1));
  const long = () => fixture.long ?? problems().at(-1)!;
  const solve = (problem: Problem, run?: RunOptions, options?: Record<string, unknown>) =>
    algorithm.create(options ?? {}).solve(problem, { seed: 1, ...fixture.run, ...run });

  yield* declarationChecks(algorithm);
  for (const [name, options] of Object.entries(algorithm.examples ?? { default: {} })) {
    yield {
      name: `solves the problems with the example '${name}'`,
      async run() {
        for (const problem of problems()) {
          if ((algorithm.accepts?.(problem) ?? true) === true) {
            fixture.verify(problem, await solve(problem, {}, options as Record<string, unknown>));
          }
        }
      },
    };
  }
  yield {
    name: 'leaves the problem unchanged',
    async run() {
      for (const problem of problems()) {
        const before = structuredCloneOrSelf(problem);
        await solve(problem);
        const difference = firstDifference(before, problem);
        assert(difference === undefined, `The problem was changed: ${difference}.`);
      }
    },
  };
  for (const [name, problem] of Object.entries(fixture.invalid)) {
    yield {
      name: `refuses ${name}`,
      async run() {
        let reports = 0;
        const error = await thrownBy(
          () => solve(problem, { onProgress: () => reports++ }),
          `A problem with ${name}`,
        );
        assert(
          isEspalierError(error, 'invalid-problem'),
          `It threw ${String(error)} instead of an InvalidProblemError.`,
        );
        assert(reports === 0, 'It was refused after work had started.');
      },
    };
  }
  yield {
    name: 'gives the same result for the same seed, bit for bit',
    async run() {
      for (const problem of problems()) {
        const difference = firstDifference(
          comparable(await solve(problem)),
          comparable(await solve(problem)),
        );
        assert(difference === undefined, `Two runs with one seed differ at ${difference}.`);
      }
    },
  };
  yield {
    name: 'lets two runs of one instance overlap',
    async run() {
      const solver = algorithm.create();
      const [first, second] = [problems()[0]!, problems().at(-1)!];
      const run = { seed: 1, ...fixture.run };
      const alone = [await solver.solve(first, run), await solver.solve(second, run)];
      const together = await Promise.all([solver.solve(first, run), solver.solve(second, run)]);
      const difference = firstDifference(alone.map(comparable), together.map(comparable));
      assert(difference === undefined, `Overlapping runs disturb each other at ${difference}.`);
    },
  };
  yield {
    name: 'stops when the signal has fired before the start',
    run: () => stopsWith(() => solve(long(), { signal: AbortSignal.abort() })),
  };
  yield {
    name: 'stops soon when the signal fires during the run',
    async run() {
      const abort = new AbortController();
      let reportsAfter = 0;
      await stopsWith(() =>
        solve(long(), {
          signal: abort.signal,
          onProgress() {
            if (abort.signal.aborted) reportsAfter++;
            abort.abort();
          },
        }),
      );
      assert(reportsAfter <= 2, `It reported ${reportsAfter} times after the signal.`);
    },
  };
  yield {
    name: 'reports progress: finite, its iterations never falling',
    async run() {
      const reports: Progress[] = [];
      await solve(long(), { onProgress: (progress) => reports.push(progress) });
      assert(reports.length > 0, 'It reported nothing.');
      let last = Number.NEGATIVE_INFINITY;
      for (const { iteration, fraction, value } of reports) {
        assert(Number.isFinite(iteration) && iteration >= last, `Iteration ${iteration} came after ${last}.`);
        assert(
          fraction === undefined || (fraction >= 0 && fraction <= 1),
          `A fraction is in [0, 1]; got ${fraction}.`,
        );
        assert(value === undefined || !Number.isNaN(value), 'A progress value is NaN.');
        last = iteration;
      }
    },
  };
  yield {
    name: 'ends at the time limit with a solution, or says why not',
    async run() {
      // A clock that jumps: the limit passes at once, whatever the machine's speed.
      let now = 0;
      const clock = { now: () => (now += 1_000) };
      try {
        await algorithm.create({}, { clock }).solve(long(), { seed: 1, ...fixture.run, timeLimitMs: 1 });
      } catch (error) {
        assert(isEspalierError(error), `It threw ${String(error)}, which is no error of Espalier.`);
      }
    },
  };
  for (const { name, transform } of fixture.relations ?? []) {
    yield {
      name,
      async run() {
        for (const [i, problem] of problems().entries()) {
          const changed = transform(problem, createRandom(i));
          changed.check(await solve(problem), await solve(changed.problem));
        }
      },
    };
  }
}

async function stopsWith(work: () => Promise<unknown>): Promise<void> {
  const error = await thrownBy(work, 'An aborted run');
  assert(isEspalierError(error, 'aborted'), `It threw ${String(error)} instead of an AbortedError.`);
}

/** Problems may hold functions, which cannot be cloned: those are compared by identity. */
function structuredCloneOrSelf<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return structuredClone(value);
  const copy = Object.fromEntries(
    Object.entries(value).map(([key, part]) => [key, structuredCloneOrSelf(part)]),
  );
  return (Array.isArray(value) ? Object.values(copy) : copy) as T;
}
