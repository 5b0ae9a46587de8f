import { expect, test } from 'vitest';
import { conjugateGradient, conjugateGradientSteps, jacobi } from '../src/index.js';

const n = 40;
/** A shifted second difference: symmetric positive definite. */
const apply = (x: Float64Array, out: Float64Array): void => {
  for (let i = 0; i < n; i++) out[i] = 2.1 * x[i] - (x[i - 1] ?? 0) - (x[i + 1] ?? 0);
};
const b = Float64Array.from({ length: n }, (_, i) => Math.cos(i));

test('one iteration at a time gives what the whole solve gives, bit for bit', () => {
  const options = { tolerance: 1e-10, preconditioner: jacobi(new Float64Array(n).fill(2.1)) };
  const steps = conjugateGradientSteps(apply, b, options);
  const norms: number[] = [];
  let step = steps.next();
  for (; !step.done; step = steps.next()) {
    expect(step.value.iteration).toBe(norms.length);
    norms.push(step.value.residualNorm);
  }
  expect(step.value).toEqual(conjugateGradient(apply, b, options));
  expect(step.value.converged).toBe(true);
  expect(norms).toHaveLength(step.value.iterations);
  expect(norms.at(-1)).toBeLessThan(1e-6 * norms[0]);
});
