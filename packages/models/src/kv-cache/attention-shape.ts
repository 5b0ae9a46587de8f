import { type AttentionShape, InvalidProblemError } from '@espalier/core';
import type { Tensor3D } from '@tensorflow/tfjs-core';

/** @throws InvalidProblemError for a shape of attention that is not possible */
export function requireAttentionShape({
  heads,
  keyValueHeads,
  headDimension,
  layer,
  layers,
}: AttentionShape): void {
  for (const [name, value] of Object.entries({ heads, keyValueHeads, headDimension, layers }))
    if (!Number.isInteger(value) || value < 1)
      throw new InvalidProblemError(`${name} is a whole number of at least 1; given ${value}.`);
  if (heads % keyValueHeads !== 0)
    throw new InvalidProblemError(
      `heads is a multiple of keyValueHeads; given ${heads} and ${keyValueHeads}.`,
    );
  if (!(Number.isInteger(layer) && layer >= 0 && layer < layers))
    throw new InvalidProblemError(`layer is in [0, ${layers}); given ${layer}.`);
}

/** @throws InvalidProblemError when queries, keys and values do not fit the cache or each other */
export function requireTokens(
  { heads, keyValueHeads, headDimension }: AttentionShape,
  queries: Tensor3D,
  keys: Tensor3D,
  values: Tensor3D,
): void {
  const tokens = queries.shape[1];
  const expected = {
    queries: [heads, tokens, headDimension],
    keys: [keyValueHeads, tokens, headDimension],
    values: [keyValueHeads, tokens, headDimension],
  };
  for (const [name, tensor] of Object.entries({ queries, keys, values })) {
    const shape = expected[name as keyof typeof expected];
    if (tensor.dtype !== 'float32' || tensor.shape.join() !== shape.join())
      throw new InvalidProblemError(
        `${name} is float32 [heads, tokens, dimension], here [${shape}]; given ${tensor.dtype} [${tensor.shape}].`,
      );
  }
  if (tokens === 0) throw new InvalidProblemError('There is no token to attend to.');
}
