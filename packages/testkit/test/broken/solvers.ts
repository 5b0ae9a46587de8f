import {
  defineProblemFamily,
  defineSolver,
  InvalidProblemError,
  type RunOptions,
  type Services,
  type Solver,
} from '@espalier/core';
import type { z } from 'zod';
import {
  newtonSpec,
  type Roots,
  type RootsFound,
  type rootOptions,
  squareRoots,
} from '../good/square-root.js';
import { type BrokenSolver, declared, type RootsSolver, wronglyDeclared } from './solver-declarations.js';

type Solve = Solver<Roots, RootsFound>['solve'];

/** The good solver with another `solve`, made from the good one once an instance. */
const solving = (wrap: (good: Solve) => Solve, changes: object = {}): RootsSolver =>
  defineSolver<string, typeof rootOptions, Roots, RootsFound>({
    ...newtonSpec,
    ...changes,
    create: (options: z.output<typeof rootOptions>, services: Services) => ({
      solve: wrap(newtonSpec.create(options, services).solve),
    }),
  });

const sameSeed = 'gives the same result for the same seed, bit for bit';
const noSeed = 'takes 0 for the seed that is not given';
const overlap = 'lets two runs of one instance overlap';
const abortBefore = 'stops when the signal has fired before the start';
const abortDuring = 'stops soon when the signal fires during the run';
const afterAbort = 'works on as new after an abort';
const progress = 'reports progress: finite, its iterations never falling';
const timeLimit = 'refuses a time limit that is not positive';
const atTheLimit = 'returns something feasible at the time limit';

const reporting =
  (change: (report: { iteration: number; fraction?: number; value?: number }) => object) =>
  (good: Solve): Solve =>
  (problem, run) =>
    good(problem, {
      ...run,
      onProgress: (report) =>
        run?.onProgress?.({ ...(report as object), ...change(report as never) } as never),
    });
const without =
  (change: (run: RunOptions) => RunOptions) =>
  (good: Solve): Solve =>
  (problem, run = {}) =>
    good(problem, { ...run, ...change(run) });

