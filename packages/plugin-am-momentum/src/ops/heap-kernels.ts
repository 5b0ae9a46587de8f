import type { Op } from '@espalier/kernels';
import {
  getKernel,
  type KernelFunc,
  type NamedAttrMap,
  type NamedTensorMap,
  registerKernel,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { adamFraction, adamStep } from './adam-loops.js';
import { adamFractionOp, adamStepOp } from './adam-ops.js';
import { coefficient } from './coefficient.js';
import { sgdFraction, sgdStep } from './sgd-loops.js';
import { sgdFractionOp, sgdStepOp } from './sgd-ops.js';

/** The part of tfjs's wasm backend that gives tensors as views on its memory. */
interface HeapBackend {
  makeOutput(shape: number[], dtype: 'float32'): TensorInfo;
  typedArrayFromHeap(tensor: TensorInfo): Float32Array;
}

/**
 * Registers the ops for the wasm backend: one pass over the tensors where they lie, sums in float64. Other backends run the definitions
 * in tensor operations. Repeating it does nothing.
 */
export function registerHeapKernels(): void {
  register(sgdFractionOp, (inputs, attributes, heap) => {
    const [fraction] = heap.make([2]);
    const { value, gradient, direction } = heap.views(inputs);
    heap.view(fraction).set(sgdFraction(value, gradient, direction, attributes));
    return [fraction];
  });
  register(sgdStepOp, (inputs, attributes, heap) => {
    const outputs = heap.make(inputs.value.shape, inputs.value.shape, []);
    const { value, gradient, direction, fraction } = heap.views(inputs);
    const [newValue, newDirection, beta] = outputs.map((each) => heap.view(each));
    beta[0] = attributes.first ? 0 : coefficient(fraction[0], fraction[1], attributes.maximum);
    sgdStep(value, gradient, direction, beta[0], attributes, newValue, newDirection);
    return outputs;
  });
  register(adamFractionOp, (inputs, attributes, heap) => {
    const outputs = heap.make(inputs.value.shape, [2]);
    const { value, gradient, direction, secondMoment, betaProduct } = heap.views(inputs);
    const [moment, fraction] = outputs.map((each) => heap.view(each));
    const settings = { ...attributes, scale: 1 - attributes.maximum * betaProduct[0] };
    fraction.set(adamFraction(value, gradient, direction, secondMoment, settings, moment));
    return outputs;
  });
  register(adamStepOp, (inputs, attributes, heap) => {
    const outputs = heap.make(inputs.value.shape, inputs.value.shape, [], []);
    const { value, gradient, direction, secondMoment, betaProduct, fraction } = heap.views(inputs);
    const [newValue, newDirection, newProduct, beta] = outputs.map((each) => heap.view(each));
    beta[0] = coefficient(fraction[0], fraction[1], attributes.maximum);
    newProduct[0] = betaProduct[0] * beta[0];
    const settings = { ...attributes, scale: 1 - attributes.maximum * betaProduct[0] };
    adamStep(value, gradient, direction, secondMoment, beta[0], settings, newValue, newDirection);
    return outputs;
  });
}

/** Memory of one call. Views are taken after all outputs are made: making one can move the memory. */
class Heap {
  constructor(readonly backend: HeapBackend) {}

  make(...shapes: (readonly number[])[]): TensorInfo[] {
    return shapes.map((shape) => this.backend.makeOutput([...shape], 'float32'));
  }

  view(tensor: TensorInfo): Float32Array {
    const view = this.backend.typedArrayFromHeap(tensor);
    // tfjs takes no notice of a failed allocation: the tensor would lie at address 0, over other data.
    if (view.byteOffset === 0 && view.length > 0)
      throw new RangeError('There is no memory left for the state of the optimizer: use smaller batches.');
    return view;
  }

  views<Name extends string>(
    inputs: Readonly<Record<Name, TensorInfo>>,
  ): Readonly<Record<Name, Float32Array>> {
    const views = Object.entries<TensorInfo>(inputs).map(([name, each]) => [name, this.view(each)]);
    return Object.fromEntries(views) as Record<Name, Float32Array>;
  }
}

const BACKEND = 'wasm';

function register<Inputs extends NamedTensorMap, Attributes extends NamedAttrMap>(
  { name }: Op<Inputs, Attributes>,
  run: (
    inputs: Readonly<Record<keyof Inputs & string, TensorInfo>>,
    attributes: Attributes,
    heap: Heap,
  ) => TensorInfo[],
): void {
  if (getKernel(name, BACKEND) != null) return;
  // The inputs and attributes are those of the op's `run`: tfjs hands them on untouched.
  const kernelFunc: KernelFunc = ({ inputs, attrs, backend }) =>
    run(
      inputs as Record<keyof Inputs & string, TensorInfo>,
      attrs as NamedAttrMap as Attributes,
      new Heap(backend as HeapBackend),
    );
  registerKernel({ kernelName: name, backendName: BACKEND, kernelFunc });
}
