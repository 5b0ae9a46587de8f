import { defineProblemFamily, InvalidProblemError } from '@espalier/core';

/** Find x in [low, high] where the polynomial is zero. The values at the ends must have opposite signs. */
export interface RootProblem {
  /** Coefficients, constant term first; all finite. */
  readonly coefficients: readonly number[];
  readonly low: number;
  readonly high: number;
}

/** Where the polynomial changes its sign. */
export interface RootSolution {
  readonly x: number;
  /** The polynomial at x. */
  readonly residual: number;
  readonly converged: boolean;
}

/** The problem family: any other package can solve it too by naming it in `solves`. */
export const rootOfFunction = defineProblemFamily<RootProblem, RootSolution>({
  name: 'root-of-function',
  summary: 'A zero of a polynomial between two points of opposite sign.',
  formats: [
    {
      extensions: ['json'],
      summary: 'An object with coefficients, low and high.',
      read: (bytes) => JSON.parse(new TextDecoder().decode(bytes)) as RootProblem,
    },
  ],
  solutionToJson: ({ x, residual, converged }) => ({ x, residual, converged }),
});

/** The polynomial at x (Horner's rule). */
export function evaluate({ coefficients }: RootProblem, x: number): number {
  return coefficients.reduceRight((value, coefficient) => value * x + coefficient, 0);
}

/** @throws InvalidProblemError that says what was given and what is allowed */
export function assertRootProblem(problem: RootProblem): void {
  const { coefficients, low, high } = problem;
  if (!Array.isArray(coefficients) || coefficients.length === 0 || !coefficients.every(Number.isFinite)) {
    throw new InvalidProblemError('coefficients must be a list of at least one finite number.');
  }
  if (!(Number.isFinite(low) && Number.isFinite(high) && low < high)) {
    throw new InvalidProblemError(`low < high must hold, both finite; given ${low} and ${high}.`);
  }
  if (evaluate(problem, low) * evaluate(problem, high) > 0) {
    throw new InvalidProblemError('The polynomial must have opposite signs at low and high.');
  }
}
