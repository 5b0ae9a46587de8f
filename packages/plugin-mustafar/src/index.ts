import { definePlugin } from '@espalier/core';
import { mustafar } from './mustafar.js';

export { MustafarCache } from './mustafar-cache.js';
export { KEY_METHODS, type MustafarOptions, VALUE_METHODS } from './mustafar-options.js';
export { PackedPart, type PackedStorage } from './packed-part.js';
export { channelMagnitude, tokenMagnitude } from './pruners/magnitude.js';
export { sparsityForBudget } from './sparsity-for-budget.js';
export { mustafar };

export default definePlugin({
  name: '@espalier/plugin-mustafar',
  algorithms: [mustafar],
  scenarios: () => import('./scenarios.js'),
  claims: () => import('./claims.js'),
  golden: () => import('./golden.js'),
});
