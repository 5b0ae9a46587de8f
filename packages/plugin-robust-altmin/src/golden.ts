import type { GoldenRunners } from '@espalier/core';
import { initClip } from './golden-init-clip.js';
import { regression } from './golden-regression.js';
import { altminTrace } from './golden-trace.js';

const golden: GoldenRunners = { regression, 'altmin-trace': altminTrace, 'init-clip': initClip };
export default golden;
