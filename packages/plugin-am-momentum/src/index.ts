import { definePlugin } from '@espalier/core';
import { amAdamw } from './am-adamw.js';
import { amMsgd } from './am-msgd.js';

export type { DecayFilter } from './decay-filter.js';
export { momentumCoefficients } from './momentum-coefficients.js';
export type { Coefficients } from './momentum-rule.js';
export { amAdamw, amMsgd };

export default definePlugin({
  name: '@espalier/plugin-am-momentum',
  algorithms: [amMsgd, amAdamw],
  scenarios: () => import('./scenarios.js'),
  claims: () => import('./claims.js'),
  golden: () => import('./golden.js'),
});
