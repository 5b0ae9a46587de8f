import { createRandom, type RandomSource } from '@espalier/core';
import { memory, type Tensor, type TensorInfo, tensor } from '@tensorflow/tfjs-core';
import { assert, type Check } from '../check.js';
import { keepingBackend, select } from './backends.js';

/** One input of a kernel, as data: each backend gets tensors of its own. */
export interface KernelInput {
  readonly values: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

/** What is compared: one op, called through its public function. */
export interface KernelCase {
  readonly name: string;
  /** Random inputs: shapes and values. */
  inputs(random: RandomSource): readonly KernelInput[];
  /** The op, on the backend that is active. The caller disposes of the result. */
  run(tensors: readonly Tensor[]): Tensor;
  /** |actual - expected| <= absolute + relative |expected|, element by element; default 1e-5 and 1e-4. */
  readonly tolerance?: { readonly absolute: number; readonly relative: number };
  /** Random inputs that are tried; default 10. */
  readonly rounds?: number;
}

/**
 * Compares each kernel of `backend` with a reference backend over random inputs. Both must be registered; the backend that was
 * active before is active again afterwards.
 * @param reference default `cpu`
 */
export function* kernelChecks(
  backend: string,
  cases: readonly KernelCase[],
  reference = 'cpu',
): Generator<Check> {
  for (const kernel of cases) {
    yield {
      name: `${kernel.name} agrees with ${reference}`,
      run: () => keepingBackend(() => compare(kernel, backend, reference)),
    };
    yield {
      name: `${kernel.name} leaves no tensor behind`,
      run: () =>
        keepingBackend(async () => {
          await select(backend);
          const inputs = kernel.inputs(createRandom(0));
          await evaluate(kernel, inputs);
          const before = memory().numTensors;
          await evaluate(kernel, inputs);
          const left = memory().numTensors - before;
          assert(left === 0, `${left} tensors are left.`);
        }),
    };
  }
}

interface Result {
  readonly shape: readonly number[];
  readonly dtype: TensorInfo['dtype'];
  readonly values: Float32Array | Int32Array | Uint8Array;
}

async function compare(kernel: KernelCase, backend: string, reference: string): Promise<void> {
  const { absolute, relative } = kernel.tolerance ?? { absolute: 1e-5, relative: 1e-4 };
  for (let seed = 0; seed < (kernel.rounds ?? 10); seed++) {
    const inputs = kernel.inputs(createRandom(seed));
    await select(reference);
    const expected = await evaluate(kernel, inputs);
    await select(backend);
    const actual = await evaluate(kernel, inputs);
    const where = `Inputs ${inputs.map(({ shape }) => `[${shape}]`).join(' ')}`;
    assert(
      actual.shape.join() === expected.shape.join() && actual.dtype === expected.dtype,
      `${where}: ${actual.dtype} [${actual.shape}] instead of ${expected.dtype} [${expected.shape}].`,
    );
    expected.values.forEach((value, i) => {
      const given = actual.values[i]!;
      const close =
        Object.is(given, value) ||
        given === value ||
        Math.abs(given - value) <= absolute + relative * Math.abs(value);
      assert(close, `${where}: element ${i} is ${given} instead of ${value}.`);
    });
  }
}

async function evaluate(kernel: KernelCase, inputs: readonly KernelInput[]): Promise<Result> {
  const tensors = inputs.map(({ values, shape }) =>
    tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32'),
  );
  try {
    const result = kernel.run(tensors);
    const { shape, dtype } = result;
    const values = (await result.data()).slice();
    if (!tensors.includes(result)) result.dispose();
    return { shape, dtype, values };
  } finally {
    for (const each of tensors) each.dispose();
  }
}
