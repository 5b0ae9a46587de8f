import { add, concat, cos, expandDims, mul, sin, slice, sub, type Tensor } from '@tensorflow/tfjs-core';
import { defineOp, type Op } from './op.js';
import { requireDtype, requireShape } from './requirements.js';
import { values, wholeNumber } from './samples.js';

/**
 * Rotary position embedding, half-split convention: the pair (x_j, x_{j + d/2}) of each head turns by the angle of its
 * position: (x_j cos - x_{j + d/2} sin, x_{j + d/2} cos + x_j sin).
 * Source: J. Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021, section 3.2.2.
 *
 * @param x float32 [sequences, positions, heads, d], d even
 * @param cos float32 [positions, d / 2]: cosines of the angles
 * @param sin float32 [positions, d / 2]: their sines
 * @returns float32 of the shape of x; differentiable by x
 * @throws TypeError for another dtype, RangeError for shapes that do not fit or an odd d
 */
export function rotaryEmbedding<T extends Tensor>(x: T, cos: Tensor, sin: Tensor): T {
  requireShape('rotaryEmbedding', 'x', x, [null, null, null, null]);
  const [, positions, , d] = x.shape as [number, number, number, number];
  if (d % 2 !== 0) throw new RangeError(`rotaryEmbedding: heads have ${d} numbers; the number must be even.`);
  for (const [name, tensor] of Object.entries({ x, cos, sin })) {
    requireDtype('rotaryEmbedding', name, tensor, 'float32');
  }
  requireShape('rotaryEmbedding', 'cos', cos, [positions, d / 2]);
  requireShape('rotaryEmbedding', 'sin', sin, [positions, d / 2]);
  return rotaryEmbeddingOp.run({ x, cos, sin }, { inverse: false })[0] as T;
}

/** `RotaryEmbedding`: { x [b, t, h, d], cos [t, d/2], sin [t, d/2] }, { inverse: turn back } -> [y]. */
export const rotaryEmbeddingOp: Op<{ x: Tensor; cos: Tensor; sin: Tensor }, { inverse: boolean }> = defineOp({
  name: 'RotaryEmbedding',
  summary: 'Turns pairs of numbers by the angle of their position.',
  reference({ x, cos, sin }, { inverse }) {
    const [b, t, h, d] = x.shape as [number, number, number, number];
    const half = d / 2;
    const low = slice(x, [0, 0, 0, 0], [b, t, h, half]);
    const high = slice(x, [0, 0, 0, half], [b, t, h, half]);
    const c = expandDims(cos, 1);
    const s = mul(expandDims(sin, 1), inverse ? -1 : 1);
    return [concat([sub(mul(low, c), mul(high, s)), add(mul(high, c), mul(low, s))], 3)];
  },
  gradient: {
    inputsToSave: ['cos', 'sin'],
    backward([dy], [cos, sin], { inverse }) {
      const inputs = { x: dy!, cos: cos!, sin: sin! };
      return { x: () => rotaryEmbeddingOp.run(inputs, { inverse: !inverse })[0]! };
    },
  },
  sample(random) {
    const half = wholeNumber(random, 1, 9);
    const positions = wholeNumber(random, 1, 6);
    const x = values(random, [wholeNumber(random, 1, 3), positions, wholeNumber(random, 1, 3), 2 * half]);
    const angles = values(random, [positions, half]);
    return { inputs: { x, cos: cos(angles), sin: sin(angles) }, attributes: { inverse: random() < 0.5 } };
  },
});
