import '@tensorflow/tfjs-backend-cpu';
import type { GradientRequest, LayerStatistics } from '@espalier/core';
import {
  customGrad,
  matMul,
  memory,
  mul,
  type Scalar,
  scalar,
  square,
  sum,
  type Tensor,
  type Tensor2D,
  tensor2d,
  type Variable,
  variable,
} from '@tensorflow/tfjs-core';
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

  it('takes gradients of what is asked for', () => {
    const [model, [batch]] = [tinyModel(), tinyBatches()];
    const namesOf = (request: GradientRequest) => Object.keys(model.gradients!(batch!, request).gradients);
    expect(namesOf({ of: ['dense'] })).toEqual(['hidden', 'output']);
    expect(namesOf({ of: ['other'] })).toEqual(['hidden.bias', 'output.bias']);
    expect(() => namesOf({ of: [] })).toThrow("Ask for 'dense' gradients");
    const all = model.gradients!(batch!).gradients;
    const some = model.gradients!(batch!, { of: ['other'] }).gradients;
    expect([...some['output.bias']!.dataSync()]).toEqual([...all['output.bias']!.dataSync()]);
  });

  it('takes gradients of an objective, by its variables too', () => {
    const [model, [batch]] = [tinyModel(), tinyBatches()];
    const scale = variable(scalar(3));
    // scale * sum(logits^2); tfjs-core alone brings no gradients.
    const objective = (logits: Tensor) =>
      customGrad((x, factor) => {
        const [at, by] = [x as Tensor, factor as Scalar];
        const squares = () => sum(square(at));
        return {
          value: mul(by, squares()),
          gradFunc: (dy: Tensor) => [mul(dy, mul(by, mul(2, at))), mul(dy, squares())],
        };
      })(logits, scale) as Scalar;
    const { loss, gradients } = model.gradients!(batch!, { objective, variables: { scale } });
    const lossNow = () => objective(model.logits(batch!)).dataSync()[0]!;
    expect(loss.dataSync()[0]).toBeCloseTo(lossNow(), 3);
    expect(gradients.scale!.dataSync()[0]).toBeCloseTo(lossNow() / 3, 3);
    const bias = model.otherParameters()['output.bias']!;
    const slope = differences(bias, lossNow, 0.01);
    // A sum of 64 squares of up to 100 in float32.
    for (const [i, value] of gradients['output.bias']!.dataSync().entries())
      expect(Math.abs(value - slope[i]!)).toBeLessThan(0.005 * Math.max(...slope.map(Math.abs)));
  });

  it('takes gradients by the parameters of a stored form', () => {
    const [model, [batch]] = [tinyModel(), tinyBatches()];
    const matrix = variable(
      tensor2d(
        Array.from({ length: 48 }, (_, i) => Math.sin(i)),
        [4, 12],
      ),
    );
    model.replaceWeight('output', {
      ...denseWeight(matrix as unknown as Tensor2D),
      matmul: (x) =>
        customGrad((w) => ({
          value: matMul(x as Tensor2D, w as Tensor2D, false, true),
          gradFunc: (dy: Tensor) => [matMul(dy as Tensor2D, x as Tensor2D, true)],
        }))(matrix),
      parameters: () => ({ matrix }),
    });
    const { gradients } = model.gradients!(batch!, { of: ['dense', 'stored'] });
    expect(Object.keys(gradients)).toEqual(['hidden', 'output', 'output.matrix']);
    const dense = gradients.output!.dataSync();
    for (const [i, value] of gradients['output.matrix']!.dataSync().entries())
      expect(value).toBeCloseTo(dense[i]!, 5);
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
