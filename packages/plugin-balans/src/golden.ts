import type { GoldenRunner, GoldenRunners } from '@espalier/core';
import { balans } from './balans.js';
import { type DenseMip, denseMip } from './dense-mip.js';
import { violation } from './feasibility.js';
import { acceptanceTrace } from './golden-acceptance.js';
import { neighbourhood } from './golden-neighbourhood.js';
import { selectorTrace } from './golden-selectors.js';
import { statedTolerance } from './golden-tolerance.js';

interface OptimumFile {
  readonly cases: readonly { readonly problem: DenseMip; readonly optimum: number }[];
}

/** Small programs that Balans must solve to optimality within 20 iterations; every incumbent of its history feasible. */
const mipOptimum: GoldenRunner = {
  async run(file) {
    const cases = [];
    for (const { problem } of (file as unknown as OptimumFile).cases) {
      const arrays = denseMip(problem);
      const solution = await balans.create({ maxIterations: 20 }).solve({ source: { arrays } }, { seed: 1 });
      const broken = violation(arrays, solution.x);
      if (broken) throw new Error(`The solution is not feasible: ${broken}.`);
      cases.push({ optimum: solution.objective });
    }
    return { cases };
  },
  tolerance: (_path, file) => statedTolerance(file),
};

const golden: GoldenRunners = {
  'acceptance-trace': acceptanceTrace,
  'selector-trace': selectorTrace,
  neighbourhood,
  'mip-optimum': mipOptimum,
};
export default golden;
