import type { RunOptions, Services, Solver } from '@espalier/core';
import { type Acquisition, expectedImprovementOverBest, upperConfidenceBound } from './acquisition.js';
import type { BlackBoxProblem, BlackBoxSolution } from './black-box-optimization.js';
import { type GpSettings, GpStrategy } from './gp-strategy.js';
import { runOptimization } from './optimization-run.js';
import type { CommonOptions, EiOptions, MetaOptions, ModelOptions, UcbOptions } from './options.js';
import { type Prepared, prepareRun } from './prepared-problem.js';

/** Makes the acquisition of a run. @param horizon T, for the default of delta */
export type MakeAcquisition = (prepared: Prepared, horizon: number) => Acquisition;

/** The default of delta is 1/T; a single evaluation would make that 1, which promises nothing. */
export function failureProbability(delta: number | undefined, horizon: number): number {
  return delta ?? 1 / Math.max(2, horizon);
}

/** The confidence bound that options describe. */
export function ucbOf(options: UcbOptions): MakeAcquisition {
  return ({ noiseRatio }, horizon) =>
    upperConfidenceBound({ ...options, noiseRatio, delta: failureProbability(options.delta, horizon) });
}

/** The expected improvement that options describe. */
export function eiOf({ nu, delta }: EiOptions): MakeAcquisition {
  return (_prepared, horizon) =>
    expectedImprovementOverBest({ nu, delta: failureProbability(delta, horizon) });
}

/** The settings of a strategy, options that were left out filled in. */
export function gpSettings(
  acquisition: Acquisition,
  options: ModelOptions & Partial<MetaOptions> & { readonly posterior?: 'unique' | 'dense' },
): GpSettings {
  return {
    acquisition,
    repetitions: options.repetitions ?? 1,
    ratio: options.ratio ?? 1,
    maxRepetitions: options.maxRepetitions ?? Number.POSITIVE_INFINITY,
    maxUnique: options.maxUnique ?? Number.POSITIVE_INFINITY,
    switchingCost: options.switchingCost,
    posterior: options.posterior ?? 'unique',
    fit: options.fit,
  };
}

/** A solver with a {@link GpStrategy}. */
export function gpSolver(
  makeAcquisition: MakeAcquisition,
  options: CommonOptions & ModelOptions & Partial<MetaOptions> & { readonly posterior?: 'unique' | 'dense' },
  services: Services,
): Solver<BlackBoxProblem, BlackBoxSolution> {
  return {
    async solve(problem: BlackBoxProblem, run?: RunOptions) {
      const prepared = prepareRun(problem, options.regularizer);
      const settings = gpSettings(makeAcquisition(prepared, problem.budget), options);
      const createStrategy = () => new GpStrategy(prepared, settings);
      return runOptimization(problem, prepared, createStrategy, options, run, services);
    },
  };
}
