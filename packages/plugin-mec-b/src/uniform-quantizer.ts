import { type Encoder, encoderFromLabels } from './encoder.js';
import { BUDGET_TOLERANCE } from './entropy.js';

/**
 * The scalar quantizer that the paper compares with: floor(2^budget) blocks of neighbouring indices, the last one perhaps shorter;
 * H(T) <= log2(blocks) <= budget whatever the probabilities are. Blocks without probability get no code word.
 */
export function quantizeUniformly(px: Float64Array, budget: number): Encoder {
  const blocks = Math.max(1, Math.min(px.length, Math.floor(2 ** (budget + BUDGET_TOLERANCE))));
  const size = Math.ceil(px.length / blocks);
  return encoderFromLabels(Int32Array.from(px, (p, x) => (p > 0 ? Math.floor(x / size) : -1)));
}
