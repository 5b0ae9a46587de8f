import { createRandom } from '@espalier/core';
import { createBlockConstants } from './block-constants.js';
import type { CompositeProblem } from './composite-minimization.js';
import { type FastBcdOptions, fastBcdSchema } from './fast-bcd-options.js';
import { prepareProblem } from './prepare.js';
import { settingsOf } from './settings.js';

/** The block that a run with these options would change first, at `problem.x0`: its indices. */
export function selectBlock(
  problem: CompositeProblem,
  options: Partial<FastBcdOptions> = {},
  seed = 0,
): Int32Array {
  const { model, term } = prepareProblem(problem);
  const random = createRandom(seed);
  const constants = createBlockConstants(model);
  const { select } = settingsOf(fastBcdSchema.parse(options), model, term, random);
  const { lipschitz } = model;
  const state = {
    iteration: 0,
    model,
    term,
    constants,
    lipschitz,
    blockLipschitz: constants.lipschitz,
    random,
  };
  return select(state).block.slice();
}
