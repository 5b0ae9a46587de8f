import type { LayerStatistics } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { magnitude } from '../src/baselines/index.js';
import { compressibleLayersModel } from '../src/layers-model/index.js';
import { bitmapWeight, denseWeight } from '../src/weights/index.js';
import { expectClose, take, withRuntime } from './llama-fixture.js';

const { layers } = tfl;
withRuntime();

const convNet = () => {
  const init = (seed: number) => tfl.initializers.randomNormal({ mean: 0, stddev: 0.4, seed });
  return tfl.sequential({
    layers: [
      layers.conv2d({
        ...{
          name: 'conv',
          filters: 3,
          kernelSize: [3, 2],
          strides: [2, 1],
          padding: 'same',
          activation: 'relu',
        },
        ...{ inputShape: [6, 5, 2], kernelInitializer: init(1) },
      }),
      layers.batchNormalization({ name: 'norm' }),
      layers.depthwiseConv2d({
        ...{
          name: 'depthwise',
          kernelSize: 2,
          depthMultiplier: 2,
          padding: 'valid',
          depthwiseInitializer: init(2),
        },
      }),
      layers.flatten({ name: 'flat' }),
      layers.dense({ name: 'head', units: 4, activation: 'softmax', kernelInitializer: init(3) }),
    ],
  });
};

const images = () => tf.randomNormal([7, 6, 5, 2], 0, 1, 'float32', 4);

/** Runs `work` with a new model, and disposes of it. */
async function withNet(make: () => tfl.LayersModel, work: (net: tfl.LayersModel) => Promise<void> | void) {
  const net = make();
  try {
    await work(net);
  } finally {
    net.dispose();
  }
}

