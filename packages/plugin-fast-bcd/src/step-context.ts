import type { BlockConstants, Chosen } from './block-constants.js';
import type { Term } from './regularizer.js';
import type { SmoothModel } from './smooth-model.js';

/** What a step works on. */
export interface StepContext {
  readonly model: SmoothModel;
  readonly term: Term;
  readonly constants: BlockConstants;
  /** Estimates of L_i that the rule LA keeps. */
  readonly estimates: Float64Array;
  readonly fallback: 'error' | 'exact';
}

/** The step on a block, or undefined where the line search failed. The gradient is the block's. */
export type StepRule = (chosen: Chosen, g: Float64Array, context: StepContext) => Float64Array | undefined;
