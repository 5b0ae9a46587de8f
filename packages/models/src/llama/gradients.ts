import { type GradientRequest, InvalidProblemError, type NamedTensors } from '@espalier/core';
import { engine, type Scalar, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { releasingTape } from './release-tape.js';
import { denseWeights, storedWeights, type WeightReader } from './weight-reader.js';
import type { WeightSlots } from './weight-slots.js';

/** What a model supplies to {@link modelGradients}. */
export interface Differentiable {
  readonly slots: WeightSlots;
  /** Layers whose weights are asked for as `dense` and `stored`. */
  readonly layers: readonly string[];
  readonly others: Readonly<Record<string, Variable>>;
  /** The loss, with weights read by `weights`. */
  loss(weights: WeightReader): Scalar;
}

/**
 * Loss and gradients by name: `dense` ones by layer, `stored` ones by `layer.parameter`, others by their own names. One that plays no part
 * in the loss (a dropped block) is left out. A variable that serves several layers stands under the first one's name.
 * Dense and stored gradients need a backward pass each.
 */
export function modelGradients(
  model: Differentiable,
  request: GradientRequest = {},
): { readonly loss: Scalar; readonly gradients: NamedTensors } {
  const { of = ['dense', 'other'], variables = {} } = request;
  const { slots, layers } = model;
  const shared: Record<string, Tensor> = { ...(of.includes('other') ? model.others : {}), ...variables };
  const stored = of.includes('stored') ? storedParameters(slots, layers) : {};
  if (!of.includes('dense')) {
    const all = { ...stored, ...shared };
    if (Object.keys(all).length === 0)
      throw new InvalidProblemError(`Nothing has a gradient: the request is for [${of}].`, {
        remedy: "Ask for 'dense' gradients, or give variables.",
      });
    return gradientsOf(all, () => model.loss(storedWeights(slots)));
  }
  const dense = Object.fromEntries(layers.map((layer) => [layer, slots.get(layer).toDense()]));
  let byDense: ReturnType<typeof gradientsOf>;
  try {
    byDense = gradientsOf({ ...dense, ...shared }, () => model.loss(denseWeights(slots, dense)));
  } finally {
    for (const matrix of Object.values(dense)) matrix.dispose();
  }
  if (Object.keys(stored).length === 0) return byDense;
  const byStored = gradientsOf(stored, () => model.loss(storedWeights(slots)));
  byStored.loss.dispose();
  return { loss: byDense.loss, gradients: { ...byDense.gradients, ...byStored.gradients } };
}

function storedParameters(slots: WeightSlots, layers: readonly string[]): Record<string, Variable> {
  const found: Record<string, Variable> = {};
  const seen = new Set<Variable>();
  for (const layer of layers) {
    for (const [name, parameter] of Object.entries(slots.get(layer).parameters?.() ?? {})) {
      if (seen.has(parameter)) continue;
      seen.add(parameter);
      found[`${layer}.${name}`] = parameter;
    }
  }
  return found;
}

function gradientsOf(
  by: Readonly<Record<string, Tensor>>,
  loss: () => Scalar,
): { readonly loss: Scalar; readonly gradients: NamedTensors } {
  const names = Object.keys(by);
  const { value, grads } = releasingTape(() => engine().gradients(loss, Object.values(by), undefined, true));
  const gradients: Record<string, Tensor> = {};
  names.forEach((name, i) => {
    const gradient: Tensor | null = grads[i];
    if (gradient) gradients[name] = gradient;
  });
  return { loss: value, gradients };
}
