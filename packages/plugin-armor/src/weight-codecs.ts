import type { WeightCodec } from '@espalier/core';
import { armorCodec } from './armor-codec.js';

/** How the weights of this package stand in checkpoint files. */
const codecs: readonly WeightCodec[] = [armorCodec];
export default codecs;
