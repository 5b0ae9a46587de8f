import {
  getKernel,
  type KernelFunc,
  type NamedAttrMap,
  type NamedTensorInfoMap,
  registerKernel,
  type TensorInfo,
  unregisterKernel,
} from '@tensorflow/tfjs-core';

/** The tfjs backend that this runtime completes. */
export const BACKEND = 'wasm';

/** A kernel's inputs and attributes, read by the types that its op declares. */
export interface Call<Inputs, Attributes> {
  readonly inputs: Inputs;
  readonly attrs: Attributes;
}

/** A kernel of this runtime. */
export interface KernelDefinition {
  readonly name: string;
  /** Such as `espalier-simd`. */
  readonly implementation: string;
  /** What tfjs's own kernel still does, if anything. */
  readonly otherwise?: string;
  readonly register: () => void;
}

/**
 * Defines a kernel. `compute` returns undefined for a call that it leaves to tfjs's kernel of that name (another dtype, an
 * unusual shape).
 */
export function defineKernel<Inputs extends object, Attributes extends object>(
  name: string,
  implementation: string,
  compute: (call: Call<Inputs, Attributes>) => TensorInfo | TensorInfo[] | undefined,
  otherwise?: string,
): KernelDefinition {
  return {
    name,
    implementation,
    ...(otherwise && { otherwise }),
    register() {
      const original = getKernel(name, BACKEND);
      if (original) unregisterKernel(name, BACKEND);
      const kernelFunc: KernelFunc = (call) =>
        compute(typed<Inputs, Attributes>(call)) ?? original?.kernelFunc(call) ?? refuse(name, call.inputs);
      registerKernel({ ...original, kernelName: name, backendName: BACKEND, kernelFunc });
    },
  };
}

/** tfjs types every kernel's arguments alike; the name of the kernel says which inputs and attributes they are. */
function typed<Inputs, Attributes>(call: { inputs: NamedTensorInfoMap; attrs?: NamedAttrMap }) {
  return { inputs: call.inputs as Inputs, attrs: (call.attrs ?? {}) as Attributes };
}

function refuse(name: string, inputs: NamedTensorInfoMap): never {
  const given = Object.entries(inputs).map(([key, tensor]) => `${key}: ${tensor?.dtype} [${tensor?.shape}]`);
  throw new Error(`${name} on the cpu runtime does not take (${given.join(', ')}); it takes float32 values.`);
}
