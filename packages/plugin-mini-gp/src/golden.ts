import type { GoldenFile, GoldenRunner, GoldenRunners } from '@espalier/core';
import { BbkbStrategy } from './bbkb-strategy.js';
import { candidatesFrom } from './candidate-set.js';
import { gpPosterior } from './gp-posterior.js';
import type { KernelSpec } from './kernel.js';
import { logLikelihood } from './log-likelihood.js';
import { miniGpEi } from './mini-gp-ei.js';
import { miniGpUcb } from './mini-gp-ucb.js';
import { observe } from './observation.js';
import { prepareModel } from './prepared-problem.js';

/** What every file of this paper states: one absolute tolerance for all values, or one by the name of the output. */
function tolerance(path: readonly (string | number)[], { tolerance: stated }: GoldenFile) {
  const by = stated as Readonly<Record<string, number>>;
  const name = path.find((part) => typeof part === 'string' && Object.hasOwn(by, part));
  return { absolute: by[name ?? 'values'], relative: 0 };
}

interface PosteriorFile {
  readonly cases: readonly {
    readonly kernel: KernelSpec;
    readonly lambda_: number;
    readonly candidates: readonly number[][];
    readonly history: { readonly index: readonly number[]; readonly value: readonly number[] };
  }[];
}

/** Posterior and likelihood from unique candidates, against the t x t formulas. */
const posterior: GoldenRunner = {
  async run(file) {
    return {
      cases: (file as unknown as PosteriorFile).cases.map(({ kernel, lambda_, history, ...rest }) => {
        const candidates = candidatesFrom(rest.candidates);
        const values = Map.groupBy(history.index.keys(), (t) => history.index[t]);
        const observations = [...values].map(([index, times]) =>
          observe(
            index,
            times.map((t) => history.value[t]),
          ),
        );
        const found = gpPosterior({ candidates, kernel, noiseVariance: lambda_ }, observations);
        return {
          mean: [...found.mean],
          variance: [...found.variance],
          logdet: found.logDeterminant,
          logLikelihood: logLikelihood(candidates, observations, { kernel, noiseVariance: lambda_ }),
        };
      }),
    };
  },
  tolerance,
};

interface TraceFile {
  readonly acquisition: 'ucb' | 'ei';
  readonly C: number;
  readonly kernel: KernelSpec;
  readonly xi: number;
  readonly lambda_: number;
  readonly F: number;
  readonly delta: number;
  readonly nu: number;
  readonly T: number;
  readonly candidates: readonly number[][];
  readonly f: readonly number[];
  readonly noise: readonly number[];
}

/** A whole run of mini-META: every posterior update, and where it ends. */
const trace: GoldenRunner = {
  async run(file) {
    const t = file as unknown as TraceFile;
    const common = { ratio: t.C, delta: t.delta, regularizer: t.lambda_ };
    const solver =
      t.acquisition === 'ucb'
        ? miniGpUcb.create({ ...common, normBound: t.F })
        : miniGpEi.create({ ...common, nu: t.nu });
    const solution = await solver.solve({
      candidates: candidatesFrom(t.candidates),
      kernel: t.kernel,
      noiseVariance: t.xi ** 2,
      budget: t.T,
      truth: Float64Array.from(t.f),
      evaluate: (index, repetitions, { evaluation }) =>
        t.noise.slice(evaluation, evaluation + repetitions).map((noise) => t.f[index] + noise),
    });
    return {
      steps: solution.history.map((step) => ({
        t: step.evaluation,
        index: step.index,
        repetitions: step.repetitions,
        beta: step.weight,
        mean: step.mean,
        sigma: step.standardDeviation,
        acquisition: step.acquisition,
        logdet: step.logDeterminant,
      })),
      final: {
        unique: solution.unique,
        updates: solution.posteriorUpdates,
        logdet: 2 * solution.informationGain,
        cumulativeRegret: solution.regret!.cumulative,
        mean: [...solution.posterior.mean],
        variance: [...solution.posterior.variance],
      },
    };
  },
  tolerance,
};

interface BbkbFile {
  readonly problem: {
    readonly candidates: readonly number[][];
    readonly f: readonly number[];
    readonly noise: readonly number[];
    readonly lengthScale: number;
    readonly lambda_: number;
    readonly xi: number;
    readonly F: number;
    readonly delta: number;
    readonly qbar: number;
    readonly ratioThreshold: number;
  };
  readonly rounds: readonly { readonly uniforms: readonly number[] }[];
}

/** Rounds of BBKB after candidates 0 and 1, with the file's uniform numbers in the dictionary step. */
const bbkbStep: GoldenRunner = {
  async run(file) {
    const { problem: p, rounds } = file as unknown as BbkbFile;
    const prepared = prepareModel(
      {
        candidates: candidatesFrom(p.candidates),
        kernel: { kind: 'rbf', lengthScale: p.lengthScale },
        noiseVariance: p.xi ** 2,
        initial: [0, 1].map((index) => observe(index, [p.f[index] + p.noise[index]])),
      },
      p.lambda_,
    );
    const uniforms = rounds.flatMap((round) => round.uniforms);
    let drawn = 0;
    const strategy = new BbkbStrategy(
      prepared,
      { ratio: p.ratioThreshold, normBound: p.F, delta: p.delta, dictionaryFactor: p.qbar },
      { uniform: () => uniforms[drawn++] },
    );
    let taken = 2;
    return {
      rounds: rounds.map(() => {
        const { mean, variance } = strategy.belief();
        const [means, variances] = [[...mean], Array.from(variance, (v) => v / p.lambda_)];
        const { picks, weight } = strategy.propose(Number.POSITIVE_INFINITY);
        strategy.learn(picks.map(({ index }) => observe(index, [p.f[index] + p.noise[taken++]])));
        return {
          beta: weight,
          means,
          variances,
          batch: picks.map(({ index }) => index),
          dictionaryAfter: [...strategy.dictionary],
        };
      }),
    };
  },
  tolerance,
};

const golden: GoldenRunners = {
  posterior,
  'trace-ucb': trace,
  'trace-ei': trace,
  'bbkb-step': bbkbStep,
};
export default golden;
