import { UnsupportedError } from '@espalier/core';
import type { Chosen } from './block-constants.js';
import { stepAlong } from './newton-step.js';
import { blockTerm } from './regularizer.js';
import type { StepContext } from './step-context.js';
import { minimiseBySweeps } from './sweep-minimization.js';

/**
 * The projected Newton step without the block's matrix, for sparse data: the second-order model plus the regularizer is minimised to a
 * tolerance by sweeps of coordinate descent and conjugate gradients. Not in the paper.
 *
 * @throws UnsupportedError on a simplex, and for objectives that have no sparse data
 */
export function sweepStep(chosen: Chosen, g: Float64Array, context: StepContext): Float64Array | undefined {
  const { model, term } = context;
  const { block } = chosen;
  if (term.total !== undefined || !model.columns) {
    const why = model.columns
      ? 'moves variables one by one; on a simplex they move together'
      : 'goes through the columns of sparse data; this objective has none';
    throw new UnsupportedError(`The update 'coordinate-sweeps' ${why}.`, {
      remedy: "Use 'projected-newton'.",
    });
  }
  const own = Float64Array.from(block, (i) => model.x[i]);
  const direction = minimiseBySweeps(model.columns(block), g, own, blockTerm(term, block));
  return stepAlong(direction, chosen, g, context);
}