describe('a convolutional net', () => {
  test('has its layers as matrices, and the same outputs', () =>
    withNet(convNet, (net) => {
      const model = compressibleLayersModel(net);
      expect(model.layers().map(({ name, kind, shape }) => [name, kind, ...shape])).toEqual([
        ['conv', 'convolution', 3, 12],
        ['depthwise', 'convolution', 6, 4],
        ['head', 'linear', 4, 48],
      ]);
      expect(model.layers()[0]).toMatchObject({
        kernel: [3, 2],
        readsInput: true,
        multiplyAdds: 3 * 12 * 15,
      });
      const inputs = images();
      const expected = net.predict(inputs) as tf.Tensor;
      const probabilities = tf.tidy(() => tf.softmax(model.logits({ inputs })));
      expectClose(take(probabilities), take(expected), 1e-5);
      inputs.dispose();
      model.dispose();
    }));

  test('gathers the rows that its weights multiply', () =>
    withNet(convNet, async (net) => {
      const model = compressibleLayersModel(net);
      const inputs = images();
      const symbols = model.layers().map(({ name }) => net.getLayer(name).output as tfl.SymbolicTensor);
      // Biases are zero and the first activation is a relu: outputs of tfjs are what the rows give.
      const outputs = tfl.model({ inputs: net.inputs, outputs: symbols }).predict(inputs) as tf.Tensor[];
      let next = 0;
      for await (const [name, statistics] of model.capture([{ inputs }], {
        gather: ['inputs', 'hessian', 'squares'],
      })) {
        const { inputs: rows, hessian, squares } = statistics as Required<LayerStatistics>;
        const weight = model.weightLayer(name);
        const matrix = model.layers()[next].weight.toDense();
        const products = tf.tidy(() => tf.matMul(rows, matrix, false, true).arraySync() as number[][]);
        const output = outputs[next++];
        const found = [...output.dataSync()];
        if (name === 'conv')
          expectClose(
            products.flat().map((value) => Math.max(0, value)),
            found,
            1e-4,
          );
        // Row c of a position holds channel c: its own filters are the c-th pair of rows of the weight.
        if (name === 'depthwise')
          expectClose(
            products.flatMap((row, i) => row.slice(2 * (i % 3), 2 * (i % 3) + 2)),
            found,
            1e-4,
          );
        const gram = tf.tidy(() => [...tf.matMul(rows, rows, true).dataSync()]);
        expectClose(hessian, gram, 1e-2);
        expectClose(
          squares,
          gram.filter((_, i) => i % (weight.shape[1] + 1) === 0),
          1e-2,
        );
        tf.dispose([rows, matrix]);
      }
      expect(next).toBe(3);
      tf.dispose([inputs, outputs]);
      model.dispose();
    }));

  test('computes with what replaces a weight, and gives it back to tfjs', () =>
    withNet(convNet, (net) => {
      const model = compressibleLayersModel(net);
      const inputs = images();
      for (const { name, shape, weight } of model.layers()) {
        const values = Float32Array.from(take(weight.toDense()), (value) => (value > 0.2 ? value : 0));
        model.replaceWeight(name, bitmapWeight(values, shape));
      }
      const exported = model.toLayersModel();
      const expected = take(exported.predict(inputs) as tf.Tensor);
      expectClose(take(tf.tidy(() => tf.softmax(model.logits({ inputs })))), expected, 1e-5);
      const untouched = take(net.predict(inputs) as tf.Tensor);
      expect(untouched).not.toEqual(expected);
      exported.dispose();
      inputs.dispose();
      model.dispose();
    }));

  test('clones can be changed without touching the model', () =>
    withNet(convNet, (net) => {
      const model = compressibleLayersModel(net);
      const inputs = images();
      const before = take(model.logits({ inputs }));
      const copy = model.clone();
      expect(take(copy.logits({ inputs }))).toEqual(before);
      copy.replaceWeight('head', denseWeight(tf.zeros<tf.Rank.R2>([4, 48])));
      for (const parameter of Object.values(copy.otherParameters()))
        tf.tidy(() => parameter.assign(tf.ones(parameter.shape)));
      copy.dispose();
      expect(take(model.logits({ inputs }))).toEqual(before);
      inputs.dispose();
      model.dispose();
    }));

  test('has gradients by layers and other parameters: the slopes of its loss', () =>
    withNet(convNet, (net) => {
      const model = compressibleLayersModel(net);
      const [inputs, targets] = [images(), tf.tensor1d([0, 1, 2, 3, 0, 1, 2], 'int32')];
      const batch = { inputs, targets };
      const { loss, gradients } = model.gradients(batch, { mode: 'evaluate' });
      expectClose(take(loss), take(model.loss(batch)), 1e-6);
      expect(Object.keys(gradients).sort()).toEqual(
        [
          'conv',
          'conv.bias',
          'depthwise',
          'depthwise.bias',
          'head',
          'head.bias',
          'norm.beta',
          'norm.gamma',
        ].sort(),
      );
      for (const { name, shape, weight } of model.layers()) {
        const [values, gradient] = [take(weight.toDense()), gradients[name].dataSync()];
        const index = gradient.findIndex((value) => Math.abs(value) > 1e-3);
        const lossAt = (step: number) => {
          const moved = Float32Array.from(values, (value, i) => (i === index ? value + step : value));
          const changed = model.clone();
          changed.replaceWeight(name, denseWeight(tf.tensor2d(moved, [...shape])));
          const [value] = take(changed.loss(batch));
          changed.dispose();
          return value;
        };
        expect((lossAt(1e-2) - lossAt(-1e-2)) / 2e-2, name).toBeCloseTo(gradient[index], 2);
      }
      tf.dispose([inputs, targets, ...Object.values(gradients)]);
      model.dispose();
    }));

  test('refreshes the statistics of batch normalization over all batches together', () =>
    withNet(convNet, async (net) => {
      const model = compressibleLayersModel(net);
      const inputs = images();
      const [first, second] = tf.split(inputs, [3, 4]);
      await model.refreshStatistics([{ inputs: first }, { inputs: second }]);
      const conv = tfl.model({
        inputs: net.inputs,
        outputs: net.getLayer('conv').output as tfl.SymbolicTensor,
      });
      const values = conv.predict(inputs) as tf.Tensor;
      const expected = tf.tidy(() => {
        const { mean, variance } = tf.moments(values, [0, 1, 2]);
        return [[...mean.dataSync()], [...variance.dataSync()]];
      });
      const exported = model.toLayersModel();
      const [, , mean, variance] = exported.getLayer('norm').getWeights();
      expectClose(mean.dataSync(), expected[0], 1e-5);
      expectClose(variance.dataSync(), expected[1], 1e-5);
      await expect(model.refreshStatistics([])).rejects.toThrow(/no batch/);
      exported.dispose();
      tf.dispose([inputs, first, second, values]);
      model.dispose();
    }));

  test('can be pruned by a pruner that knows nothing of images', () =>
    withNet(convNet, async (net) => {
      const model = compressibleLayersModel(net);
      const report = await magnitude.create().prune(model, { pattern: 'unstructured', sparsity: 0.5 });
      expect(report.layers.map(({ sparsity }) => sparsity)).toEqual([0.5, 0.5, 0.5]);
      report.model.dispose();
      model.dispose();
    }));
});

