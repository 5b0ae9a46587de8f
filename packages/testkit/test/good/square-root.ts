import {
  type AlgorithmSpec,
  defineProblemFamily,
  defineSolver,
  InvalidProblemError,
  NumericalError,
  type RunOptions,
  type Services,
  type Solver,
  type SolverTraits,
  startRun,
} from '@espalier/core';
import { z } from 'zod';
import { assert, type SolverFixture } from '../../src/index.js';

/** Numbers whose square roots are wanted. */
export interface Roots {
  readonly numbers: Float64Array;
}

/** The roots, and whether the tolerance was reached for all of them. */
export interface RootsFound {
  readonly roots: Float64Array;
  readonly converged: boolean;
  /** Where the iteration started. */
  readonly start: Float64Array;
}

export const squareRoots = defineProblemFamily<Roots, RootsFound>({
  name: 'square-roots',
  summary: 'The square roots of positive numbers.',
  formats: [],
  solutionToJson: ({ roots, converged }) => ({ roots: [...roots], converged }),
});

export const rootOptions = z.strictObject({
  tolerance: z.number().positive().max(1).default(1e-6).describe('Largest relative error of a square.'),
  steps: z.int().min(1).default(100).describe('Largest number of iterations.'),
});
type Options = z.output<typeof rootOptions>;
type Spec = AlgorithmSpec<string, typeof rootOptions, Solver<Roots, RootsFound>> &
  SolverTraits<Roots, RootsFound>;

/** Newton's iteration from random starting points: a solver that keeps every rule. */
export const newtonSpec = {
  name: 'newton-roots',
  summary: "Newton's iteration.",
  solves: squareRoots,
  paper: { title: 'Analysis per quantitatum series', year: 1711 },
  options: rootOptions,
  examples: { default: {}, coarse: { tolerance: 1e-3 } },
  accepts: ({ numbers }: Roots) => numbers.length < 100 || 'It takes fewer than 100 numbers.',
  warmUp: async () => {},
  create: (options: Options, services: Services) => ({
    solve: async (problem: Roots, run?: RunOptions) => newton(problem, run, options, services),
  }),
} satisfies Spec;

export const newtonRoots = defineSolver<string, typeof rootOptions, Roots, RootsFound>(newtonSpec);

async function newton(
  { numbers }: Roots,
  run: RunOptions | undefined,
  { tolerance, steps }: Options,
  { clock, random }: Services,
): Promise<RootsFound> {
  if (numbers.length === 0) throw new InvalidProblemError('There are no numbers.');
  if (!numbers.every((x) => x > 0 && x < Number.POSITIVE_INFINITY))
    throw new InvalidProblemError('A number is positive and finite.');
  const state = startRun(run, clock);
  const source = random(run?.seed);
  const start = numbers.map((x) => x * (0.5 + source.uniform()));
  const roots = start.slice();
  let error = Number.POSITIVE_INFINITY;
  for (let iteration = 1; iteration <= steps && error > tolerance && !state.expired(); iteration++) {
    state.throwIfAborted();
    await Promise.resolve(); // other runs may go on here
    error = 0;
    for (const [i, x] of numbers.entries()) {
      roots[i] = (roots[i]! + x / roots[i]!) / 2;
      error = Math.max(error, Math.abs(roots[i]! ** 2 - x) / x);
    }
    if (Number.isNaN(error)) throw new NumericalError('The iteration broke down.');
    state.report({ iteration, fraction: iteration / steps, value: error });
  }
  return { roots, converged: error <= tolerance, start };
}

/** What every solver of {@link squareRoots} must get right. */
export const rootsFixture: SolverFixture<Roots, RootsFound> = {
  problems: (random) => [
    { numbers: Float64Array.of(4) },
    { numbers: Float64Array.from({ length: 6 }, () => 10 ** (8 * random.uniform() - 4)) },
  ],
  long: { numbers: Float64Array.of(1e-9, 1e9, 2) },
  invalid: {
    'no numbers': { numbers: new Float64Array(0) },
    'a negative number': { numbers: Float64Array.of(1, -1) },
    NaN: { numbers: Float64Array.of(Number.NaN) },
  },
  verify({ numbers }, { roots, converged }) {
    assert(converged, 'not converged');
    for (const [i, x] of numbers.entries()) {
      const error = Math.abs(roots[i]! ** 2 - x) / x;
      assert(error <= 1e-3, `${roots[i]} is not the root of ${x}`);
    }
  },
  feasible: (_problem, { roots }) =>
    assert(
      roots.every((root) => root > 0),
      'a root is not positive',
    ),
  relations: [
    {
      name: 'four times the numbers have twice the roots',
      transform: ({ numbers }) => ({
        problem: { numbers: numbers.map((x) => 4 * x) },
        check: (original, scaled) =>
          assert(
            original.roots.every((root, i) => Math.abs(scaled.roots[i]! - 2 * root) <= 2e-6 * root),
            'not twice the roots',
          ),
      }),
    },
  ],
};
