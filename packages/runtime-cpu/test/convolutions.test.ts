import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpuRuntime } from '../src/index.js';
import { expectSame, floats, integers, runOn, stream } from './both-backends.js';

const geometry = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  images: fc.integer({ min: 1, max: 3 }),
  height: fc.integer({ min: 4, max: 9 }),
  width: fc.integer({ min: 4, max: 9 }),
  channels: fc.integer({ min: 1, max: 9 }),
  out: fc.integer({ min: 1, max: 10 }),
  filter: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  strides: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
  pad: fc.constantFrom('same' as const, 'valid' as const, 1),
});

describe('agrees with the tfjs cpu backend on random shapes', () => {
  test('Conv2D, Conv2DBackpropInput, Conv2DBackpropFilter', async () => {
    await fc.assert(
      fc.asyncProperty(geometry, async (shape) => {
        const random = stream(shape.seed);
        const pad = Math.min(...shape.filter) > 1 ? shape.pad : 'valid';
        const x = floats(random, [shape.images, shape.height, shape.width, shape.channels]);
        const filter = floats(random, [...shape.filter, shape.channels, shape.out]);
        const forward = (a: tf.Tensor, b: tf.Tensor) =>
          tf.conv2d(
            a as tf.Tensor4D,
            b as tf.Tensor4D,
            shape.strides,
            pad,
            'NHWC',
            1,
            pad === 1 ? 'floor' : undefined,
          );
        const [y] = await runOn('cpu', [x, filter], (a, b) => forward(a!, b!));
        const dy = floats(random, y!.shape);
        await expectSame([x, filter, dy], (a, b, d) => [forward(a!, b!), ...tf.grads(forward)([a!, b!], d!)]);
      }),
      { numRuns: 60 },
    );
  });

  test('Conv2D with dilation', async () => {
    const random = stream(2);
    await expectSame([floats(random, [2, 9, 8, 3]), floats(random, [3, 2, 3, 4])], (x, filter) =>
      tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same', 'NHWC', [2, 3]),
    );
  });

  test('Conv2D over more images than fit at a time', async () => {
    const random = stream(3);
    const x = floats(random, [5, 64, 64, 24]);
    await expectSame([x, floats(random, [3, 3, 24, 4])], (a, b) =>
      tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'same'),
    );
  });

  test('the gradient of MaxPool', async () => {
    await fc.assert(
      fc.asyncProperty(geometry, async (shape) => {
        const random = stream(shape.seed);
        const pad = shape.pad === 1 ? 'same' : shape.pad;
        // Few values, so that windows hold their maximum more than once.
        const x = integers(random, [shape.images, shape.height, shape.width, shape.channels], 0, 3);
        const pool = (t: tf.Tensor) => tf.maxPool(t as tf.Tensor4D, shape.filter, shape.strides, pad);
        await expectSame([x], (t) => {
          const values = tf.cast(t!, 'float32');
          const y = pool(values);
          const dy = tf.reshape(tf.sin(tf.range(0, y.size)), y.shape);
          return [y, tf.grad(pool)(values, dy)];
        });
      }),
      { numRuns: 40 },
    );
  });

  test('the gradients of DepthwiseConv2dNative', async () => {
    await fc.assert(
      fc.asyncProperty(geometry, fc.integer({ min: 1, max: 3 }), async (shape, multiplier) => {
        const random = stream(shape.seed);
        const pad = Math.min(...shape.filter) > 1 && shape.pad !== 1 ? shape.pad : 'valid';
        const x = floats(random, [shape.images, shape.height, shape.width, shape.channels]);
        const filter = floats(random, [...shape.filter, shape.channels, multiplier]);
        const stride = shape.strides[0];
        const forward = (a: tf.Tensor, b: tf.Tensor) =>
          tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, stride, pad);
        const [y] = await runOn('cpu', [x, filter], (a, b) => forward(a!, b!));
        const dy = floats(random, y!.shape);
        await expectSame([x, filter, dy], (a, b, d) => [forward(a!, b!), ...tf.grads(forward)([a!, b!], d!)]);
      }),
      { numRuns: 60 },
    );
  });
});

test('images with the channels first are refused with a sentence', async () => {
  await cpuRuntime.activate();
  const filterGradient = () =>
    tf.tidy(() => {
      const filter = tf.ones([2, 2, 1, 1]) as tf.Tensor4D;
      const convolve = (f: tf.Tensor) =>
        tf.conv2d(tf.ones([1, 1, 4, 4]) as tf.Tensor4D, f as tf.Tensor4D, 1, 'valid', 'NCHW');
      return tf.grad(convolve)(filter);
    });
  expect(filterGradient).toThrow(/channelsLast|Conv2D/);
});
