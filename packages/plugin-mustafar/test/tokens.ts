import { type AttentionShape, createRandom } from '@espalier/core';
import { type Tensor3D, tensor3d } from '@tensorflow/tfjs-core';

/** Standard normal numbers. */
export const normals = (size: number, seed: number) => {
  const random = createRandom(seed);
  return Float32Array.from({ length: size }, () => random.normal());
};
export const shape = (d: number, heads = 4, keyValueHeads = 2): AttentionShape => ({
  heads,
  keyValueHeads,
  headDimension: d,
  layer: 0,
  layers: 1,
});
/** Queries, keys and values of `count` tokens, standard normal times `scale`. */
export const tokens = (
  of: AttentionShape,
  count: number,
  seed: number,
  scale = 1,
): [Tensor3D, Tensor3D, Tensor3D] => {
  const { heads, keyValueHeads, headDimension: d } = of;
  const make = (h: number, s: number) =>
    tensor3d(
      normals(h * count * d, s).map((x) => scale * x),
      [h, count, d],
    );
  return [make(heads, seed), make(keyValueHeads, seed + 1), make(keyValueHeads, seed + 2)];
};
