import type { Chosen } from './block-constants.js';
import type { Term } from './regularizer.js';
import { prox } from './separable.js';
import { projectToSimplex } from './simplex.js';
import type { SmoothModel } from './smooth-model.js';
import type { StepContext } from './step-context.js';

/** x_b <- prox(x_b - g_b / L_b). */
export function gradientStep(
  chosen: Chosen,
  g: Float64Array,
  { model, term, constants }: StepContext,
): Float64Array {
  return proximalStep(chosen.block, g, model, term, constants.lipschitz(chosen));
}

/** The proximal gradient step with one constant for the block; 0 where the block has no curvature and no slope. */
export function proximalStep(
  block: Int32Array,
  g: Float64Array,
  { x }: SmoothModel,
  { separable, total }: Term,
  lipschitz: number,
): Float64Array {
  if (!(lipschitz > 0)) return new Float64Array(block.length);
  if (total !== undefined) {
    const own = Float64Array.from(block, (i) => x[i]);
    const target = own.map((v, j) => v - g[j] / lipschitz);
    const kept = own.reduce((sum, v) => sum + v, 0);
    return projectToSimplex(target, kept).map((v, j) => v - own[j]);
  }
  if (separable.absent) return g.map((v) => -v / lipschitz);
  return g.map((v, j) => {
    const i = block[j];
    return prox(separable, i, x[i] - v / lipschitz, lipschitz) - x[i];
  });
}
