import type { GoldenRunners } from '@espalier/core';
import { blockRun } from './golden-block-run.js';
import { graphBlocks } from './golden-graph-blocks.js';
import { lossConstantsRunner } from './golden-loss-constants.js';
import { nonNegativeRun } from './golden-nonnegative-run.js';

export default {
  'loss-constants': lossConstantsRunner,
  'block-run': blockRun,
  'graph-blocks': graphBlocks,
  'nonnegative-run': nonNegativeRun,
} satisfies GoldenRunners;
