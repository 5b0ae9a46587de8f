// The two models in tfjs: one code for plain tfjs and for this runtime. The ops of @espalier/kernels run as their reference, in
// plain tfjs ops, where the backend has no kernel for them.
import { attention, rmsNorm, rotaryEmbedding, softmaxCrossEntropy, swiGlu } from '@espalier/kernels';
import * as tf from '@tensorflow/tfjs-core';
import {
  convNet,
  convNetShapes,
  imageBatch,
  initialValues,
  tokenBatch,
  transformer,
  transformerShapes,
} from './weights.mjs';

function variables(prefix, shapes, seed) {
  const values = initialValues(shapes, seed);
  return Object.fromEntries(
    shapes.map(([name, shape], i) => [
      name,
      tf.variable(tf.tensor(values[i], shape), true, `${prefix}/${name}`),
    ]),
  );
}

/** Loss of a Llama-like decoder (RMSNorm, rotary positions, SwiGLU) as a function without arguments. */
export function transformerLoss() {
  const { width, layers, heads, batch, tokens, vocabulary } = transformer;
  const weights = variables('transformer', transformerShapes(), 1);
  const all = tf.tensor2d(tokenBatch(2), [batch, tokens + 1], 'int32');
  const input = tf.slice(all, [0, 0], [batch, tokens]);
  const target = tf.reshape(tf.slice(all, [0, 1], [batch, tokens]), [batch * tokens]);
  const d = width / heads;
  const angles = tf.tidy(() =>
    tf.outerProduct(
      tf.range(0, tokens),
      tf.tensor1d(Array.from({ length: d / 2 }, (_, j) => 10000 ** ((-2 * j) / d))),
    ),
  );
  const [cos, sin] = [tf.cos(angles), tf.sin(angles)];
  return () => {
    const heads4D = (x, w) => tf.reshape(tf.matMul(x, w), [batch, tokens, heads, d]);
    let x = tf.gather(weights.embedding, tf.reshape(input, [batch * tokens]));
    for (let i = 0; i < layers; i++) {
      const w = (name) => weights[`${i}.${name}`];
      const normed = rmsNorm(x, w('norm1'));
      const q = rotaryEmbedding(heads4D(normed, w('q')), cos, sin);
      const k = rotaryEmbedding(heads4D(normed, w('k')), cos, sin);
      const mixed = attention(q, k, heads4D(normed, w('v')), { causal: true });
      x = tf.add(x, tf.matMul(tf.reshape(mixed, [batch * tokens, width]), w('o')));
      const second = rmsNorm(x, w('norm2'));
      const opened = swiGlu(tf.matMul(second, w('gate')), tf.matMul(second, w('up')));
      x = tf.add(x, tf.matMul(opened, w('down')));
    }
    const logits = tf.matMul(rmsNorm(x, weights.norm), weights.head);
    if (logits.shape[1] !== vocabulary) throw new Error('The head has the wrong width.');
    return tf.mean(softmaxCrossEntropy(logits, target));
  };
}

/** Loss of a small convolutional net as a function without arguments. */
export function convNetLoss() {
  const { batch, side, channels } = convNet;
  const weights = variables('convNet', convNetShapes(), 3);
  const { images, labels } = imageBatch(4);
  const input = tf.tensor4d(images, [batch, side, side, 1]);
  const target = tf.tensor1d(labels, 'int32');
  return () => {
    let x = input;
    channels.forEach((_out, i) => {
      x = tf.relu(tf.add(tf.conv2d(x, weights[`filter${i}`], 1, 'same'), weights[`bias${i}`]));
      if (i % 2 === 1) x = tf.maxPool(x, 2, 2, 'valid');
    });
    const flat = tf.reshape(x, [batch, -1]);
    const hidden = tf.relu(tf.add(tf.matMul(flat, weights.dense), weights.denseBias));
    return tf.mean(softmaxCrossEntropy(tf.add(tf.matMul(hidden, weights.head), weights.headBias), target));
  };
}
