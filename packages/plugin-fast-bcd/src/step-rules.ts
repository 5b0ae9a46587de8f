import { UnsupportedError } from '@espalier/core';
import type { Chosen } from './block-constants.js';
import { minimiseBlock } from './block-minimization.js';
import { lipschitzApproximation } from './lipschitz-approximation.js';
import { newtonStep } from './newton-step.js';
import { gradientStep } from './proximal-step.js';
import { blockTerm } from './regularizer.js';
import { prox } from './separable.js';
import type { StepContext, StepRule } from './step-context.js';
import { sweepStep } from './sweep-step.js';
import { twoMetricStep } from './two-metric.js';

/** The update rules by name; in brackets the paper's. */
export const UPDATES = [
  'gradient', // Lb; PG where there is a regularizer
  'diagonal', // Db
  'matrix', // Hb
  'newton', // LS
  'lipschitz-approximation', // LA
  'exact', // exact minimisation of a quadratic
  'message-passing', // the same on forests
  'projected-newton', // PN
  'two-metric', // TMP
  'coordinate-sweeps', // not in the paper: projected Newton without a matrix
] as const;

export type UpdateName = (typeof UPDATES)[number];

/** The rule of that name. */
export const stepRules: Readonly<Record<UpdateName, StepRule>> = {
  gradient: gradientStep,
  diagonal: diagonalStep,
  matrix: matrixStep,
  newton: newtonStep,
  'lipschitz-approximation': lipschitzApproximation,
  exact(chosen, g, context) {
    if (context.model.quadratic) return matrixStep(chosen, g, context);
    throw new UnsupportedError("The update 'exact' minimises quadratic objectives; this one is not.", {
      remedy: "Use 'newton' or 'matrix'.",
    });
  },
  'message-passing': messagePassing,
  'projected-newton': newtonStep,
  'two-metric': twoMetricStep,
  'coordinate-sweeps': sweepStep,
};

/** x_i <- prox(x_i - g_i / D_i) with the Gershgorin sums D_i = sum over the block of |H_ij|. */
function diagonalStep(
  chosen: Chosen,
  g: Float64Array,
  { model, term, constants }: StepContext,
): Float64Array {
  const { block } = chosen;
  const { rows: n, data } = constants.bound(chosen);
  const step = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let k = i * n; k < (i + 1) * n; k++) sum += Math.abs(data[k]);
    if (sum > 0)
      step[i] = prox(term.separable, block[i], model.x[block[i]] - g[i] / sum, sum) - model.x[block[i]];
  }
  return step;
}

/** x_b <- x_b - H_b^+ g_b; with a regularizer the exact minimiser of that model plus the regularizer. */
function matrixStep(chosen: Chosen, g: Float64Array, context: StepContext): Float64Array {
  const { model, term, constants } = context;
  if (term.separable.absent) return constants.factor(chosen).solve(g.map((v) => -v));
  const own = Float64Array.from(chosen.block, (i) => model.x[i]);
  return minimiseBlock(constants.bound(chosen), g, own, blockTerm(term, chosen.block));
}

function messagePassing(chosen: Chosen, g: Float64Array, context: StepContext): Float64Array {
  try {
    return context.constants.forest(chosen).solve(g.map((v) => -v));
  } catch (error) {
    if (context.fallback === 'exact' && error instanceof UnsupportedError)
      return matrixStep(chosen, g, context);
    throw error;
  }
}
