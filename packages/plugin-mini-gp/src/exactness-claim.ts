import { createRandom, defineClaim } from '@espalier/core';
import { draws, show } from './claim-runs.js';
import { miniGpUcb } from './mini-gp-ucb.js';
import { Ledger, observe } from './observation.js';
import { posteriorOf } from './posterior.js';
import { prepareModel } from './prepared-problem.js';
import { textbookPosterior } from './textbook-posterior.js';

const RATIOS = [1.05, 1.1, 1.5, 2, 4] as const;
const [VALUES, UNIQUE] = [400, 20] as const;

/** The two statements that everything else rests on: nothing is lost by unique candidates, and there are few switches. */
export const exactPosterior = defineClaim({
  name: 'exact-posterior',
  tier: 'quick',
  statement:
    'The posterior from 20 unique candidates equals the t x t one of all 400 values, and at every C the posterior updates stay below the bound by the information gained.',
  paper: {
    figure: 'exact posterior; number of switches at most O(gamma_T)',
    setting: 'theory; the constant of the bound is derived from the rule of repetitions',
  },
  async measure(context) {
    const [problem] = draws(1, 200, VALUES, context);
    const random = createRandom(context.seed);
    const some = random.sample(200, UNIQUE);
    const indices = Array.from({ length: VALUES }, () => some[random.integer(UNIQUE)]);
    const values = indices.map((index) => problem.truth![index] + 0.1 * random.normal());
    const { prior } = prepareModel(problem);
    const ledger = new Ledger();
    indices.forEach((index, t) => {
      ledger.add(observe(index, [values[t]]));
    });
    const unique = posteriorOf(prior, ledger.list());
    const all = textbookPosterior(prior, indices, values);
    const largest = (a: Float64Array, b: Float64Array) =>
      a.reduce((most, value, x) => Math.max(most, Math.abs(value - b[x])), 0);
    const measured: Record<string, number> = {
      mean: largest(unique.mean, all.mean),
      variance: largest(unique.variance, all.variance),
      logDeterminant: Math.abs(unique.logDeterminant - all.logDeterminant),
    };
    for (const ratio of RATIOS) {
      const run = await miniGpUcb.create({ ratio }).solve(problem, { signal: context.signal });
      const bound = (2 * run.informationGain) / Math.log((ratio * ratio + 1) / 2) + 1;
      measured[`updates@${ratio}`] = run.posteriorUpdates;
      measured[`bound@${ratio}`] = bound;
    }
    return measured;
  },
  figure: (m) =>
    `means differ by ${show(m.mean)}, variances by ${show(m.variance)}; updates and bound ${RATIOS.map((c) => `C = ${c}: ${m[`updates@${c}`]} <= ${show(m[`bound@${c}`])}`).join(', ')}`,
  judge(m) {
    const exact = Math.max(m.mean, m.variance, m.logDeterminant) <= 1e-9;
    const bounded = RATIOS.filter((c) => m[`updates@${c}`] <= m[`bound@${c}`]);
    return {
      verdict:
        exact && bounded.length === RATIOS.length
          ? 'holds'
          : exact || bounded.length > 0
            ? 'partly'
            : 'does not hold',
      reason: `Largest difference ${show(Math.max(m.mean, m.variance, m.logDeterminant))}; the bound holds at ${bounded.length} of ${RATIOS.length} values of C.`,
    };
  },
});