/** Solvers that work wrongly. */
const wronglyWorking: readonly BrokenSolver[] = [
  {
    what: 'a changed problem',
    algorithm: solving((good) => async (problem, run) => {
      const solution = await good(problem, run);
      return Object.assign(problem, { solved: true }) && solution;
    }),
    fails: ['leaves the problem unchanged'],
  },
  {
    what: 'a solution that JSON cannot hold',
    algorithm: declared({
      solves: defineProblemFamily<Roots, RootsFound>({
        ...squareRoots,
        solutionToJson: ({ roots }) => ({ roots: [...roots], time: Number.NaN }),
      }),
    }),
    fails: ['gives solutions that can be written as JSON'],
  },
  {
    what: 'NaN that goes through',
    algorithm: solving(
      (good) => async (problem, run) =>
        Number.isNaN(problem.numbers[0]!)
          ? { roots: Float64Array.of(Number.NaN), converged: false, start: new Float64Array(1) }
          : good(problem, run),
    ),
    fails: ['refuses NaN'],
  },
  {
    what: 'a refusal with another error',
    algorithm: solving((good) => async (problem, run) => {
      if (problem.numbers.length === 0) throw new Error('empty');
      return good(problem, run);
    }),
    fails: ['refuses no numbers'],
  },
  {
    what: 'a refusal after work has started',
    algorithm: solving((good) => async (problem, run) => {
      if (problem.numbers[1] === -1) {
        run?.onProgress?.({ iteration: 1 });
        throw new InvalidProblemError('Too late.');
      }
      return good(problem, run);
    }),
    fails: ['refuses a negative number'],
  },
  {
    what: 'randomness that no seed governs',
    algorithm: solving(
      (good) => async (problem, run) => good(problem, { ...run, seed: Math.floor(Math.random() * 2 ** 31) }),
    ),
    fails: [sameSeed, noSeed, overlap, afterAbort],
  },
  {
    what: 'a seed that goes on from run to run',
    algorithm: solving((good) => {
      let runs = 0;
      return (problem, run) => good(problem, { ...run, seed: (run?.seed ?? 0) + runs++ });
    }),
    fails: [sameSeed, overlap, afterAbort],
  },
  {
    what: 'another seed than 0 by default',
    algorithm: solving(without(({ seed = 7 }) => ({ seed }))),
    fails: [noSeed],
  },
  {
    what: 'one work space for all runs of an instance',
    algorithm: solving((good) => {
      let current: Roots;
      return async (problem, run) => {
        current = problem;
        await Promise.resolve();
        return good(current, run);
      };
    }),
    fails: [overlap],
  },
  {
    what: 'no look at the signal',
    algorithm: solving(without(() => ({ signal: undefined }))),
    fails: [abortBefore, abortDuring],
  },
  {
    what: 'a look at the signal before the start only',
    algorithm: solving(without(({ signal }) => ({ signal: signal?.aborted ? signal : undefined }))),
    fails: [abortDuring],
  },
  {
    what: 'a second stage that does not look at the signal',
    algorithm: solving((good) => (problem, run = {}) => {
      let reports = 0;
      const onProgress: RunOptions['onProgress'] = (report) => {
        reports++;
        run.onProgress?.(report);
      };
      const { signal } = run;
      const early =
        signal && Object.create(signal, { aborted: { get: () => reports < 4 && signal.aborted } });
      return good(problem, { ...run, onProgress, signal: early });
    }),
    fails: [abortDuring],
  },
  {
    what: 'a late look at the signal',
    algorithm: solving((good) => async (problem, run) => {
      try {
        return await good(problem, run);
      } catch (error) {
        if (!run?.signal?.aborted) throw error;
        for (let iteration = 50; iteration < 60; iteration++) run?.onProgress?.({ iteration });
        throw error;
      }
    }),
    fails: [abortBefore, abortDuring],
  },
  {
    what: 'an abort with an error of its own',
    algorithm: solving((good) => async (problem, run) => {
      try {
        return await good(problem, run);
      } catch (error) {
        if (run?.signal?.aborted) throw new Error('stopped');
        throw error;
      }
    }),
    fails: [abortBefore, abortDuring],
  },
  {
    what: 'an instance that an abort leaves damaged',
    algorithm: solving((good) => {
      let damaged = false;
      return async (problem, run) => {
        if (damaged) return good(problem, { ...run, seed: 99 });
        return good(problem, run).catch((error) => {
          damaged = true;
          throw error;
        });
      };
    }),
    fails: [afterAbort],
  },
  {
    what: 'silence',
    algorithm: solving(without(() => ({ onProgress: undefined }))),
    fails: [abortDuring, progress],
  },
  {
    what: 'iterations that count down',
    algorithm: solving(reporting(({ iteration }) => ({ iteration: 1000 - iteration }))),
    fails: [progress],
  },
  {
    what: 'a progress value that is NaN',
    algorithm: solving(reporting(() => ({ value: Number.NaN }))),
    fails: [progress],
  },
  {
    what: 'more than all of the work',
    algorithm: solving(reporting(() => ({ fraction: 1.5 }))),
    fails: [progress],
  },
  {
    what: 'a time limit of nothing',
    algorithm: solving(
      without(({ timeLimitMs }) => ({
        timeLimitMs: timeLimitMs && timeLimitMs > 0 ? timeLimitMs : undefined,
      })),
    ),
    fails: [timeLimit],
  },
  {
    what: 'no look at the clock',
    algorithm: solving(without(({ timeLimitMs = 1 }) => ({ timeLimitMs: timeLimitMs > 0 ? undefined : 0 }))),
    fails: [atTheLimit],
  },
  {
    what: 'nothing feasible at the time limit',
    algorithm: solving((good) => async (problem, run) => {
      const { roots, converged, start } = await good(problem, run);
      return { roots: converged ? roots : roots.map(() => -1), converged, start };
    }),
    fails: [atTheLimit],
  },
  {
    what: 'a broken time limit',
    algorithm: solving((good) => async (problem, run) => {
      const solution = await good(problem, run);
      if (!solution.converged && run?.timeLimitMs) throw new TypeError('incumbent is undefined');
      return solution;
    }),
    fixture: { feasible: undefined as never },
    fails: ['ends at the time limit with a solution, or says why not'],
  },
  {
    what: 'an absolute tolerance, which the scale of the problem changes',
    algorithm: solving((good) => async (problem, run) => {
      const { roots, converged, start } = await good(problem, run);
      return { roots: roots.map((root) => root + 1e-4 * Math.sqrt(root)), converged, start };
    }),
    fixture: { problems: () => [{ numbers: Float64Array.of(4) }, { numbers: Float64Array.of(25, 100) }] },
    fails: ['four times the numbers have twice the roots'],
  },
];

export const brokenSolvers: readonly BrokenSolver[] = [...wronglyDeclared, ...wronglyWorking];
