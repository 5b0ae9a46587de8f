import { defineSolverScenario, type Instance, type JsonObject, NumericalError } from '@espalier/core';
import { type CompositeProblem, compositeMinimization } from './composite-minimization.js';
import { compositeValue } from './composite-value.js';
import {
  latticeData,
  leastSquaresData,
  logisticData,
  nonNegativeData,
  softmaxData,
  twoMoonsData,
} from './generated-problems.js';

/** How an instance is made, with the value of F at the start and at the minimum. */
interface Parameters {
  readonly kind: 'least-squares' | 'non-negative' | 'logistic-l1' | 'softmax' | 'lattice' | 'two-moons';
  readonly rows: number;
  readonly columns: number;
  readonly weight?: number;
  readonly seed: number;
  readonly start: number;
  readonly minimum: number;
}

/** Classes of data set C. */
const CLASSES = 50;
/** Below this a relative gap is rounding; a logarithmic axis needs a positive number. */
const SMALLEST = 1e-16;
/** A point that leaves the feasible set by more is no solution. */
const FEASIBLE = 1e-9;

function instance(name: string, seconds: number, parameters: Omit<Parameters, 'seed'>): Instance {
  return {
    name,
    source: 'generated',
    parameters: { ...parameters, seed: 1 } as unknown as JsonObject,
    bestKnown: SMALLEST,
    timeLimitMs: 1000 * seconds,
  };
}

/**
 * The start and the minimum of each instance. Minima were found by two methods of this package (working set with projected Newton, and
 * cyclic coordinate descent or conjugate gradients), which agree to 12 digits; that of least squares with more columns than rows is 0.
 */
const QUICK = (seconds: number): Instance[] => [
  instance('non-negative-200x1000', seconds, {
    kind: 'non-negative',
    rows: 200,
    columns: 1000,
    weight: 5_000,
    start: 467151.18708498264,
    minimum: 231282.01764444314,
  }),
  instance('logistic-l1-200x1000', seconds, {
    kind: 'logistic-l1',
    rows: 200,
    columns: 1000,
    weight: 20,
    start: 138.6294361119893,
    minimum: 63.22028279200187,
  }),
  instance('two-moons-400', seconds, {
    kind: 'two-moons',
    rows: 400,
    columns: 20,
    start: 0,
    minimum: -145.68777206032803,
  }),
];

const FULL = (seconds: number): Instance[] => [
  instance('least-squares-1000x10000', seconds, {
    kind: 'least-squares',
    rows: 1000,
    columns: 10_000,
    start: 6965483.505073474,
    minimum: 0,
  }),
  instance('non-negative-1000x10000', seconds, {
    kind: 'non-negative',
    rows: 1000,
    columns: 10_000,
    weight: 50_000,
    start: 6965483.505073474,
    minimum: 6594860.99423344,
  }),
  instance('logistic-l1-1000x10000', seconds, {
    kind: 'logistic-l1',
    rows: 1000,
    columns: 10_000,
    weight: 50,
    start: 693.1471805599322,
    minimum: 405.8414289290488,
  }),
  // The classes can be separated: the minimum is 0 and not attained.
  instance('softmax-1000x1000x50', seconds, {
    kind: 'softmax',
    rows: 1000,
    columns: 1000,
    start: 3912.023005428176,
    minimum: 0,
  }),
  instance('lattice-50x50', seconds, {
    kind: 'lattice',
    rows: 50,
    columns: 50,
    start: 0,
    minimum: -1045823133.1463443,
  }),
  instance('two-moons-2000', seconds, {
    kind: 'two-moons',
    rows: 2000,
    columns: 100,
    start: 0,
    minimum: -797.0262015227953,
  }),
];

/** How near every solver of the family comes to the minimum, and when. */
const composite = defineSolverScenario({
  name: 'composite-minimization',
  summary:
    'Least squares, sparse regression and label propagation: the distance to the minimum at equal time.',
  family: compositeMinimization,
  score: { name: 'relative gap', direction: 'minimize', scale: 'log' },
  async instances({ suite }) {
    return suite === 'quick' ? QUICK(1) : [...QUICK(10), ...FULL(20)];
  },
  load: async ({ parameters }) => ({ problem: makeProblem(parameters as unknown as Parameters) }),
  evaluate({ problem, instance: { parameters } }, solution) {
    const { value, violation } = compositeValue(problem, solution.x);
    if (!(violation <= FEASIBLE))
      throw new NumericalError(`The solution leaves the feasible set by ${violation}.`);
    return {
      score: relativeGap(value, parameters as unknown as Parameters),
      metrics: {
        value,
        iterations: solution.iterations,
        supportSize: solution.support.length,
        identifiedAt: solution.identifiedAt,
      },
      stopped: solution.reason,
    };
  },
  curve: ({ value }, { instance: { parameters } }) =>
    value === undefined ? undefined : relativeGap(value, parameters as unknown as Parameters),
});

function relativeGap(value: number, { start, minimum }: Parameters): number {
  return Math.max(SMALLEST, (value - minimum) / (start - minimum));
}

/** The problem of an instance. */
export function makeProblem({ kind, rows, columns, weight = 0, seed }: Parameters): CompositeProblem {
  const size = { rows, columns };
  switch (kind) {
    case 'least-squares':
      return leastSquaresData(size, seed);
    case 'non-negative':
      return nonNegativeData(size, weight, seed);
    case 'logistic-l1':
      return { ...logisticData(size, seed), regularizer: { kind: 'l1', weight } };
    case 'softmax':
      return softmaxData(size, CLASSES, seed);
    case 'lattice':
      return latticeData(rows, columns, 100, seed).problem;
    case 'two-moons':
      // `columns`: the number of labels.
      return twoMoonsData(rows, columns, seed).problem;
  }
}

export default [composite];
