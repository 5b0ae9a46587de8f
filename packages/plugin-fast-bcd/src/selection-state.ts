import type { RandomSource } from '@espalier/core';
import type { BlockConstants, Chosen } from './block-constants.js';
import type { Term } from './regularizer.js';
import type { SmoothModel } from './smooth-model.js';

/** What a selection rule sees. */
export interface SelectionState {
  readonly iteration: number;
  readonly model: SmoothModel;
  readonly term: Term;
  readonly constants: BlockConstants;
  /** L_i, or their estimates where the update estimates them. */
  readonly lipschitz: Float64Array;
  /** The number that `gsl` divides a fixed block by: L_b or its estimate. */
  blockLipschitz(chosen: Chosen): number;
  readonly random: RandomSource;
}

/** Chooses the block of an iteration. */
export type SelectionRule = (state: SelectionState) => Chosen;
