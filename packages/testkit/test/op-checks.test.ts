import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import {
  add,
  cast,
  copyRegisteredKernels,
  customGrad,
  engine,
  getBackend,
  keep,
  mul,
  type NamedTensorMap,
  registerBackend,
  registerGradient,
  registerKernel,
  reshape,
  setBackend,
  type Tensor,
  tensor,
  tidy,
  unregisterGradient,
} from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CheckedOp, measureOp, opChecks } from '../src/runtime.js';
import { failing } from './failing.js';

/** A second backend, so that a kernel and its reference run on different ones. */
const DEVICE = 'device';

const multiplyGradient = {
  kernelName: 'Multiply',
  inputsToSave: ['a', 'b'],
  gradFunc: (dy: Tensor | Tensor[], [a, b]: Tensor[]) => ({
    a: () => mul(dy as Tensor, b!),
    b: () => mul(dy as Tensor, a!),
  }),
};

beforeAll(async () => {
  registerBackend(DEVICE, () => new MathBackendCPU());
  copyRegisteredKernels('cpu', DEVICE);
  registerKernel({ kernelName: 'ScaleOnDevice', backendName: DEVICE, kernelFunc: () => [] });
  registerGradient(multiplyGradient);
  await setBackend('cpu');
});
afterAll(() => setBackend('cpu'));

const product = ({ x, gain }: NamedTensorMap) => mul(x!, gain!);
/** x times gain, element by element. */
const scale: CheckedOp = {
  name: 'Scale',
  reference: (inputs) => [product(inputs)],
  run: (inputs) => [product(inputs)],
  sample(random) {
    const shape = [1 + Math.floor(3 * random()), 1 + Math.floor(5 * random())];
    const values = () =>
      tensor(
        Array.from({ length: shape[0]! * shape[1]! }, () => random() - 0.5),
        shape,
        'float32',
      );
    return { inputs: { x: values(), gain: values(), steps: tensor([1], [1], 'int32') }, attributes: {} };
  },
  gradient: {},
};
/** The op whose kernel on the device is another. */
const onDevice = (kernel: (inputs: NamedTensorMap) => Tensor[]): CheckedOp => ({
  ...scale,
  run: (inputs) => tidy(() => (getBackend() === DEVICE ? kernel(inputs) : [product(inputs)])),
});
/** The op with another backward pass. */
const withGradient = (backward: (dy: Tensor, gain: Tensor) => Tensor) =>
  onDevice(({ x, gain }) => [
    customGrad((...[a, b]) => ({
      value: mul(a as Tensor, b as Tensor),
      gradFunc: (dy: Tensor) => [backward(dy, gain!), mul(dy, x!)],
    }))(x!, gain!),
  ]);

const AGREES = 'Scale agrees with its reference';
const GRADIENTS = 'Scale has the gradients of its reference';
const LEAKS = 'Scale leaves no tensor behind';

describe('opChecks', () => {
  it('pass for an op that agrees, its gradients too', async () => {
    expect(await failing(opChecks(DEVICE, [scale]))).toEqual([]);
    expect(await failing(opChecks(DEVICE, [withGradient((dy, gain) => mul(dy, gain))]))).toEqual([]);
  });

  it.each<[string, CheckedOp, string[]]>([
    ['differs', onDevice((inputs) => [mul(product(inputs), 1.01)]), [AGREES, GRADIENTS]],
    ['gives NaN', onDevice((inputs) => [mul(product(inputs), Number.NaN)]), [AGREES, GRADIENTS]],
    ['has another shape', onDevice((inputs) => [reshape(product(inputs), [-1])]), [AGREES, GRADIENTS]],
    ['has another dtype', onDevice((inputs) => [cast(product(inputs), 'int32')]), [AGREES, GRADIENTS]],
    ['gives more results', onDevice((inputs) => [product(inputs), inputs.x!.clone()]), [AGREES]],
    ['has a wrong gradient', withGradient((dy, gain) => mul(dy, mul(gain, 2))), [GRADIENTS]],
    [
      'leaks',
      onDevice((inputs) => {
        keep(add(inputs.x!, 1));
        return [product(inputs)];
      }),
      [LEAKS],
    ],
  ])('catch an op that %s', async (_what, op, fails) => {
    expect(await failing(opChecks(DEVICE, [op]))).toEqual(fails);
  });

  it('say how to register the gradients of tfjs where they are missing', async () => {
    unregisterGradient('Multiply');
    try {
      const check = [...opChecks(DEVICE, [scale])].find(({ name }) => name === GRADIENTS);
      await expect(check!.run()).rejects.toThrow('tfjs-layers');
    } finally {
      registerGradient(multiplyGradient);
    }
  });

  it('do not look at gradients of an op that has none, and keep the active backend', async () => {
    const { gradient: _none, ...op } = scale;
    expect([...opChecks(DEVICE, [op])].map(({ name }) => name)).toEqual([AGREES, LEAKS]);
    expect(await failing(opChecks(DEVICE, [op]))).toEqual([]);
    expect(getBackend()).toBe('cpu');
  });

  it('need no active backend', async () => {
    engine().reset();
    expect(getBackend()).toBeNull();
    expect(await failing(opChecks(DEVICE, [scale]))).toEqual([]);
    await setBackend('cpu');
  });

  it('say that a backend is not registered', async () => {
    const [check] = opChecks('no-such-backend', [scale]);
    await expect(check!.run()).rejects.toThrow("'no-such-backend' is not registered");
  });
});

describe('measureOp', () => {
  it('returns the largest error with its place, and whose code ran', async () => {
    const off = onDevice((inputs) => [add(product(inputs), 1e-3)]);
    const { error, used, at, ...rest } = await measureOp(DEVICE, { ...off, name: 'ScaleOnDevice' });
    expect(rest).toEqual({ op: 'ScaleOnDevice', implementation: 'kernel' });
    expect(error).toBeCloseTo(1e-3, 6);
    expect(used).toBeGreaterThan(10);
    expect(at).toMatch(/^ScaleOnDevice of x \[\d,\d\], gain \[\d,\d\], steps \[1\], output 0, element \d+$/);
    expect(await measureOp(DEVICE, scale)).toEqual({
      op: 'Scale',
      implementation: 'reference',
      used: 0,
      error: 0,
      at: 'everywhere',
    });
  });
});
