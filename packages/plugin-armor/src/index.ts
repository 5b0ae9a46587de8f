import { definePlugin } from '@espalier/core';
import { type ArmorPartial, armor } from './armor.js';
import { nowagP } from './nowag-p.js';

export { armorCodec } from './armor-codec.js';
export {
  type ArmorFactors,
  type ArmorObserver,
  type ArmorResult,
  type ArmorRound,
  type ArmorSettings,
  armorLayer,
  armorRounds,
} from './armor-layer.js';
export { type BlockSize, blockSizes } from './block-sizes.js';
export {
  type FactoredParts,
  type FactoredWeight,
  factoredFrom,
  factoredWeight,
  type RowMajorFactors,
  restoreFactored,
  type Wrapper,
} from './factored-weight.js';
export { initialMask } from './initial-mask.js';
export { inputWeights, type Normalised, normalise } from './normalise.js';
export { nowagScores } from './nowag-p.js';
export { type NibbleCore, packBitmask, packNibbles, unpackBitmask, unpackNibbles } from './pack-core.js';
export { type ArmorPartial, armor, nowagP };

export default definePlugin({
  name: '@espalier/plugin-armor',
  algorithms: [armor, nowagP],
  scenarios: () => import('./scenarios.js'),
  claims: () => import('./claims.js'),
  golden: () => import('./golden.js'),
  weightCodecs: () => import('./weight-codecs.js'),
});