describe('residual branches', () => {
  const residual = () => {
    const input = tfl.input({ shape: [5] });
    const start = layers.dense({ name: 'start', units: 4 }).apply(input) as tfl.SymbolicTensor;
    const hidden = layers
      .dense({ name: 'inner', units: 6, activation: 'relu' })
      .apply(start) as tfl.SymbolicTensor;
    const branch = layers.dense({ name: 'outer', units: 4 }).apply(hidden) as tfl.SymbolicTensor;
    const sum = layers.add({ name: 'sum' }).apply([branch, start]) as tfl.SymbolicTensor;
    return tfl.model({
      inputs: input,
      outputs: layers.dense({ name: 'end', units: 2 }).apply(sum) as tfl.SymbolicTensor,
    });
  };

  test('can be dropped', () =>
    withNet(residual, (net) => {
      const model = compressibleLayersModel(net);
      expect(model.blocks()).toEqual([{ name: 'sum', part: 'block', index: 0, active: true }]);
      expect(model.layers().map(({ name, block }) => [name, block])).toEqual([
        ['start', undefined],
        ['inner', 'sum'],
        ['outer', 'sum'],
        ['end', undefined],
      ]);
      const inputs = tf.randomNormal([3, 5], 0, 1, 'float32', 1);
      const before = model.multiplyAdds;
      model.setBlockActive('sum', false);
      const dropped = take(model.logits({ inputs }));
      expect(before - model.multiplyAdds).toBe(48);
      model.setBlockActive('sum', true);
      model.replaceWeight('outer', denseWeight(tf.zeros<tf.Rank.R2>([4, 6])));
      expectClose(dropped, take(model.logits({ inputs })), 1e-6);
      expect(() => model.setBlockActive('end', false)).toThrow(/the blocks are: sum/);
      inputs.dispose();
      model.dispose();
    }));
});

describe('embeddings and losses', () => {
  const embedded = () =>
    tfl.sequential({
      layers: [
        layers.embedding({ name: 'table', inputDim: 7, outputDim: 3, inputLength: 4 }),
        layers.flatten(),
        layers.dense({ name: 'score', units: 1, activation: 'sigmoid' }),
      ],
    });

  test('an embedding is a layer, left out of captures unless it is named', () =>
    withNet(embedded, async (net) => {
      const model = compressibleLayersModel(net);
      const inputs = tf.tensor2d([[0, 6, 3, 3]], [1, 4], 'int32');
      expect(model.layers()[0]).toMatchObject({ name: 'table', kind: 'embedding', shape: [7, 3] });
      const expected = take(net.predict(inputs) as tf.Tensor);
      expectClose(take(tf.tidy(() => tf.sigmoid(model.logits({ inputs })))), expected, 1e-6);
      const names: string[] = [];
      for await (const [name] of model.capture([{ inputs }], { gather: ['squares'] })) names.push(name);
      expect(names).toEqual(['score']);
      const named = model
        .capture([{ inputs }], { gather: ['squares'], layers: ['table'] })
        [Symbol.asyncIterator]();
      await expect(named.next()).rejects.toThrow(/are indices/);
      inputs.dispose();
      model.dispose();
    }));

  test('a sigmoid suggests the binary cross-entropy; another loss can be asked for', () =>
    withNet(embedded, (net) => {
      const model = compressibleLayersModel(net);
      const [inputs, targets] = [tf.tensor2d([[0, 6, 3, 3]], [1, 4], 'int32'), tf.tensor2d([[1]])];
      const [score] = take(model.logits({ inputs }));
      expectClose(take(model.loss({ inputs, targets })), [Math.log(1 + Math.exp(-score))], 1e-5);
      const squared = compressibleLayersModel(net, { loss: 'mean-squared-error' });
      expectClose(take(squared.loss({ inputs, targets })), [(score - 1) ** 2], 1e-5);
      expect(() => model.loss({ inputs })).toThrow(/needs the targets/);
      tf.dispose([inputs, targets]);
      squared.dispose();
      model.dispose();
    }));
});

describe('what is refused', () => {
  test('a model without layers', () => {
    expect(() => compressibleLayersModel(tfl.sequential())).toThrow(/no layers/);
  });

  test('a model within a model', () => {
    const inner = tfl.sequential({ layers: [layers.dense({ units: 2, inputShape: [3] })] });
    const outer = tfl.sequential({ layers: [inner] });
    expect(() => compressibleLayersModel(outer)).toThrow(/model of its own/);
    outer.dispose();
  });
});
