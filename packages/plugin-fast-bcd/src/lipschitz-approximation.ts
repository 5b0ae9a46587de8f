import { dot } from '@espalier/linalg';
import type { Chosen } from './block-constants.js';
import { proximalStep } from './proximal-step.js';
import type { StepContext } from './step-context.js';

/** Doublings before the step is given up: 2^100 is beyond any finite constant of sensible data. */
const MAX_DOUBLINGS = 100;

/**
 * LA: the gradient step with an estimate of L_b, the largest estimate among the block's coordinates (they start at 1). It is doubled
 * until f falls as a constant that holds would make it fall: f(x + d) <= f + g'd + (L/2) ||d||^2.
 */
export function lipschitzApproximation(
  { block }: Chosen,
  g: Float64Array,
  { model, term, estimates }: StepContext,
): Float64Array | undefined {
  let lipschitz = block.reduce((largest, i) => Math.max(largest, estimates[i]), 0);
  const value = model.value();
  // Differences of values are only as good as their rounding.
  const rounding = 1e-15 * Math.abs(value);
  for (let doubling = 0; doubling < MAX_DOUBLINGS; doubling++) {
    const step = proximalStep(block, g, model, term, lipschitz);
    const allowed = value + dot(g, step) + 0.5 * lipschitz * dot(step, step);
    if (model.valueAfter(block, step) <= allowed + rounding) {
      for (const i of block) estimates[i] = lipschitz;
      return step;
    }
    lipschitz *= 2;
  }
  return undefined;
}
