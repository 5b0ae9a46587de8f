import {
  defineSolver,
  type JsonObject,
  NumericalError,
  type RandomSource,
  type RunOptions,
  startRun,
} from '@espalier/core';
import { z } from 'zod';
import { balans } from './balans.js';
import { type Incumbent, isBetter } from './incumbent.js';
import type { BalansJob } from './job.js';
import { loadHighs } from './load-highs.js';
import { minimization } from './minimization.js';
import { checkedStart } from './mip-run.js';
import {
  type MipArrays,
  type MipSolution,
  type MixedIntegerProgram,
  mixedIntegerProgram,
} from './mixed-integer-program.js';
import { passedOn } from './option-types.js';
import { randomConfiguration } from './random-configuration.js';
import { readArrays } from './read-source.js';
import { type JobOutcome, runJobs } from './run-jobs.js';

/** What a job found, kept for every job: its solution, or why it has none. */
export interface JobResult extends BalansJob {
  readonly solution?: MipSolution;
  readonly error?: string;
}

/** The best of all jobs, with the results of each. */
export interface ParallelMipSolution extends MipSolution {
  readonly jobs: readonly JobResult[];
}

/**
 * ParBalans (arXiv 2508.06736): independent configurations of Balans, each drawn at random and run in a worker with an engine of its
 * own; the best result counts. (The reference code draws one configuration for all jobs; here each job has its own.)
 *
 * The event loop stays free, so that an abort takes effect at once.
 */
export const parBalans = defineSolver({
  name: 'par-balans',
  summary: 'Independent random configurations of Balans in parallel; the best counts.',
  solves: mixedIntegerProgram,
  paper: {
    title: 'ParBalans: Parallel Multi-Armed Bandits-based Adaptive Large Neighborhood Search',
    authors: 'A. S. Cai, J. Cai, S. Kadioglu',
    arxiv: '2508.06736',
    year: 2025,
  },
  options: z.strictObject({
    jobs: z.int().min(1).max(256).default(2).describe('Configurations, each in a worker of its own.'),
    exchange: z
      .enum(['off', 'on'])
      .default('off')
      .describe('Tell each job of the better incumbents of the others; off in the paper.'),
    maxIterations: z
      .int()
      .min(1)
      .optional()
      .describe('Most iterations of each job; default 10 without a time limit.'),
    iterationNodeLimit: z
      .int()
      .min(1)
      .optional()
      .describe('Branch-and-bound nodes of one solve: reproducible (without exchange), unlike time.'),
    generator: passedOn<(random: RandomSource) => JsonObject>(
      (value) => typeof value === 'function',
      'a function that draws options of balans',
    )
      .optional()
      .describe('Draws the options of a job; default as in the paper.'),
  }),
  examples: { default: {} },
  warmUp: async () => void (await loadHighs()),
  create: ({ jobs: count, exchange, generator = randomConfiguration, ...limits }, services) => ({
    async solve(problem: MixedIntegerProgram, run: RunOptions = {}): Promise<ParallelMipSolution> {
      const state = startRun(run, services.clock);
      const arrays = await readArrays(problem.source);
      if (problem.start) checkedStart(minimization(arrays), problem.start);
      const random = services.random(run.seed);
      const jobs = drawJobs(count, generator, limits, random);
      const sign = arrays.sense === 'maximize' ? -1 : 1;
      let best: Incumbent | undefined;
      let incumbents = 0;
      state.report({ iteration: 0, message: `${count} jobs` });
      state.throwIfAborted();
      const outcomes = await runJobs(jobs, {
        problem: { ...problem, source: { arrays } },
        timeLimitMs: run.timeLimitMs === undefined ? undefined : Math.max(1, state.remainingMs()),
        exchange: exchange === 'on',
        signal: run.signal,
        onIncumbent(incumbent, job) {
          if (best && !isBetter(incumbent.objective, best.objective)) return;
          best = incumbent;
          state.report({
            iteration: ++incumbents,
            value: sign * incumbent.objective + 0,
            message: `job ${job + 1}`,
          });
        },
      });
      state.throwIfAborted(best && { x: best.x, objective: sign * best.objective + 0 });
      return { ...combine(arrays, jobs, outcomes), milliseconds: state.elapsedMs() };
    },
  }),
});

/** @throws InvalidOptionsError when the generator's options are none of `balans` */
function drawJobs(
  count: number,
  generator: (random: RandomSource) => JsonObject,
  limits: JsonObject,
  random: RandomSource,
): BalansJob[] {
  const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
  return Array.from({ length: count }, () => {
    const options = { ...generator(random), ...given };
    balans.create(options as Parameters<typeof balans.create>[0]);
    return { options, seed: 1 + random.integer(100_000) };
  });
}

/** The best of all jobs; what one of them proved holds for all. */
function combine(
  arrays: MipArrays,
  jobs: readonly BalansJob[],
  outcomes: readonly JobOutcome[],
): ParallelMipSolution {
  const sign = arrays.sense === 'maximize' ? -1 : 1;
  const results = outcomes.map(({ solution, error }, i) => ({
    ...jobs[i]!,
    ...(solution && { solution }),
    ...(error !== undefined && { error }),
  }));
  const solutions = outcomes.map((outcome) => outcome.solution ?? lastIncumbent(arrays, outcome));
  const known = solutions.filter((solution) => solution !== undefined);
  if (known.length === 0) {
    throw new NumericalError(`All ${jobs.length} jobs failed; the first: ${outcomes[0]?.error}.`);
  }
  // NaN, no solution, counts as the worst.
  const value = ({ objective }: MipSolution) => (Number.isNaN(objective) ? Infinity : sign * objective);
  const best = known.reduce((a, b) => (value(b) < value(a) ? b : a));
  const proof = known.find(({ status }) => status !== 'feasible' && status !== 'no solution');
  const bounds = known.flatMap(({ bound }) => (bound === undefined ? [] : [sign * bound]));
  return {
    ...best,
    ...(proof && { status: proof.status, reason: proof.reason }),
    ...(bounds.length > 0 && { bound: sign * Math.max(...bounds) + 0 }),
    jobs: results,
  };
}

/** The solution of a job that was ended: the last incumbent that it told of. */
function lastIncumbent(arrays: MipArrays, { incumbent, error }: JobOutcome): MipSolution | undefined {
  if (!incumbent) return undefined;
  return {
    status: 'feasible',
    sense: arrays.sense,
    x: incumbent.x,
    objective: (arrays.sense === 'maximize' ? -1 : 1) * incumbent.objective + 0,
    history: [],
    operatorStatistics: {},
    leftOut: {},
    selectorState: {},
    reason: error ?? 'ended',
    ...(arrays.names && { names: arrays.names }),
    milliseconds: 0,
  };
}
