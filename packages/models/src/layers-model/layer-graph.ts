import { InvalidProblemError, UnsupportedError } from '@espalier/core';
import type { serialization, Tensor } from '@tensorflow/tfjs-core';
import type { LayersModel, layers, SymbolicTensor } from '@tensorflow/tfjs-layers';

type Layer = layers.Layer;

/** How a layer is computed in a pass; undefined: as tfjs computes it. */
export type ComputeLayer = (layer: Layer, inputs: readonly Tensor[]) => Tensor | undefined;

/** A pass through the graph of a model's layers. */
export interface GraphPass {
  /** What the model reads: the tensor for its only input. */
  readonly input: Tensor;
  readonly training: boolean;
  readonly compute: ComputeLayer;
}

/**
 * A copy of a model with weights of its own, in the same layers by name.
 * @throws InvalidProblemError for a model without layers, UnsupportedError for several inputs or outputs, or models within the model
 */
export function copyLayersModel(model: LayersModel): LayersModel {
  if (model.layers.length === 0) throw new InvalidProblemError('The model has no layers.');
  if (model.inputs.length !== 1 || model.outputs.length !== 1)
    throw new UnsupportedError(
      `Models have one input and one output; this one has ${model.inputs.length} and ${model.outputs.length}.`,
    );
  const nested = model.layers.find((layer) => 'layers' in layer);
  if (nested)
    throw new UnsupportedError(`The layer ${nested.name} is a model of its own.`, {
      remedy: 'Build one model of all layers.',
    });
  // tfjs types fromConfig for classes; the model knows its own.
  const kind = model.constructor as unknown as serialization.SerializableConstructor<LayersModel> &
    Pick<typeof LayersModel, 'fromConfig'>;
  const config = JSON.parse(JSON.stringify(model.getConfig())) as serialization.ConfigDict;
  const copy = kind.fromConfig<LayersModel>(kind, config, {}, true);
  copy.setWeights(model.getWeights());
  return copy;
}

/** The value of a symbolic tensor in a pass; what it needs is computed once. Call it inside of a `tidy`. */
export function symbolValue(
  symbol: SymbolicTensor,
  pass: GraphPass,
  known = new Map<number, Tensor>(),
): Tensor {
  const found = known.get(symbol.id);
  if (found) return found;
  const value = computeValue(symbol, pass, known);
  known.set(symbol.id, value);
  return value;
}

function computeValue(symbol: SymbolicTensor, pass: GraphPass, known: Map<number, Tensor>): Tensor {
  const { sourceLayer, inputs, callArgs, outputTensorIndex } = symbol;
  if (sourceLayer.getClassName() === 'InputLayer') return pass.input;
  const values = inputs.map((input) => symbolValue(input, pass, known));
  const own = pass.compute(sourceLayer, values);
  if (own) return own;
  const output = sourceLayer.call(values, { ...callArgs, training: pass.training });
  return Array.isArray(output) ? output[outputTensorIndex ?? 0] : output;
}

/** The symbolic tensors that a layer reads, at each of its places in the graph. */
export function inputsOf(layer: Layer): readonly SymbolicTensor[] {
  return layer.inboundNodes.flatMap(({ inputTensors }) => inputTensors.slice(0, 1));
}

/** The ids of a symbolic tensor and of all that it follows from. */
export function ancestorsOf(symbol: SymbolicTensor): ReadonlySet<number> {
  const seen = new Set<number>();
  const open = [symbol];
  for (let next = open.pop(); next; next = open.pop()) {
    if (seen.has(next.id)) continue;
    seen.add(next.id);
    open.push(...next.inputs);
  }
  return seen;
}
