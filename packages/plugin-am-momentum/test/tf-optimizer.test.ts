import { tfOptimizer } from '@espalier/models';
import { cpuRuntime } from '@espalier/runtime-cpu';
import {
  matMul,
  mean,
  memory,
  type Scalar,
  square,
  sub,
  tensor2d,
  variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, test } from 'vitest';
import { amAdamw, amMsgd, momentumCoefficients } from '../src/index.js';

await cpuRuntime.activate();

describe.each([
  ['am-msgd', () => amMsgd.create(), 0.5],
  ['am-adamw', () => amAdamw.create(), 0.02],
] as const)('%s as a tf.Optimizer', (_name, create, learningRate) => {
  test('trains a layers model that was compiled with it', async () => {
    const optimizer = create();
    const model = sequential({
      layers: [
        layers.dense({ units: 8, activation: 'relu', inputShape: [2] }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    });
    model.compile({ optimizer: tfOptimizer(optimizer, { learningRate }), loss: 'binaryCrossentropy' });
    const points = Array.from({ length: 64 }, (_, i) => [Math.cos(i), Math.sin(1.7 * i)]);
    const x = tensor2d(points);
    const y = tensor2d(points.map(([a, b]) => [a * a > b ? 1 : 0]));
    const { history } = await model.fit(x, y, { epochs: 40, batchSize: 16, shuffle: false, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses.at(-1)).toBeLessThan(0.7 * losses[0]);
    const beta = await momentumCoefficients(optimizer);
    const values = typeof beta === 'number' ? [beta] : Object.values(beta!);
    expect(values.length).toBeGreaterThan(0);
    for (const value of values) {
      expect(value).toBeGreaterThanOrEqual(0);
      expect(value).toBeLessThanOrEqual(0.9000001);
    }
    model.dispose();
    x.dispose();
    y.dispose();
  });

  test('does with minimize what step does', async () => {
    const target = tensor2d([[1], [-2]]);
    const a = tensor2d([
      [1, 0.5],
      [0, 2],
    ]);
    const loss = (w: Parameters<typeof matMul>[1]) => mean(square(sub(matMul(a, w), target))) as Scalar;
    const [first, second] = [variable(tensor2d([[3], [3]])), variable(tensor2d([[3], [3]]))];
    const throughTf = tfOptimizer(create(), { learningRate: 0.05 });
    const direct = create();
    for (let step = 1; step <= 5; step++) {
      throughTf.minimize(() => loss(first), false, [first]);
      const { value, grads } = variableGrads(() => loss(second), [second]);
      const gradients = { w: grads[second.name] };
      await direct.step({ parameters: { w: second }, gradients, learningRate: 0.05, step });
      value.dispose();
      gradients.w.dispose();
    }
    expect(first.dataSync()).toEqual(second.dataSync());
    direct.dispose();
    throughTf.dispose();
    for (const each of [first, second, a, target]) each.dispose();
  });
});

test('the gap from losses takes the loss that minimize computes; applyGradients alone has none', () => {
  const [w, v] = [variable(tensor2d([[1]])), variable(tensor2d([[1]]))];
  const throughTf = tfOptimizer(amMsgd.create({ gap: 'loss' }), { learningRate: 0.1 });
  const direct = amMsgd.create({ gap: 'loss' });
  for (let step = 1; step <= 4; step++) {
    const before = memory().numTensors;
    throughTf.minimize(() => mean(square(w)) as Scalar, false, [w]);
    if (step > 1) expect(memory().numTensors).toBe(before);
    const { value, grads } = variableGrads(() => mean(square(v)) as Scalar, [v]);
    const gradients = { v: grads[v.name] };
    direct.apply!({ parameters: { v }, gradients, learningRate: 0.1, step, loss: value.dataSync()[0] });
    for (const each of [value, gradients.v]) each.dispose();
  }
  expect(w.dataSync()).toEqual(v.dataSync());
  const gradient = tensor2d([[1]]);
  expect(() => throughTf.applyGradients({ [w.name]: gradient })).toThrow(
    expect.objectContaining({ code: 'invalid-problem' }),
  );
  throughTf.dispose();
  direct.dispose();
  for (const each of [w, v, gradient]) each.dispose();
});
