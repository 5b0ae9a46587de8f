import type { CompressibleModel } from '@espalier/core';

/** Bytes of the linear layers as they are stored, over those of another model (the dense one). */
export function storedShare(compressed: CompressibleModel, dense: CompressibleModel): number {
  return linearBytes(compressed) / linearBytes(dense);
}

function linearBytes(model: CompressibleModel): number {
  return model.layers().reduce((bytes, { weight }) => bytes + weight.bytes, 0);
}
