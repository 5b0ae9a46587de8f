import { add, div, mean, mul, neg, rsqrt, square, sum, type Tensor } from '@tensorflow/tfjs-core';
import { defineOp, firstOutput, type Op } from './op.js';
import { requireDtype, requireNumber, requireShape } from './requirements.js';
import { values, wholeNumber } from './samples.js';

/**
 * Root-mean-square normalization over the last axis: x / sqrt(mean(x^2) + epsilon) * gain.
 * Source: B. Zhang, R. Sennrich, "Root Mean Square Layer Normalization", 2019, equation 4.
 *
 * @param x float32 [..., d]
 * @param gain float32 [d]
 * @param epsilon >= 0; more than 0 where a row may be all zeros
 * @returns float32 of the shape of x; differentiable by x and gain
 * @throws TypeError for another dtype, RangeError for shapes that do not fit or a negative epsilon
 */
export function rmsNorm<T extends Tensor>(x: T, gain: Tensor, epsilon = 1e-5): T {
  requireDtype('rmsNorm', 'x', x, 'float32');
  requireDtype('rmsNorm', 'gain', gain, 'float32');
  requireShape('rmsNorm', 'gain', gain, [x.shape.at(-1) ?? 1]);
  requireNumber('rmsNorm', 'epsilon', epsilon, epsilon >= 0, 'a number >= 0');
  return firstOutput(rmsNormOp.run({ x, gain }, { epsilon })) as T;
}

/** `RmsNorm`: { x [..., d], gain [d] }, { epsilon } -> [y, 1 / sqrt(mean(x^2) + epsilon) as [..., 1]]. */
export const rmsNormOp: Op<{ x: Tensor; gain: Tensor }, { epsilon: number }> = defineOp({
  name: 'RmsNorm',
  summary: 'Root-mean-square normalization of rows, times a gain.',
  reference({ x, gain }, { epsilon }) {
    const inverse = rsqrt(add(mean(square(x), -1, true), epsilon));
    return [mul(mul(x, inverse), gain), inverse];
  },
  gradient: {
    inputsToSave: ['x', 'gain'],
    outputsToSave: [false, true],
    backward([dy], [x, gain, inverse]) {
      const [dx, dGain] = rmsNormGradientOp.run({ dy: dy!, x: x!, gain: gain!, inverse: inverse! }, {});
      return { x: () => dx!, gain: () => dGain! };
    },
  },
  sample(random) {
    const d = wholeNumber(random, 1, 19);
    const x = values(random, [wholeNumber(random, 1, 4), wholeNumber(random, 1, 9), d]);
    return { inputs: { x, gain: values(random, [d]) }, attributes: { epsilon: 1e-5 } };
  },
});

/** `RmsNormGradient`: { dy, x [..., d], gain [d], inverse [..., 1] } -> [dx, dgain]. */
export const rmsNormGradientOp: Op<
  { dy: Tensor; x: Tensor; gain: Tensor; inverse: Tensor },
  Record<string, never>
> = defineOp({
  name: 'RmsNormGradient',
  summary: 'Gradients of RmsNorm by its input and its gain.',
  reference({ dy, x, gain, inverse }) {
    const normalized = mul(x, inverse);
    const pulled = mul(dy, gain);
    const along = div(sum(mul(pulled, normalized), -1, true), x.shape.at(-1) ?? 1);
    const dx = mul(add(pulled, neg(mul(normalized, along))), inverse);
    const leading = Array.from({ length: x.rank - 1 }, (_, axis) => axis);
    return [dx, sum(mul(dy, normalized), leading)];
  },
  sample(random) {
    const { inputs, attributes } = rmsNormOp.sample(random);
    const [y, inverse] = rmsNormOp.reference(inputs, attributes);
    return { inputs: { dy: values(random, y!.shape), ...inputs, inverse: inverse! }, attributes: {} };
  },
});
