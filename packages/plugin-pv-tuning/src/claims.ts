import type { Claim } from '@espalier/core';
import { descent } from './descent-claim.js';
import { oneLayer } from './one-layer-claim.js';
import { order } from './order-claim.js';

/** The theory on small problems, the comparison of methods on one layer, and the same on trained models. */
const claims: readonly Claim[] = [descent, oneLayer, order('stories260k', 60), order('tinystories-656k', 40)];
export default claims;
