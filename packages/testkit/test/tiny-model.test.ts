import '@tensorflow/tfjs-backend-cpu';
import type { LayerStatistics } from '@espalier/core';
import { memory, tensor2d, type Variable } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { denseWeight, tinyBatches, tinyModel } from '../src/neural.js';

const lossOf = (
  model: ReturnType<typeof tinyModel>,
  batch: ReturnType<typeof tinyBatches>[number],
): number => {
  const loss = model.loss(batch);
  const [value] = loss.dataSync();
  loss.dispose();
  return value!;
};

describe('tinyModel', () => {
  it('has gradients that agree with differences of the loss', () => {
    const [model, [batch]] = [tinyModel(), tinyBatches()];
    const { gradients } = model.gradients!(batch!);
    const step = 1e-3;
    for (const [name, bias] of Object.entries(model.otherParameters())) {
      const slope = differences(bias, () => lossOf(model, batch!), step);
      for (const [i, value] of gradients[name]!.dataSync().entries()) expect(value).toBeCloseTo(slope[i]!, 2);
    }
    for (const { name, shape, weight } of model.layers()) {
      const dense = weight.toDense();
      const values = [...dense.dataSync()];
      const at = (value: number) => {
        model.replaceWeight(name, denseWeight(tensor2d([value, ...values.slice(1)], [...shape])));
        return lossOf(model, batch!);
      };
      const slope = (at(values[0]! + step) - at(values[0]! - step)) / (2 * step);
      expect(gradients[name]!.dataSync()[0]).toBeCloseTo(slope, 2);
      at(values[0]!);
    }
  });

  it('gathers statistics that fit together', async () => {
    const [model, batches] = [tinyModel(), tinyBatches()];
    const found: Record<string, LayerStatistics> = {};
    const gather = ['squares', 'hessian', 'inputs', 'outputs'] as const;
    for await (const [name, statistics] of model.capture(batches, { gather })) found[name] = statistics;
    expect(Object.keys(found)).toEqual(['hidden', 'output']);
    const { rows, squares, hessian, inputs, outputs } = found.hidden!;
    const x = inputs!.arraySync();
    expect(rows).toBe(32);
    expect(outputs!.shape).toEqual([32, 12]);
    expect(squares![3]).toBeCloseTo(
      x.reduce((a, row) => a + row[3]! ** 2, 0),
      5,
    );
    expect(hessian![8 * 3 + 5]).toBeCloseTo(
      x.reduce((a, row) => a + row[3]! * row[5]!, 0),
      5,
    );
    expect(hessian![9 * 3]).toBe(squares![3]);
  });

  it('clones share weights, and the last one disposes of them', () => {
    const before = memory().numTensors;
    const model = tinyModel();
    const copy = model.clone();
    copy.replaceWeight('hidden', denseWeight(tensor2d(new Float32Array(96), [12, 8])));
    model.dispose();
    expect(copy.layers().map(({ weight }) => weight.bytes)).toEqual([384, 192]);
    expect(copy.bytes).toBe(384 + 192 + 4 * 16);
    copy.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('refuses unknown layers, other shapes and batches without targets', () => {
    const model = tinyModel();
    const weight = denseWeight(tensor2d([[1]]));
    expect(() => model.replaceWeight('third', weight)).toThrow('hidden and output');
    expect(() => model.replaceWeight('hidden', weight)).toThrow('[12,8]');
    expect(() => model.loss({ inputs: tinyBatches()[0]!.inputs })).toThrow('targets');
    expect(() => model.setBlockActive('block', false)).toThrow('no block');
  });
});

/** Central differences in every element of `parameter`. */
function differences(parameter: Variable, f: () => number, step: number): number[] {
  const values = [...parameter.dataSync()];
  const at = (i: number, by: number) => {
    parameter.assign(
      tensor2d(
        values.map((v, j) => (i === j ? v + by : v)),
        parameter.shape as [number, number],
      ),
    );
    return f();
  };
  const slopes = values.map((_, i) => (at(i, step) - at(i, -step)) / (2 * step));
  at(0, 0);
  return slopes;
}
