import { dot } from '@espalier/linalg';
import type { Chosen } from './block-constants.js';
import { minimiseBlock } from './block-minimization.js';
import { factorBlock } from './block-solve.js';
import { lineSearch } from './line-search.js';
import { blockTerm, regularizerChange, type Term } from './regularizer.js';
import type { SmoothModel } from './smooth-model.js';
import type { StepContext } from './step-context.js';

/**
 * Newton on a block with the Hessian at x, and a line search: d = -(hess_bb)^+ g_b. With a regularizer (projected Newton, PN) d minimises
 * the second-order model plus the regularizer exactly; for a quadratic objective that is the minimum over the block, and no line
 * search is needed.
 */
export function newtonStep(chosen: Chosen, g: Float64Array, context: StepContext): Float64Array | undefined {
  const { model, term, constants } = context;
  const { block } = chosen;
  const H = model.quadratic ? constants.bound(chosen) : model.hessian(block);
  const own = Float64Array.from(block, (i) => model.x[i]);
  const direction = term.separable.absent
    ? factorBlock(H).solve(g.map((v) => -v))
    : minimiseBlock(H, g, own, blockTerm(term, block));
  return stepAlong(direction, chosen, g, context);
}

/** The step along a direction that lowers the second-order model: all of it for quadratics, else what a line search accepts. */
export function stepAlong(
  direction: Float64Array,
  { block }: Chosen,
  g: Float64Array,
  { model, term }: StepContext,
): Float64Array | undefined {
  if (model.quadratic) return direction;
  const level = term.total === undefined ? 0 : levelAlong(g, direction);
  const slope =
    dot(
      g.map((v) => v - level),
      direction,
    ) + regularizerChange(term, model.x, block, direction);
  // A direction that does not descend is rounding at a minimum over the block.
  if (!(slope < 0)) return new Float64Array(block.length);
  return searchAlong(model, term, block, slope, (alpha) =>
    alpha === 1 ? direction : direction.map((v) => alpha * v),
  );
}

/** The step along an arc that a line search accepts. */
export function searchAlong(
  model: SmoothModel,
  term: Term,
  block: Int32Array,
  slope: number,
  arc: (alpha: number) => Float64Array,
): Float64Array | undefined {
  const valueAt = (alpha: number) => {
    const step = arc(alpha);
    return model.valueAfter(block, step) + regularizerChange(term, model.x, block, step);
  };
  const alpha = lineSearch(valueAt, model.value(), slope);
  return alpha === undefined ? undefined : arc(alpha);
}

/**
 * The gradient where the direction moves, on average. On a simplex the direction adds up to 0 but for rounding, and that rounding times
 * the gradient's level would drown a small slope.
 */
function levelAlong(g: Float64Array, direction: Float64Array): number {
  const weight = direction.reduce((sum, u) => sum + Math.abs(u), 0);
  return weight === 0 ? 0 : direction.reduce((sum, u, j) => sum + Math.abs(u) * g[j], 0) / weight;
}
