import { isMarked, type Runtime } from '@espalier/core';
import { engine, matMul, ready, tensor2d } from '@tensorflow/tfjs-core';
import { assert, type Check } from '../check.js';
import { firstDifference } from '../same.js';

/**
 * The rules that every runtime keeps. Where it is not available, the checks of what it does are left to a machine where it is,
 * and only its refusal is looked at.
 */
export function* runtimeChecks(runtime: Runtime): Generator<Check> {
  const ifAvailable = (work: () => Promise<void>) => async () => {
    if ((await runtime.probe()).available) await work();
  };
  yield {
    name: 'is made by defineRuntime',
    run: async () => assert(isMarked('runtime', runtime), 'It was not made by defineRuntime of core.'),
  };
  yield {
    name: 'has a name, a summary and a finite preference',
    async run() {
      assert(/^[a-z0-9]+(-[a-z0-9]+)*$/.test(runtime.name), `The name is '${runtime.name}'.`);
      assert(runtime.summary.trim().length > 0, 'The summary is empty.');
      assert(Number.isFinite(runtime.preference), `The preference is ${runtime.preference}.`);
    },
  };
  yield {
    name: 'probes without changing anything, and alike each time',
    async run() {
      const [backend, tensors] = [activeBackend(), tensorCount()];
      const [first, second] = [await runtime.probe(), await runtime.probe()];
      assert(firstDifference(first, second) === undefined, 'Two probes differ.');
      assert(activeBackend() === backend, `The probe selected the backend '${activeBackend()}'.`);
      assert(tensorCount() === tensors, 'The probe left tensors behind.');
    },
  };
  yield {
    name: 'does what its probe says: activates, or gives a reason and a remedy',
    async run() {
      const probe = await runtime.probe();
      if (probe.available) {
        await runtime.activate();
        return;
      }
      assert(probe.reason.trim().length > 0, 'It gives no reason.');
      assert(probe.remedy.trim().length > 0, 'It gives no remedy.');
      const activated = await runtime.activate().then(
        () => true,
        () => false,
      );
      assert(!activated, 'The probe says that it is not available, but it can be activated.');
    },
  };
  yield {
    name: 'selects its backend, and computes with it',
    run: ifAvailable(async () => {
      await runtime.activate();
      await ready();
      assert(
        activeBackend() === runtime.backend,
        `The backend is '${activeBackend()}' instead of '${runtime.backend}'.`,
      );
      const [a, b] = [tensor2d([1, 2, 3, 4], [2, 2]), tensor2d([5, 6, 7, 8], [2, 2])];
      const product = matMul(a, b);
      const values = [...(await product.data())];
      for (const tensor of [a, b, product]) tensor.dispose();
      assert(values.join() === '19,22,43,50', `[[1 2] [3 4]] times [[5 6] [7 8]] gives ${values.join(' ')}.`);
    }),
  };
  yield {
    name: 'changes nothing when it is activated again',
    run: ifAvailable(async () => {
      await runtime.activate();
      const kept = tensor2d([1, 2], [1, 2]);
      const [kernels, tensors] = [runtime.kernels?.(), tensorCount()];
      await runtime.activate();
      const values = [...(await kept.data())];
      const after = tensorCount();
      kept.dispose();
      assert(values.join() === '1,2', 'A tensor from before is lost.');
      assert(after === tensors, `There are ${after} tensors instead of ${tensors}.`);
      assert(activeBackend() === runtime.backend, `The backend is '${activeBackend()}' now.`);
      assert(firstDifference(kernels, runtime.kernels?.()) === undefined, 'The list of kernels has changed.');
    }),
  };
  yield {
    name: 'lists each kernel once, with its implementation',
    run: ifAvailable(async () => {
      await runtime.activate();
      const kernels = runtime.kernels?.() ?? [];
      const names = kernels.map(({ kernel }) => kernel);
      assert(new Set(names).size === names.length, 'A kernel is listed twice.');
      const silent = kernels.filter(({ implementation }) => implementation.trim() === '');
      assert(
        silent.length === 0,
        `No implementation is given for ${silent.map(({ kernel }) => kernel).join(', ')}.`,
      );
    }),
  };
}

/** Of the engine itself: asking through the public functions would initialise a backend. */
function activeBackend(): string {
  return engine().backendName;
}

function tensorCount(): number {
  return engine().state.numTensors;
}
