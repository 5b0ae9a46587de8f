/** The name of a layer from the name of its weight. */
export const layerOf = (weight: string): string => weight.replace(/\.weight$/, '');

/**
 * `ignore` of a configuration of compressed-tensors: the linear layers that stay as they were.
 * @param packed the weights that do not, by their full names
 * @param all the tensors of the model (`packed` may be among them), with their shapes
 */
export function ignoredLayers(
  packed: { has(weight: string): boolean },
  all: ReadonlyMap<string, readonly number[]>,
): readonly string[] {
  const dense = [...all].filter(
    ([name, { length }]) => length === 2 && !packed.has(name) && !name.includes('embed_tokens'),
  );
  // The head is a linear layer also where it is tied and has no tensor of its own.
  const head = packed.has('lm_head.weight') ? [] : ['lm_head'];
  return [...new Set([...dense.map(([name]) => layerOf(name)), ...head])].sort();
}
