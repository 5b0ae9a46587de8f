import {
  createRandom,
  defaultServices,
  isEspalierError,
  type OptionsSchema,
  type RunOptions,
  type SolverAlgorithm,
} from '@espalier/core';
import { assertJson, declarationChecks, exampleOptions } from './algorithm-checks.js';
import { assert, type Check, thrownBy, withKnownFailures } from './check.js';
import { runChecks } from './run-checks.js';
import { firstDifference } from './same.js';
import { snapshot } from './snapshot.js';
import type { SolverFixture } from './solver-fixture.js';
import { timeLimitCheck } from './time-limit-check.js';

/**
 * The rules that every solver keeps. In a test file:
 * `declareChecks(solverChecks(sinkhorn, fixture), { test });`
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
  const comparable = (solution: Solution): unknown => fixture.comparable?.(solution) ?? solution;
  const accepts = (problem: Problem) => algorithm.accepts?.(problem) ?? true;
  const problems = (): readonly Problem[] => {
    const all = fixture.problems(createRandom(1));
    const accepted = all.filter((problem) => accepts(problem) === true);
    assert(accepted.length > 0, `It accepts none of the fixture's ${all.length} problems.`);
    return accepted;
  };
  const long = () =>
    fixture.long !== undefined && accepts(fixture.long) === true ? fixture.long : problems().at(-1)!;
  const withRun = (run?: RunOptions): RunOptions => ({ seed: 1, ...fixture.run, ...run });
  const solve = async (problem: Problem, run?: RunOptions, options: Record<string, unknown> = {}) =>
    algorithm.create(options).solve(problem, withRun(run));
  const assertSame = (a: Solution, b: Solution, what: string): void => {
    const difference = firstDifference(comparable(a), comparable(b));
    assert(difference === undefined, `${what}: ${difference}.`);
  };

  yield* declarationChecks(algorithm);
  yield {
    name: 'says why it does not accept a problem',
    async run() {
      for (const problem of fixture.problems(createRandom(1))) {
        const answer: unknown = accepts(problem);
        const reasoned = answer === true || (typeof answer === 'string' && answer.trim().length > 0);
        assert(reasoned, `accepts() is true or a reason; it returned ${JSON.stringify(answer)}.`);
      }
    },
  };
  for (const [name, options] of exampleOptions(algorithm)) {
    yield {
      name: `solves the problems with the example '${name}'`,
      async run() {
        for (const problem of problems()) fixture.verify(problem, await solve(problem, {}, options));
      },
    };
  }
  yield {
    name: 'leaves the problem unchanged',
    async run() {
      for (const problem of problems()) {
        const before = snapshot(problem);
        await solve(problem);
        const difference = firstDifference(before, problem);
        assert(difference === undefined, `The problem was changed: ${difference}.`);
      }
    },
  };
  yield {
    name: 'gives solutions that can be written as JSON',
    async run() {
      for (const problem of problems())
        assertJson(algorithm.solves.solutionToJson(await solve(problem)), 'The solution');
    },
  };
  for (const [name, problem] of Object.entries(fixture.invalid)) {
    yield { name: `refuses ${name}`, run: () => refuses(name, problem, solve) };
  }
  yield {
    name: 'gives the same result for the same seed, bit for bit',
    async run() {
      const solver = algorithm.create();
      for (const problem of problems()) {
        const first = await solver.solve(problem, withRun());
        assertSame(first, await solve(problem), 'Two instances with one seed differ');
        assertSame(first, await solver.solve(problem, withRun()), 'Two runs of one instance differ');
      }
    },
  };
  yield {
    name: 'takes 0 for the seed that is not given',
    async run() {
      const { seed: _seed, ...run } = fixture.run ?? {};
      const [problem] = problems() as [Problem];
      const solveWith = (seed: Pick<RunOptions, 'seed'>) =>
        algorithm.create().solve(problem, { ...run, ...seed });
      assertSame(await solveWith({}), await solveWith({ seed: 0 }), 'No seed and seed 0 differ');
    },
  };
  yield {
    name: 'lets two runs of one instance overlap',
    async run() {
      const solver = algorithm.create();
      const [first, second] = [problems()[0]!, problems().at(-1)!];
      const alone = [await solve(first), await solve(second)] as const;
      const together = await Promise.all([solver.solve(first, withRun()), solver.solve(second, withRun())]);
      for (const i of [0, 1] as const)
        assertSame(alone[i], together[i], 'Overlapping runs disturb each other');
    },
  };
  yield* runChecks((run) => solve(long(), run));
  yield {
    name: 'works on as new after an abort',
    async run() {
      const solver = algorithm.create();
      const abort = new AbortController();
      const aborted = solver.solve(
        long(),
        withRun({ signal: abort.signal, onProgress: () => abort.abort() }),
      );
      await aborted.catch(() => {}); // that it throws is a check of its own
      const [problem] = problems() as [Problem];
      assertSame(await solve(problem), await solver.solve(problem, withRun()), 'After an abort');
    },
  };
  yield timeLimitCheck(
    (run, clock) => algorithm.create({}, { ...defaultServices, clock }).solve(long(), withRun(run)),
    fixture.feasible && ((solution) => fixture.feasible?.(long(), solution)),
  );
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

async function refuses<Problem>(
  name: string,
  problem: Problem,
  solve: (problem: Problem, run: RunOptions) => Promise<unknown>,
): Promise<void> {
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
}
