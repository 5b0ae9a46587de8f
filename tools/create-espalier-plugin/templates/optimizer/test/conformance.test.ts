import { optimizerChecks } from '@espalier/testkit/neural';
import '@tensorflow/tfjs-backend-cpu';
import { tensor1d, variable } from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { __METHOD_CAMEL__ } from '../src/index.js';

for (const check of optimizerChecks(__METHOD_CAMEL__)) test(check.name, check.run);

test('makes two steps that are checked by hand', async () => {
  const optimizer = __METHOD_CAMEL__.create({ momentum: 0.5 });
  const parameters = { x: variable(tensor1d([1])) };
  const gradients = { x: tensor1d([2]) };
  await optimizer.step({ parameters, gradients, learningRate: 0.25, step: 1 }); // v = 2, x = 1 - 0.5
  expect([...parameters.x.dataSync()]).toEqual([0.5]);
  await optimizer.step({ parameters, gradients, learningRate: 0.25, step: 2 }); // v = 3, x = 0.5 - 0.75
  expect([...parameters.x.dataSync()]).toEqual([-0.25]);
  optimizer.dispose();
});
