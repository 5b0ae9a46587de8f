import { getKernel, type NamedAttrMap, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Context } from '../context.js';
import { BACKEND } from '../override.js';

/** Calls another kernel of the backend; the result is the caller's to dispose of. */
export function callKernel(
  { backend }: Context,
  name: string,
  inputs: Record<string, TensorInfo>,
  attrs: NamedAttrMap = {},
): TensorInfo {
  return getKernel(name, BACKEND).kernelFunc({ inputs, attrs, backend }) as TensorInfo;
}
