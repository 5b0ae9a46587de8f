import { defineClaim } from '@espalier/core';
import { altminExact } from './altmin-exact.js';
import { lowRankProblem, relativeError } from './generated-problems.js';
import { robustAltmin } from './robust-altmin.js';
import { robustAltminTheory } from './robust-altmin-theory.js';

const OUTER = 6;

/** The analysed algorithm, and what its fresh samples cost. */
export const freshSamples = defineClaim({
  name: 'fresh-samples-halve-the-error',
  tier: 'quick',
  statement:
    'With fresh samples in every half-step the error at least halves in each iteration, with sketched regressions as with exact ones; ' +
    'with all samples in every half-step the error after as many iterations is at most a tenth.',
  paper: {
    figure: 'dist(U_{t+1}) <= dist(U_t) / 2 in each half-step (theorem)',
    setting: `400 x 400, rank 3, nine tenths observed in 2 T + 1 = ${2 * OUTER + 1} parts`,
  },
  async measure({ seed, services, signal, onProgress }) {
    const generated = lowRankProblem({ rows: 400, columns: 400, rank: 3, density: 0.9, condition: 2 }, seed);
    const solvers = {
      exact: altminExact.create({ samples: 'fresh', outer: OUTER }, services),
      srht: robustAltminTheory.create({ outer: OUTER, innerTolerance: 1e-3 }, services),
      all: robustAltmin.create({ maxIterations: OUTER, tolerance: 0, residualTolerance: 0 }, services),
    };
    const measured: Record<string, number> = {};
    for (const [name, solver] of Object.entries(solvers)) {
      onProgress?.(name);
      const solution = await solver.solve(generated.problem, { seed, signal });
      for (const [t, { residual }] of solution.history.entries())
        measured[`${name}.residual${t + 1}`] = residual;
      measured[`${name}.error`] = relativeError(solution, generated);
    }
    return measured;
  },
  figure: (m) =>
    ['exact', 'srht', 'all']
      .map(
        (name) =>
          `${name} ${steps(m, name)
            .map((residual) => residual.toExponential(1))
            .join(' ')}`,
      )
      .join('; '),
  judge(m) {
    const slowest = (name: string) => {
      const list = steps(m, name);
      return Math.max(...list.slice(1).map((residual, t) => residual / list[t]));
    };
    const [exact, srht] = [slowest('exact'), slowest('srht')];
    const waste = Math.min(m['exact.error'], m['srht.error']) / m['all.error'];
    const halves = exact <= 0.5 && srht <= 0.5;
    return {
      verdict: halves && waste >= 10 ? 'holds' : halves || waste >= 10 ? 'partly' : 'does not hold',
      reason:
        `The slowest iteration multiplies the residual by ${exact.toFixed(2)} (exact) and ${srht.toFixed(2)} (SRHT); ` +
        `with all samples the error is ${waste.toPrecision(2)} times smaller.`,
    };
  },
});

function steps(m: Readonly<Record<string, number>>, name: string): number[] {
  return Array.from({ length: OUTER }, (_, t) => m[`${name}.residual${t + 1}`]);
}
