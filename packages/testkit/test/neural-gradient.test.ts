import '@tensorflow/tfjs-backend-cpu';
import { definePruner } from '@espalier/core';
import {
  customGrad,
  matMul,
  registerGradient,
  reshape,
  type Tensor,
  type Tensor2D,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { denseWeight, prunerChecks } from '../src/neural.js';
import { fixture, good } from './broken/pruners.js';
import { failing } from './failing.js';

const GRADIENT = 'stores weights whose product has a gradient in x, where gradients are registered';

// tfjs-core alone brings no gradients: the two that the product needs are written out here.
beforeAll(() => {
  registerGradient({
    kernelName: 'Reshape',
    inputsToSave: ['x'],
    gradFunc: (dy, [x]) => ({ x: () => reshape(dy as Tensor, x!.shape) }),
  });
  registerGradient({
    kernelName: 'BatchMatMul',
    inputsToSave: ['a', 'b'],
    gradFunc: (dy, [a, b], attributes) => {
      const { transposeB } = attributes as unknown as { readonly transposeB: boolean };
      const [slope, x, w] = [dy, a, b] as unknown as [Tensor2D, Tensor2D, Tensor2D];
      return {
        a: () => matMul(slope, w, false, !transposeB),
        b: () => (transposeB ? matMul(slope, x, true) : matMul(x, slope, true)),
      };
    },
  });
});

it('a pruner whose products can be differentiated passes', async () => {
  expect(await failing(prunerChecks(good, fixture))).toEqual([]);
});

it('catches a pruner whose products have a wrong gradient', async () => {
  const flat = definePruner({
    ...good,
    create: () => ({
      async prune(model, request, run) {
        const report = await good.create().prune(model, request, run);
        for (const { name, weight } of report.model.layers()) {
          const own = denseWeight(weight.toDense()); // the model disposes of the one that it had
          report.model.replaceWeight(name, {
            ...own,
            matmul: (x) =>
              customGrad((at) => ({
                value: own.matmul(at as Tensor),
                gradFunc: () => [zerosLike(at as Tensor)],
              }))(x),
          });
        }
        return report;
      },
    }),
  });
  expect(await failing(prunerChecks(flat, fixture))).toEqual([GRADIENT]);
});
