import {
  AdamWOptimizer,
  attention,
  rmsNorm,
  rotaryEmbedding,
  softmaxCrossEntropy,
  swiGlu,
} from '@espalier/kernels';
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cpuRuntime } from '../src/index.js';
import { stream } from './both-backends.js';

let tensorsBefore = 0;
beforeEach(async () => {
  await cpuRuntime.activate();
  tensorsBefore = tf.memory().numTensors;
});
afterEach(() => tf.disposeVariables());

function parameter(shape: number[], seed: number): tf.Variable {
  return tf.tidy(() => tf.variable(tf.randomNormal(shape, 0, 1 / Math.sqrt(shape[0]!), 'float32', seed)));
}

/** Losses of some steps on the same batch. */
function train(loss: () => tf.Scalar, optimizer: tf.Optimizer, steps: number): number[] {
  return Array.from({ length: steps }, () => {
    const value = optimizer.minimize(loss, true)!;
    const number = value.dataSync()[0]!;
    value.dispose();
    return number;
  });
}

describe('training', () => {
  const [b, t, h, d, width, classes] = [2, 9, 2, 4, 8, 11];

  /** One layer of a decoder that learns to name each token's successor. */
  function transformer(): { loss: () => tf.Scalar; dispose: () => void } {
    const random = stream(1);
    const tokens = Int32Array.from({ length: b * t }, () => Math.floor(random() * classes));
    const [embedding, head] = [parameter([classes, width], 1), parameter([width, classes], 2)];
    const [q, k, v, o] = [3, 4, 5, 6].map((seed) => parameter([width, width], seed)) as tf.Variable[];
    const [gate, up, down] = [7, 8, 9].map((seed) => parameter([width, width], seed)) as tf.Variable[];
    const gain = tf.tidy(() => tf.variable(tf.ones([width])));
    const source = tf.tensor1d(tokens, 'int32');
    const target = tf.tensor1d(
      tokens.map((token) => (token * 5 + 3) % classes),
      'int32',
    );
    const [cos, sin] = [tf.ones([t, d / 2]), tf.zeros([t, d / 2])];
    const loss = () => {
      const x = tf.gather(embedding, source);
      const normed = rmsNorm(x, gain);
      const heads = (w: tf.Variable) => tf.reshape(tf.matMul(normed, w), [b, t, h, d]);
      const mixed = attention(
        rotaryEmbedding(heads(q!), cos, sin),
        rotaryEmbedding(heads(k!), cos, sin),
        heads(v!),
        { causal: true },
      );
      const y = tf.add(x, tf.matMul(tf.reshape(mixed, [b * t, width]), o!));
      const z = tf.add(y, tf.matMul(swiGlu(tf.matMul(y, gate!), tf.matMul(y, up!)), down!));
      return tf.mean(softmaxCrossEntropy(tf.matMul(z, head), target)) as tf.Scalar;
    };
    return { loss, dispose: () => tf.dispose([source, target, cos, sin]) };
  }

  test.each([
    ['tf.train.adam', () => tf.train.adam(0.02)],
    ['AdamWOptimizer', () => new AdamWOptimizer({ learningRate: 0.02 })],
  ])('a transformer learns with %s, and leaves no tensor behind', (_name, makeOptimizer) => {
    const { loss, dispose } = transformer();
    const optimizer = makeOptimizer();
    train(loss, optimizer, 2);
    const during = tf.memory().numTensors;
    const losses = train(loss, optimizer, 30);
    expect(tf.memory().numTensors).toBe(during);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 3);
    dispose();
    optimizer.dispose();
    tf.disposeVariables();
    expect(tf.memory().numTensors).toBe(tensorsBefore);
  });

  test('two runs of the same training give the same bits', () => {
    const run = () => {
      const { loss, dispose } = transformer();
      const optimizer = new AdamWOptimizer({ learningRate: 0.02 });
      const losses = train(loss, optimizer, 10);
      dispose();
      optimizer.dispose();
      return losses;
    };
    expect(run()).toEqual(run());
  });

  test('model.fit trains a convolutional net of tf.layers', async () => {
    const model = layers.sequential({
      layers: [
        layers.layers.conv2d({
          inputShape: [8, 8, 1],
          filters: 4,
          kernelSize: 3,
          activation: 'relu',
          padding: 'same',
        }),
        layers.layers.maxPooling2d({ poolSize: 2 }),
        layers.layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' }),
        layers.layers.batchNormalization(),
        layers.layers.flatten(),
        layers.layers.dense({ units: 2, activation: 'softmax' }),
      ],
    });
    model.compile({
      optimizer: new AdamWOptimizer({ learningRate: 0.02 }),
      loss: 'sparseCategoricalCrossentropy',
    });
    const random = stream(2);
    const labels = Float32Array.from({ length: 32 }, (_, i) => i % 2);
    const pixels = Float32Array.from(
      { length: 32 * 64 },
      (_, i) => random() + (Math.floor((i % 64) / 32) === labels[Math.floor(i / 64)] ? 1 : 0),
    );
    const [x, y] = [tf.tensor4d(pixels, [32, 8, 8, 1]), tf.tensor2d(labels, [32, 1])];
    const { history } = await model.fit(x, y, { epochs: 12, batchSize: 16, shuffle: false, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    const [predicted] = [model.predict(x) as tf.Tensor];
    expect(predicted!.shape).toEqual([32, 2]);
    tf.dispose([x, y, predicted!]);
    model.dispose();
  });
});
