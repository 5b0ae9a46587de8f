import {
  type AnyAlgorithm,
  createRandom,
  type DataFiles,
  type DataSet,
  defineSolverScenario,
  type Instance,
  type JsonObject,
  NumericalError,
  type ScenarioContext,
} from '@espalier/core';
import { type LowRankProblemSize, lowRankProblem, ratingsProblem } from './generated-problems.js';
import { type MatrixCompletionProblem, matrixCompletion, type Triplets } from './matrix-completion.js';
import { hidePixels, readPicture } from './pictures.js';
import { type CompletionModel, predictMany } from './predict.js';

/** How an instance is made; `kind` chooses the reader or generator. */
type Parameters =
  | ({ readonly kind: 'low-rank'; readonly seed: number } & LowRankProblemSize)
  | { readonly kind: 'ratings'; readonly people: number; readonly things: number; readonly seed: number }
  | { readonly kind: 'picture'; readonly path: string; readonly rank: number; readonly seed: number };

/** A problem, and entries that no solver sees. */
interface Task {
  readonly problem: MatrixCompletionProblem;
  readonly hidden: Triplets;
}

const PICTURES: readonly DataSet[] = [
  {
    path: 'ot/stairs-64.pgm',
    summary: 'photograph of stairs, 64 x 64',
    origin: "SciPy's sample image `ascent`, public domain, averaged down",
  },
  {
    path: 'ot/raccoon-64.pgm',
    summary: 'photograph of a raccoon, 64 x 64',
    origin: "SciPy's sample image `face`, public domain, averaged down",
  },
];

/** Every solver of the family on low-rank matrices, ratings and pictures: the error on entries that it has not seen. */
const completion = defineSolverScenario({
  name: 'matrix-completion',
  summary:
    'Low-rank matrices, ratings and pictures from some of their entries: the error on the hidden ones.',
  family: matrixCompletion,
  // Root of the mean squared error on the hidden entries, over their root mean square about the mean of the observed ones.
  score: { name: 'hidden error', direction: 'minimize', scale: 'log' },
  data: PICTURES,
  instances,
  options,
  load: ({ parameters }, { data }) => makeTask(parameters as unknown as Parameters, data),
  evaluate({ problem, hidden }, solution) {
    const predicted = predictMany(solution, hidden.rowIndices, hidden.columnIndices);
    const score = hiddenError(problem, hidden, predicted);
    if (!Number.isFinite(score))
      throw new NumericalError('The solution predicts numbers that are not finite.');
    return {
      score,
      metrics: {
        observedResidual: solution.residual,
        rank: solution.rank,
        iterations: solution.iterations.outer,
        innerIterations: solution.iterations.inner,
        flops: solution.flops,
      },
      stopped: solution.reason,
    };
  },
  // Solvers report the residual on the observed entries, which is another quantity.
  curve: () => undefined,
});

/** Below this the error is rounding; a logarithmic axis needs a positive number. */
const SMALLEST = 1e-16;

function hiddenError(
  { observed }: MatrixCompletionProblem,
  hidden: Triplets,
  predicted: Float64Array,
): number {
  const mean = observed.values.reduce((sum, value) => sum + value, 0) / observed.values.length;
  let [left, given] = [0, 0];
  for (let e = 0; e < predicted.length; e++) {
    left += (predicted[e] - hidden.values[e]) ** 2;
    given += (hidden.values[e] - mean) ** 2;
  }
  return Math.max(Math.sqrt(left / given), SMALLEST);
}

async function instances({ suite, data }: ScenarioContext): Promise<readonly Instance[]> {
  const quick = suite === 'quick';
  const timeLimitMs = quick ? 1_500 : 60_000;
  const generated = (name: string, parameters: Parameters): Instance => ({
    name,
    source: 'generated',
    parameters: parameters as unknown as JsonObject,
    timeLimitMs,
  });
  const lowRank = (size: number, rank: number, density: number, noise: number): Instance =>
    generated(`rank-${rank}-of-${size}${noise > 0 ? '-noisy' : ''}`, {
      kind: 'low-rank',
      seed: 1,
      rows: size,
      columns: size,
      rank,
      density,
      condition: 2,
      noise,
    });
  const pictures: Instance[] = [];
  for (const { path } of PICTURES) {
    if (!(await data.has(path))) continue;
    const parameters = { kind: 'picture', path, rank: 4, seed: 1 } as const;
    const name = path.replace(/^.*\/|\.pgm$/g, '');
    pictures.push({ name, source: 'real', parameters, timeLimitMs });
  }
  const ratings = (people: number, things: number) =>
    generated(`ratings-${people}x${things}`, { kind: 'ratings', people, things, seed: 1 });
  if (quick) return [lowRank(150, 3, 0.3, 0), pictures[0] ?? ratings(200, 120)];
  return [
    lowRank(400, 5, 0.2, 0),
    lowRank(400, 5, 0.2, 0.1),
    lowRank(400, 3, 0.9, 0),
    lowRank(700, 60, 0.5, 0),
    lowRank(2_000, 10, 0.03, 0),
    ratings(1_500, 800),
    ...pictures,
  ];
}

/** Ratings and pictures are centred and given a ridge, for each solver that knows these options. */
function options(algorithm: AnyAlgorithm, { parameters }: Instance): JsonObject {
  const example = (Object.values(algorithm.examples ?? {})[0] ?? {}) as JsonObject;
  const { kind } = parameters as unknown as Parameters;
  const known = OWN_OPTIONS[algorithm.name];
  if (kind === 'low-rank' || !known) return example;
  return { ...example, centring: kind === 'ratings' ? 'biases' : 'mean', ...known };
}

/** Regularisation of this package's solvers on real values; solvers of other packages run by their first example. */
const OWN_OPTIONS: Readonly<Record<string, JsonObject>> = {
  'robust-altmin': { ridge: 0.02 },
  'robust-altmin-theory': { ridge: 0.02 },
  'weighted-low-rank': { ridge: 0.02 },
  'altmin-exact': {},
  'als-ridge': {},
  svt: {},
  'soft-impute': { lambdaRatio: 0.1 },
  'scaled-gradient-descent': {},
};

/** The problem of an instance, and what is hidden. */
export async function makeTask(parameters: Parameters, data: DataFiles): Promise<Task> {
  if (parameters.kind === 'picture')
    return hidePixels(readPicture(await data.read(parameters.path)), parameters.rank, parameters.seed);
  if (parameters.kind === 'ratings')
    return ratingsProblem(parameters.people, parameters.things, parameters.seed);
  const { seed, kind: _kind, ...size } = parameters;
  const { problem, left, right } = lowRankProblem(size, seed);
  return { problem, hidden: judged(problem, { u: left, v: right }) };
}

/** Judged entries of a generated matrix: random places, few of which are observed. */
const JUDGED = 20_000;

function judged(
  { rows, columns }: MatrixCompletionProblem,
  truth: Pick<CompletionModel, 'u' | 'v'>,
): Triplets {
  const random = createRandom(1);
  const rowIndices = Int32Array.from({ length: JUDGED }, () => random.integer(rows));
  const columnIndices = Int32Array.from({ length: JUDGED }, () => random.integer(columns));
  const baseline = { mean: 0, rows: new Float64Array(rows), columns: new Float64Array(columns) };
  return {
    rowIndices,
    columnIndices,
    values: predictMany({ ...truth, baseline }, rowIndices, columnIndices),
  };
}

export default [completion];
