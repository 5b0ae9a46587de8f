import { add, mul, sigmoid, sub, type Tensor } from '@tensorflow/tfjs-core';
import { defineOp, type Op } from './op.js';
import { requireDtype, requireShape } from './requirements.js';
import { values, wholeNumber } from './samples.js';

/**
 * Gated unit of Llama's feed-forward layers: gate sigmoid(gate) up.
 * Source: N. Shazeer, "GLU Variants Improve Transformer", 2020, equation 5, without the linear maps.
 *
 * @param gate float32 of any shape
 * @param up float32 of the same shape
 * @returns float32 of that shape; differentiable by both
 * @throws TypeError for another dtype, RangeError for shapes that differ
 */
export function swiGlu<T extends Tensor>(gate: T, up: T): T {
  requireDtype('swiGlu', 'gate', gate, 'float32');
  requireDtype('swiGlu', 'up', up, 'float32');
  requireShape('swiGlu', 'up', up, gate.shape);
  return swiGluOp.run({ gate, up }, {})[0] as T;
}

/** `SwiGlu`: { gate, up } -> [y]. */
export const swiGluOp: Op<{ gate: Tensor; up: Tensor }, Record<string, never>> = defineOp({
  name: 'SwiGlu',
  summary: 'gate sigmoid(gate) up, number by number.',
  reference: ({ gate, up }) => [mul(mul(gate, sigmoid(gate)), up)],
  gradient: {
    inputsToSave: ['gate', 'up'],
    backward([dy], [gate, up]) {
      const [dGate, dUp] = swiGluGradientOp.run({ dy: dy!, gate: gate!, up: up! }, {});
      return { gate: () => dGate!, up: () => dUp! };
    },
  },
  sample(random) {
    const shape = [wholeNumber(random, 1, 7), wholeNumber(random, 1, 9)];
    return { inputs: { gate: values(random, shape), up: values(random, shape) }, attributes: {} };
  },
});

/** `SwiGluGradient`: { dy, gate, up } -> [dgate, dup]. */
export const swiGluGradientOp: Op<{ dy: Tensor; gate: Tensor; up: Tensor }, Record<string, never>> = defineOp(
  {
    name: 'SwiGluGradient',
    summary: 'Gradients of SwiGlu by the gate and by what it lets through.',
    reference({ dy, gate, up }) {
      const open = sigmoid(gate);
      const slope = mul(open, add(1, mul(gate, sub(1, open))));
      return [mul(mul(dy, up), slope), mul(dy, mul(gate, open))];
    },
    sample(random) {
      const { inputs } = swiGluOp.sample(random);
      return { inputs: { dy: values(random, inputs.gate.shape), ...inputs }, attributes: {} };
    },
  },
);
