import { isMarked } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { cpuRuntime } from '../src/index.js';
import { runScript } from './run-script.js';

const RUNTIME = new URL('../dist/index.js', import.meta.url).href;

describe('the runtime', () => {
  test('is a marked value and available', async () => {
    expect(isMarked('runtime', cpuRuntime)).toBe(true);
    const probe = await cpuRuntime.probe();
    expect(probe.available).toBe(true);
  });

  test('activating again changes nothing: tensors live on', async () => {
    await cpuRuntime.activate();
    const tensor = tf.tensor1d([1, 2, 3]);
    const kernels = cpuRuntime.kernels();
    await Promise.all([cpuRuntime.activate(), cpuRuntime.activate()]);
    expect(tf.getBackend()).toBe('wasm');
    expect([...tensor.dataSync()]).toEqual([1, 2, 3]);
    expect(cpuRuntime.kernels()).toEqual(kernels);
    tensor.dispose();
  });

  test('tells which kernels are ours and which are left to tfjs', () => {
    const reports = new Map(
      cpuRuntime.kernels().map(({ kernel, implementation }) => [kernel, implementation]),
    );
    expect(reports.get('BatchMatMul')).toMatch(/espalier-simd/);
    expect(reports.get('AdamStep')).toBe('espalier-simd');
    expect(reports.get('Tanh')).toBe('wasm');
  });

  test('leaves no listener of the glue code behind', async () => {
    await cpuRuntime.activate();
    const listeners = process.listeners('uncaughtException').map(String);
    expect(listeners.filter((text) => text.includes('ExitStatus'))).toEqual([]);
  });

  test('refuses dtypes that a kernel does not take, with a sentence', async () => {
    await cpuRuntime.activate();
    const call = () =>
      tf.tidy(() => tf.unsortedSegmentSum(tf.tensor1d([1, 2], 'int32'), tf.tensor1d([0, 1], 'int32'), 2));
    expect(call).toThrow(/UnsortedSegmentSum on the cpu runtime does not take .*int32/);
  });

  test('refuses an index that is out of range', async () => {
    await cpuRuntime.activate();
    const call = () => tf.tidy(() => tf.gather(tf.tensor1d([1, 2]), tf.tensor1d([2], 'int32')));
    expect(call).toThrow(/index 2 is not in \[0, 1\]/);
  });

  test('lets timers in while a loop reads tensors', async () => {
    const ones = tf.ones([64, 64]);
    const signal = AbortSignal.timeout(60);
    const start = performance.now();
    while (!signal.aborted && performance.now() - start < 5000) await ones.data();
    ones.dispose();
    expect(signal.aborted).toBe(true);
  });
});

const USE = `
  import { cpuRuntime } from '${RUNTIME}';
  import * as tf from '@tensorflow/tfjs-core';
  await cpuRuntime.activate();
  const random = (shape, seed) => tf.randomUniform(shape, -1, 1, 'float32', seed);
  const product = tf.matMul(random([300, 200], 1), random([200, 250], 2));
  const gradient = tf.grad((x) => tf.sum(tf.softmax(tf.matMul(x, product))))(random([64, 300], 3));
  const numbers = [...product.dataSync(), ...gradient.dataSync()];
  let hash = 0;
  for (const word of new Int32Array(Float32Array.from(numbers).buffer)) hash = (Math.imul(hash, 31) + word) | 0;
  console.log(JSON.stringify({ hash, blas: (await cpuRuntime.probe()).device?.blas ?? '' }));
`;

describe('in a process of its own', () => {
  test.each([
    ['with the BLAS of the system, if any', {}],
    ['without BLAS', { ESPALIER_BLAS: 'off' }],
    ['on one thread', { ESPALIER_BLAS: 'off', ESPALIER_THREADS: '1' }],
  ])('%s, it ends by itself and gives the same bits every time', async (_name, env) => {
    const runs = [await runScript(USE, env), await runScript(USE, env)];
    for (const run of runs) expect(run).toMatchObject({ status: 0, timedOut: false });
    expect(runs[0]!.stdout).toBe(runs[1]!.stdout);
  });

  test('without BLAS, the number of threads changes no bit', async () => {
    const one = await runScript(USE, { ESPALIER_BLAS: 'off', ESPALIER_THREADS: '1' });
    const three = await runScript(USE, { ESPALIER_BLAS: 'off', ESPALIER_THREADS: '3' });
    expect(JSON.parse(three.stdout).hash).toBe(JSON.parse(one.stdout).hash);
  });

  test('ESPALIER_BLAS=off uses none and says so', async () => {
    const { stdout } = await runScript(USE, { ESPALIER_BLAS: 'off' });
    expect(JSON.parse(stdout).blas).toMatch(/^none: ESPALIER_BLAS is off/);
  });

  const REFUSED = `
    import { cpuRuntime } from '${RUNTIME}';
    const probe = await cpuRuntime.probe();
    const error = await cpuRuntime.activate().catch((error) => error);
    console.log(JSON.stringify({ probe, code: error.code, message: error.message }));
  `;

  test('a library that does not exist is refused with a sentence and a remedy', async () => {
    const { stdout } = await runScript(REFUSED, { ESPALIER_BLAS: '/does/not/exist' });
    const { probe, code, message } = JSON.parse(stdout);
    expect(probe.available).toBe(false);
    expect(code).toBe('runtime-unavailable');
    expect(message).toMatch(/ESPALIER_BLAS names a library that cannot be used: \/does\/not\/exist/);
    expect(message).toMatch(/ESPALIER_BLAS=off/);
  });

  test('a wrong number of threads is refused', async () => {
    const { status, stderr } = await runScript(USE, { ESPALIER_THREADS: 'many' });
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/ESPALIER_THREADS is 'many'/);
  });

  test('activated and never used, it ends by itself', async () => {
    const { status, timedOut } = await runScript(
      `import { cpuRuntime } from '${RUNTIME}'; await cpuRuntime.activate();`,
      {},
    );
    expect([status, timedOut]).toEqual([0, false]);
  });
});
