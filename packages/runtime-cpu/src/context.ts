import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { type DataType, type TensorInfo, util } from '@tensorflow/tfjs-core';
import type { Blas } from './platform.js';
import type { Simd } from './simd.js';

/** What a kernel works with: tensors by address, our loops, and the native BLAS where there is one. */
export interface Context {
  readonly simd: Simd;
  readonly blas: Blas | undefined;
  readonly backend: BackendWasm;
  readonly memory: WebAssembly.Memory;
}

/** Address of a tensor's first number. */
export function addressOf({ backend }: Context, tensor: TensorInfo): number {
  return backend.dataIdMap.get(tensor.dataId).memoryOffset;
}

/** A float32 tensor's numbers where they lie; stale once anything is allocated. */
export function numbersOf({ backend }: Context, tensor: TensorInfo): Float32Array {
  return backend.typedArrayFromHeap(tensor) as Float32Array;
}

/**
 * A new tensor with arbitrary content.
 * @throws RangeError when the 4 GiB that WebAssembly can address are used up
 */
export function allocate(
  context: Context,
  shape: readonly number[],
  dtype: DataType = 'float32',
): TensorInfo {
  const tensor = context.backend.makeOutput([...shape], dtype);
  // tfjs takes no notice of a failed allocation: the tensor would lie at address 0, over other data.
  if (addressOf(context, tensor) === 0 && sizeOf(tensor) > 0) {
    throw new RangeError(
      `There is no memory left for a tensor of shape [${shape.join(', ')}]: dispose of tensors that are no longer needed (tf.tidy), or use smaller batches.`,
    );
  }
  return tensor;
}

/** Gives `work` the address of `count` 32-bit numbers, which are free again afterwards. */
export function withScratch<T>(context: Context, count: number, work: (address: number) => T): T {
  const scratch = allocate(context, [count]);
  try {
    return work(addressOf(context, scratch));
  } finally {
    context.backend.disposeData(scratch.dataId);
  }
}

/** The same numbers under another shape; a further reference, as kernels must return. */
export function reshaped({ backend }: Context, tensor: TensorInfo, shape: readonly number[]): TensorInfo {
  backend.incRef(tensor.dataId);
  return { dataId: tensor.dataId, shape: [...shape], dtype: tensor.dtype };
}

/** How many numbers a tensor has. */
export function sizeOf(tensor: TensorInfo): number {
  return util.sizeFromShape(tensor.shape);
}

/** Numbers of a piece of an element-wise loop: large against the cost of handing a piece out, small against a cache. */
export const ELEMENTS = 16384;

/** Rows of a piece, for rows of `columns` numbers: about {@link ELEMENTS} numbers. */
export function rowsOfPiece(columns: number): number {
  return Math.max(1, Math.ceil(ELEMENTS / Math.max(1, columns)));
}
