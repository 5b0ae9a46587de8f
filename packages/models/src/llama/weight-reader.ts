import { gather, type Tensor, type Tensor1D, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { multiplyByTransposed } from '../weights/dense.js';
import type { WeightSlots } from './weight-slots.js';

/** How a pass through a model reads the weights of its layers. */
export interface WeightReader {
  /** x `[..., in]` times the transposed weight: `[..., out]`. */
  multiply(layer: string, x: Tensor): Tensor;
  /** Rows of the weight. */
  rows(layer: string, indices: Tensor1D): Tensor2D;
  /** The `[out, in]` matrix, without gradients by the parameters of a stored form; a new tensor. */
  dense(layer: string): Tensor2D;
  /** The same where nothing is lost by it: undefined for stored forms with parameters of their own. */
  matrix(layer: string): Tensor2D | undefined;
}

/** Reads weights in their stored form. */
export function storedWeights(slots: WeightSlots): WeightReader {
  return {
    multiply: (layer, x) => slots.get(layer).matmul(x),
    rows(layer, indices) {
      const weight = slots.get(layer);
      return weight.gatherRows?.(indices) ?? tidy(() => gather(weight.toDense(), indices));
    },
    dense: (layer) => slots.get(layer).toDense(),
    matrix(layer) {
      const weight = slots.get(layer);
      return weight.format === 'dense' || !weight.parameters ? weight.toDense() : undefined;
    },
  };
}

/** Reads some weights from dense matrices, the others in their stored form. */
export function denseWeights(slots: WeightSlots, dense: Readonly<Record<string, Tensor2D>>): WeightReader {
  const stored = storedWeights(slots);
  const own = (layer: string) => (layer in dense ? dense[layer].clone() : undefined);
  return {
    multiply: (layer, x) =>
      layer in dense ? multiplyByTransposed(x, dense[layer]) : stored.multiply(layer, x),
    rows: (layer, indices) => (layer in dense ? gather(dense[layer], indices) : stored.rows(layer, indices)),
    dense: (layer) => own(layer) ?? stored.dense(layer),
    matrix: (layer) => own(layer) ?? stored.matrix(layer),
  };
}
