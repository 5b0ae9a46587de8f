import { createRandom, type RandomSource } from '@espalier/core';
import {
  type DataType,
  getGradient,
  getKernel,
  grads,
  memory,
  type NamedAttrMap,
  type NamedTensorMap,
  type Tensor,
  tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { assert, type Check } from '../check.js';
import { keepingBackend, select } from './backends.js';

/** A custom op as `defineOp` of `@espalier/kernels` declares it. */
export interface CheckedOp {
  readonly name: string;
  /** The definition in plain tfjs ops. */
  reference(inputs: NamedTensorMap, attributes: NamedAttrMap): Tensor[];
  /** The kernel of the active backend, or the reference where it has none. */
  run(inputs: NamedTensorMap, attributes: NamedAttrMap): Tensor[];
  /** A random call. */
  sample(random: () => number): { readonly inputs: NamedTensorMap; readonly attributes: NamedAttrMap };
  /** Present when the kernel can be differentiated. */
  readonly gradient?: unknown;
}

/** How ops are compared. */
export interface OpCheckOptions {
  /** The backend on which the references run; default `cpu`. */
  readonly reference?: string;
  /** Random calls that are tried; default 10. */
  readonly rounds?: number;
  /** |actual - expected| <= absolute + relative |expected|, element by element; default 1e-5 and 1e-4. */
  readonly tolerance?: { readonly absolute: number; readonly relative: number };
}

/** How far an op of a backend is from its reference. */
export interface OpError {
  readonly op: string;
  /** Whether the backend has a kernel of this name; without one its own reference runs. */
  readonly implementation: 'kernel' | 'reference';
  /** The largest |actual - expected| / allowed over all elements of all calls: above 1 is a mismatch, Infinity for NaN. */
  readonly used: number;
  /** |actual - expected| there. */
  readonly error: number;
  /** Where: output or gradient, shapes of the inputs, element. */
  readonly at: string;
}

/**
 * Each op of `backend` against its reference, results and gradients, and without tensors left behind. Both backends must be
 * registered; the one that was active before is active again afterwards. Ops that have a gradient need the gradients of tfjs
 * too, which `@tensorflow/tfjs-layers` registers in Node and a runtime's `activate` anywhere.
 */
export function* opChecks(
  backend: string,
  ops: readonly CheckedOp[],
  options: OpCheckOptions = {},
): Generator<Check> {
  for (const op of ops) {
    const agrees = async (part: 'outputs' | 'gradients') => {
      const { used, error, at } = await measureOp(backend, op, part, options);
      assert(used <= 1, `${at}: off by ${error}, ${used} times what is allowed.`);
    };
    yield { name: `${op.name} agrees with its reference`, run: () => agrees('outputs') };
    if (op.gradient !== undefined)
      yield { name: `${op.name} has the gradients of its reference`, run: () => agrees('gradients') };
    yield {
      name: `${op.name} leaves no tensor behind`,
      run: () =>
        keepingBackend(async () => {
          await select(backend);
          const { inputs, attributes } = op.sample(uniform(createRandom(0)));
          disposeAll(op.run(inputs, attributes)); // the first call may fill caches
          const before = memory().numTensors;
          disposeAll(op.run(inputs, attributes));
          const left = memory().numTensors - before;
          disposeAll(Object.values(inputs));
          assert(left === 0, `A call leaves ${left} tensors behind.`);
        }),
    };
  }
}

/** The largest error of an op over random calls. @throws Error for another number, shape or dtype of results */
export async function measureOp(
  backend: string,
  op: CheckedOp,
  part: 'outputs' | 'gradients' = 'outputs',
  { reference = 'cpu', rounds = 10, tolerance = { absolute: 1e-5, relative: 1e-4 } }: OpCheckOptions = {},
): Promise<OpError> {
  let worst: Pick<OpError, 'used' | 'error' | 'at'> = { used: 0, error: 0, at: 'everywhere' };
  await keepingBackend(async () => {
    for (let seed = 0; seed < rounds; seed++) {
      const random = createRandom(seed);
      await select(reference);
      const { inputs, attributes } = op.sample(uniform(random));
      const values = await hostValues(inputs);
      disposeAll(Object.values(inputs));
      const evaluate = (run: CheckedOp['run']) =>
        part === 'outputs'
          ? outputsOf(values, (tensors) => run(tensors, attributes))
          : gradientsOf(values, (tensors) => run(tensors, attributes), random.fork('dy'));
      const expected = await evaluate((tensors, given) => op.reference(tensors, given));
      await select(backend);
      const actual = await evaluate((tensors, given) => op.run(tensors, given));
      const shapes = Object.entries(values).map(([name, { shape }]) => `${name} [${shape}]`);
      const found = largestError(expected, actual, tolerance, `${op.name} of ${shapes.join(', ')}`);
      if (found.used > worst.used) worst = found;
    }
  });
  const implementation = getKernel(op.name, backend) ? 'kernel' : 'reference';
  return { op: op.name, implementation, ...worst };
}

/** A tensor's content, independent of any backend. */
interface HostTensor {
  readonly shape: number[];
  readonly dtype: DataType;
  readonly data: Float32Array | Int32Array | Uint8Array;
}
type HostTensors = Readonly<Record<string, HostTensor>>;

async function hostValues(tensors: NamedTensorMap): Promise<HostTensors> {
  const found: Record<string, HostTensor> = {};
  for (const [name, each] of Object.entries(tensors)) {
    found[name] = { shape: each.shape, dtype: each.dtype, data: (await each.data()).slice() };
  }
  return found;
}

function upload(values: HostTensors): NamedTensorMap {
  return Object.fromEntries(
    Object.entries(values).map(([name, { data, shape, dtype }]) => [name, tensor(data, shape, dtype)]),
  );
}

async function outputsOf(
  values: HostTensors,
  run: (inputs: NamedTensorMap) => Tensor[],
): Promise<HostTensors> {
  const inputs = upload(values);
  const outputs = run(inputs);
  const found = await hostValues(
    Object.fromEntries(outputs.map((output, i) => [`output ${i}`, output] as const)),
  );
  disposeAll([...outputs, ...Object.values(inputs)]);
  return found;
}

/** Gradients of the first output (what follows it is kept for the backward pass) in every float32 input, for a random slope. */
async function gradientsOf(
  values: HostTensors,
  run: (inputs: NamedTensorMap) => Tensor[],
  random: RandomSource,
): Promise<HostTensors> {
  assert(
    getGradient('Multiply') !== undefined,
    "The gradients of tfjs are not registered: activate a runtime or import '@tensorflow/tfjs-layers' first.",
  );
  const inputs = upload(values);
  const names = Object.keys(inputs).filter((name) => inputs[name]!.dtype === 'float32');
  const gradients = tidy(() => {
    const [first] = run(inputs);
    const slope = tensor(
      Float32Array.from({ length: first!.size }, () => random.normal()),
      first!.shape,
    );
    const of = (...tensors: Tensor[]) =>
      run({ ...inputs, ...Object.fromEntries(names.map((name, i) => [name, tensors[i]!])) })[0]!;
    const found = grads(of)(
      names.map((name) => inputs[name]!),
      slope,
    );
    return Object.fromEntries(found.map((gradient, i) => [`gradient by ${names[i]}`, gradient]));
  });
  const found = await hostValues(gradients);
  disposeAll([...Object.values(gradients), ...Object.values(inputs)]);
  return found;
}

function largestError(
  expected: HostTensors,
  actual: HostTensors,
  { absolute, relative }: { readonly absolute: number; readonly relative: number },
  where: string,
): Pick<OpError, 'used' | 'error' | 'at'> {
  const [wanted, given] = [Object.keys(expected).join(', '), Object.keys(actual).join(', ')];
  assert(wanted === given, `${where} gives ${given} instead of ${wanted}.`);
  let worst = { used: 0, error: 0, at: where };
  for (const [name, { shape, dtype, data }] of Object.entries(expected)) {
    const other = actual[name]!;
    assert(
      other.shape.join() === shape.join() && other.dtype === dtype,
      `${where}, ${name}: ${other.dtype} [${other.shape}] instead of ${dtype} [${shape}].`,
    );
    for (const [i, value] of data.entries()) {
      if (Object.is(other.data[i], value) || other.data[i] === value) continue;
      const error = Math.abs(other.data[i]! - value);
      const used = error / (absolute + relative * Math.abs(value));
      if (!(used <= worst.used))
        worst = {
          used: Number.isNaN(used) ? Number.POSITIVE_INFINITY : used,
          error,
          at: `${where}, ${name}, element ${i}`,
        };
    }
  }
  return worst;
}

function uniform(random: RandomSource): () => number {
  return () => random.uniform();
}

function disposeAll(tensors: readonly Tensor[]): void {
  for (const each of tensors) each.dispose();
}
