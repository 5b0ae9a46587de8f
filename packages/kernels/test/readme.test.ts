import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test, vi } from 'vitest';
import * as kernels from '../src/index.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

/** The nth block of code, without its imports, as a function of the two modules. */
function block(language: string): string {
  const code = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme)![1]!;
  return code.replace(/^import .*$/gm, '').replace(/^export /gm, '');
}

test('the example of the README runs', async () => {
  await tf.setBackend('cpu');
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  new Function('kernels', 'tf', `const { rmsNorm, softmaxCrossEntropy } = kernels; ${block('ts')}`)(
    kernels,
    tf,
  );
  // Row 1: x / sqrt(12.5) is (0.849, 1.131), label 1; row 2: (1, -1), label 0.
  const expected = (Math.log(1 + Math.exp((3 - 4) / Math.sqrt(12.5))) + Math.log(1 + Math.exp(-2))) / 2;
  expect(log.mock.calls[0]![0]).toBeCloseTo(expected, 4);
  log.mockRestore();
});

test('the op that the README adds runs and has a gradient', async () => {
  await tf.setBackend('cpu');
  const code = `const { defineOp } = kernels; ${block('js')}; return scaledSum;`;
  const scaledSum = new Function('kernels', 'tf', code)(kernels, tf) as (
    x: tf.Tensor,
    by: number,
  ) => tf.Tensor;
  expect(scaledSum(tf.tensor1d([1, 2]), 3).dataSync()[0]).toBe(9);
  tf.unregisterGradient('ScaledSum');
});
