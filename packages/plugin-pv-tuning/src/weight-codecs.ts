import type { WeightCodec } from '@espalier/core';
import { aqlmCodec } from './aqlm-codec.js';

/** How the weights of this package stand in checkpoint files. */
const codecs: readonly WeightCodec[] = [aqlmCodec];
export default codecs;
