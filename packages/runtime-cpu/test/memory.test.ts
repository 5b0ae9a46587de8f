import '@tensorflow/tfjs-backend-cpu';
// With tfjs-core alone Node has no gradients.
import '@tensorflow/tfjs-layers';
import { attention, rmsNorm, rotaryEmbedding, softmaxCrossEntropy, swiGlu } from '@espalier/kernels';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { cpuRuntime } from '../src/index.js';

const backends = [
  ['this runtime', () => cpuRuntime.activate()],
  ['definitions in tensor operations', () => tf.setBackend('cpu')],
] as const;

/** Each function of one tensor of the shape beside it, called as a user does; what else it takes is made once. */
const functions = () => {
  const [gain, labels, angles] = [tf.ones([4]), tf.tensor1d([0, 3, 1], 'int32'), tf.ones([3, 2])];
  return [
    ['attention', [1, 3, 2, 4], (x: tf.Tensor) => attention(x, x, x, { causal: true })],
    ['rmsNorm', [3, 4], (x: tf.Tensor) => rmsNorm(x, gain)],
    ['softmaxCrossEntropy', [3, 4], (x: tf.Tensor) => softmaxCrossEntropy(x, labels)],
    ['rotaryEmbedding', [1, 3, 2, 4], (x: tf.Tensor) => rotaryEmbedding(x, angles, angles)],
    ['swiGlu', [3, 4], (x: tf.Tensor) => swiGlu(x, x)],
  ] as const;
};

describe.each(backends)('outside of tidy, with %s', (_name, activate) => {
  test('a function leaves its result and nothing else, and its gradient too', async () => {
    await activate();
    for (const [name, shape, f] of functions()) {
      const x = tf.randomNormal([...shape], 0, 1, 'float32', 1);
      const before = tf.memory().numTensors;
      const y = f(x);
      expect([name, tf.memory().numTensors - before]).toEqual([name, 1]);
      const dx = tf.grad(f)(x);
      expect([name, tf.memory().numTensors - before]).toEqual([name, 2]);
      const inside = tf.tidy(() => tf.grad(f)(x));
      expect([...dx.dataSync()]).toEqual([...inside.dataSync()]);
      tf.dispose([x, y, dx, inside]);
    }
  });
});
