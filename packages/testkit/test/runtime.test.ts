import '@tensorflow/tfjs-backend-cpu';
import { defineRuntime, type Runtime } from '@espalier/core';
import { add, clone, matMul, mul, setBackend, type Tensor2D, tensor, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type KernelCase, kernelChecks, runtimeChecks } from '../src/runtime.js';
import { failing } from './failing.js';

const spec: Runtime = {
  name: 'plain',
  summary: 'The cpu backend of tfjs.',
  backend: 'cpu',
  preference: 0,
  probe: async () => ({ available: true, device: { cores: 1 } }),
  activate: async () => void (await setBackend('cpu')),
  kernels: () => [{ kernel: 'BatchMatMul', implementation: 'cpu' }],
};
const absent = { available: false, reason: 'No device.', remedy: 'Plug one in.' } as const;
const refuses = () => Promise.reject(new Error('No device.'));
const [PROBES, DOES, SELECTS, AGAIN, LISTS] = [
  'probes without changing anything, and alike each time',
  'does what its probe says: activates, or gives a reason and a remedy',
  'selects its backend, and computes with it',
  'changes nothing when it is activated again',
  'lists each kernel once, with its implementation',
];

describe('runtimeChecks', () => {
  it('pass for a good runtime, available or not', async () => {
    expect(await failing(runtimeChecks(defineRuntime(spec)))).toEqual([]);
    const without = defineRuntime({ ...spec, probe: async () => absent, activate: refuses });
    expect(await failing(runtimeChecks(without))).toEqual([]);
  });

  let probes = 0;
  let activations = 0;
  it.each<[string, Runtime, string[]]>([
    ['is a plain object', { ...spec }, ['is made by defineRuntime']],
    [
      'has no summary',
      defineRuntime({ ...spec, summary: '' }),
      ['has a name, a summary and a finite preference'],
    ],
    [
      'probes differently',
      defineRuntime({ ...spec, probe: async () => ({ available: true, device: { n: probes++ } }) }),
      [PROBES],
    ],
    [
      'leaks in its probe',
      defineRuntime({
        ...spec,
        probe: async () => {
          tensor([1]);
          return { available: true, device: {} };
        },
      }),
      [PROBES],
    ],
    ['promises too much', defineRuntime({ ...spec, activate: refuses }), [DOES, SELECTS, AGAIN, LISTS]],
    ['promises too little', defineRuntime({ ...spec, probe: async () => absent }), [DOES]],
    [
      'gives no remedy',
      defineRuntime({ ...spec, probe: async () => ({ ...absent, remedy: '' }), activate: refuses }),
      [DOES],
    ],
    ['selects another backend', defineRuntime({ ...spec, backend: 'webgpu' }), [SELECTS, AGAIN]],
    [
      'leaks when it is activated',
      defineRuntime({ ...spec, activate: async () => void tensor([1]) }),
      [AGAIN],
    ],
    [
      'adds kernels each time',
      defineRuntime({
        ...spec,
        activate: async () => void activations++,
        kernels: () => [{ kernel: `k${activations}`, implementation: 'cpu' }],
      }),
      [AGAIN],
    ],
    [
      'lists a kernel twice',
      defineRuntime({ ...spec, kernels: () => [1, 2].map(() => ({ kernel: 'Add', implementation: 'cpu' })) }),
      [LISTS],
    ],
    [
      'gives no implementation',
      defineRuntime({ ...spec, kernels: () => [{ kernel: 'Add', implementation: '' }] }),
      [LISTS],
    ],
  ])('catches a runtime that %s', async (_what, runtime, fails) => {
    expect(await failing(runtimeChecks(runtime))).toEqual(fails);
  });
});

let calls = 0;
const product: KernelCase = {
  name: 'matMul',
  inputs(random) {
    const [m, k, n] = [1 + random.integer(5), 1 + random.integer(5), 1 + random.integer(5)];
    const matrix = (rows: number, columns: number) => ({
      values: Float32Array.from({ length: rows * columns }, () => random.normal()),
      shape: [rows, columns],
    });
    return [matrix(m, k), matrix(k, n)];
  },
  run: ([a, b]) => matMul(a as Tensor2D, b as Tensor2D),
};

describe('kernelChecks', () => {
  const failures = (change: Partial<KernelCase>) => failing(kernelChecks('cpu', [{ ...product, ...change }]));

  it('pass for a kernel that agrees with itself, integers too', async () => {
    expect(await failures({})).toEqual([]);
    const integers = {
      inputs: () => [{ values: Int32Array.of(1, 2), shape: [2] }],
      run: ([x]: readonly Parameters<typeof clone>[0][]) => add(x!, x!),
    };
    expect(await failures(integers)).toEqual([]);
  });

  it.each<[string, Partial<KernelCase>, string]>([
    // The second of two calls stands for the kernel under test.
    [
      'differs',
      { run: ([a, b]) => tidy(() => mul(matMul(a as Tensor2D, b as Tensor2D), 1 + (calls++ % 2) / 100)) },
      'matMul agrees with cpu',
    ],
    [
      'gives NaN',
      {
        run: ([a, b]) => tidy(() => mul(matMul(a as Tensor2D, b as Tensor2D), calls++ % 2 ? Number.NaN : 1)),
      },
      'matMul agrees with cpu',
    ],
    [
      'has another shape',
      { run: ([a, b]) => (calls++ % 2 ? clone(a!) : matMul(a as Tensor2D, b as Tensor2D)) },
      'matMul agrees with cpu',
    ],
    [
      'leaks',
      {
        run: ([a, b]) => {
          clone(a!);
          return matMul(a as Tensor2D, b as Tensor2D);
        },
      },
      'matMul leaves no tensor behind',
    ],
  ])('catches a kernel that %s', async (_what, change, fails) => {
    calls = 0;
    expect(await failures(change)).toEqual([fails]);
  });

  it('says that a backend is not registered', async () => {
    const [check] = kernelChecks('no-such-backend', [product]);
    await expect(check!.run()).rejects.toThrow("'no-such-backend' is not registered");
  });
});
