import {
  type Batch,
  type Batches,
  type CaptureRequest,
  type CompressedWeight,
  type CompressibleModel,
  type GradientRequest,
  InvalidProblemError,
  type LayerStatistics,
  type LinearLayer,
  type NamedTensors,
  type ResidualBlock,
} from '@espalier/core';
import { type Scalar, type Tensor, tidy, Variable, variable } from '@tensorflow/tfjs-core';
import type { LayersModel, layers as LayerTypes, SymbolicTensor } from '@tensorflow/tfjs-layers';
import { modelGradients } from '../llama/gradients.js';
import { storedWeights, type WeightReader } from '../llama/weight-reader.js';
import { WeightSlots } from '../llama/weight-slots.js';
import { denseWeight } from '../weights/dense.js';
import { captureLayersModel } from './capture-layers-model.js';
import { type ComputeLayer, copyLayersModel, symbolValue } from './layer-graph.js';
import { type LossName, lossOf } from './layers-model-loss.js';
import { refreshBatchNorms } from './refresh-batch-norms.js';
import { type ResidualBranch, residualBranches } from './residual-branches.js';
import { kernelOf, type WeightLayer, weightLayer } from './weight-layer.js';

type Layer = LayerTypes.Layer;

/** See {@link compressibleLayersModel}. */
export interface LayersModelOptions {
  /**
   * Default by the last activation: cross-entropy after a softmax, binary cross-entropy after a sigmoid, else the mean squared error.
   * Targets of a cross-entropy are one-hot, or int32 class numbers.
   */
  readonly loss?: LossName | ((scores: Tensor, targets: Tensor) => Scalar);
}

/**
 * Any `tf.LayersModel` with one input and one output as a model that can be compressed: its dense, convolution, depthwise convolution and
 * embedding layers. Works on a copy; `toLayersModel` gives the result back. Logits are the outputs before a last softmax or sigmoid.
 * Branches that an `Add` layer adds to what they branched off from can be dropped. A weight that has no other parameters is multiplied as it is
 * stored in dense layers, and decoded for each call in convolutions.
 *
 * @throws InvalidProblemError for a model without layers
 * @throws UnsupportedError for several inputs or outputs, models within the model, settings of a layer that are not covered
 */
export function compressibleLayersModel(
  model: LayersModel,
  options: LayersModelOptions = {},
): LayersModelAdapter {
  const net = copyLayersModel(model);
  const slots = new WeightSlots([]);
  try {
    for (const layer of net.layers) {
      const weights = weightLayer(layer);
      if (!weights) continue;
      const matrix = weights.toMatrix(kernelOf(layer));
      slots.add(layer.name, denseWeight(variable(matrix)));
      matrix.dispose();
    }
    return new LayersModelAdapter(net, slots, options);
  } catch (error) {
    slots.dispose();
    net.dispose();
    throw error;
  }
}

/** See {@link compressibleLayersModel}. */
export class LayersModelAdapter implements CompressibleModel {
  readonly #net: LayersModel;
  readonly #slots: WeightSlots;
  readonly #options: LayersModelOptions;
  readonly #weightLayers: ReadonlyMap<string, WeightLayer>;
  readonly #branches: readonly ResidualBranch[];
  readonly #dropped: Set<string>;
  readonly #scores: { readonly symbol: SymbolicTensor; readonly activation: string };
  #disposed = false;

  /** Takes over the model and the weights; use {@link compressibleLayersModel}. */
  constructor(
    net: LayersModel,
    slots: WeightSlots,
    options: LayersModelOptions,
    dropped: Iterable<string> = [],
  ) {
    this.#net = net;
    this.#slots = slots;
    this.#options = options;
    const found = net.layers.flatMap((layer) => weightLayer(layer) ?? []);
    this.#weightLayers = new Map(found.map((layer) => [layer.name, layer]));
    this.#branches = residualBranches(net);
    this.#dropped = new Set(dropped);
    this.#scores = scoresOf(net);
  }

  layers(): readonly LinearLayer[] {
    const input = this.#net.inputs[0];
    return [...this.#weightLayers.values()].map(
      ({ name, shape, kind, kernel, multiplyAdds, layer }): LinearLayer => {
        const block = this.#branches.find(({ layers }) => layers.has(name))?.name;
        const source = layer.inboundNodes[0]?.inputTensors[0];
        return {
          name,
          shape,
          kind,
          multiplyAdds,
          readsInput: source?.id === input.id,
          ...(kernel && { kernel }),
          ...(block && { block }),
          ...(source && layer.inboundNodes.length === 1 && { input: source.name }),
          weight: this.#slots.get(name),
        };
      },
    );
  }

  replaceWeight(layer: string, weight: CompressedWeight, ownership?: 'owned' | 'borrowed'): void {
    this.#slots.replace(layer, weight, ownership);
  }

  blocks(): readonly ResidualBlock[] {
    return this.#branches.map(
      ({ name }, index): ResidualBlock => ({ name, part: 'block', index, active: !this.#dropped.has(name) }),
    );
  }

  setBlockActive(block: string, active: boolean): void {
    if (!this.#branches.some(({ name }) => name === block)) {
      const names = this.#branches.map(({ name }) => name).join(', ') || 'none';
      throw new InvalidProblemError(`There is no block '${block}'; the blocks are: ${names}.`);
    }
    if (active) this.#dropped.delete(block);
    else this.#dropped.add(block);
  }

  otherParameters(): Readonly<Record<string, Variable>> {
    const found: Record<string, Variable> = {};
    for (const layer of this.#net.layers) {
      const kernel = this.#weightLayers.has(layer.name) ? kernelOf(layer) : undefined;
      for (const weight of layer.trainableWeights) {
        const held = weight.read();
        if (held instanceof Variable && held !== kernel)
          found[`${layer.name}.${weight.originalName.split('/').at(-1)}`] = held;
      }
    }
    return found;
  }

  loss(batch: Batch): Scalar {
    return this.#loss(batch, storedWeights(this.#slots), false);
  }

  logits({ inputs }: Batch): Tensor {
    return tidy(() => this.#value(this.#scores.symbol, inputs, storedWeights(this.#slots), false));
  }

  capture(
    batches: Batches,
    request: CaptureRequest,
  ): AsyncIterable<readonly [layer: string, LayerStatistics]> {
    return captureLayersModel(this, batches, request);
  }

  gradients(
    batch: Batch,
    request: GradientRequest = {},
  ): { readonly loss: Scalar; readonly gradients: NamedTensors } {
    const training = (request.mode ?? 'train') === 'train';
    return modelGradients(
      {
        slots: this.#slots,
        layers: [...this.#weightLayers.keys()],
        others: this.otherParameters(),
        loss: (weights) => this.#loss(batch, weights, training, request.objective),
      },
      request,
    );
  }

  async refreshStatistics(batches: Batches): Promise<void> {
    await refreshBatchNorms(this.#net, batches, (symbol, inputs, compute) =>
      this.#value(symbol, inputs, storedWeights(this.#slots), false, compute),
    );
  }

  /** What a layer's weight multiplies in a batch, `[rows, in]`, at all its places in the graph. */
  rowsOf(name: string, inputs: Tensor, symbols: readonly SymbolicTensor[]): readonly Tensor[] {
    const layer = this.weightLayer(name);
    const weights = storedWeights(this.#slots);
    return tidy(() => symbols.map((symbol) => layer.rows(this.#value(symbol, inputs, weights, false))));
  }

  /** @throws InvalidProblemError on an unknown name */
  weightLayer(name: string): WeightLayer {
    this.#slots.get(name);
    return this.#weightLayers.get(name) as WeightLayer;
  }

  get multiplyAdds(): number {
    const dropped = this.#branches.filter(({ name }) => this.#dropped.has(name));
    const active = [...this.#weightLayers.values()].filter(
      ({ name }) => !dropped.some(({ layers }) => layers.has(name)),
    );
    return active.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
  }

  get bytes(): number {
    let bytes = this.#slots.bytes;
    for (const layer of this.#net.layers) {
      const kernel = this.#weightLayers.has(layer.name) ? kernelOf(layer) : undefined;
      for (const weight of layer.weights) if (weight.read() !== kernel) bytes += 4 * weight.read().size;
    }
    return bytes;
  }

  clone(): LayersModelAdapter {
    const net = copyLayersModel(this.#net);
    return new LayersModelAdapter(net, this.#slots.clone(), this.#options, this.#dropped);
  }

  /** A new model of tfjs with the weights decoded; dropped blocks are still in it. */
  toLayersModel(): LayersModel {
    const copy = copyLayersModel(this.#net);
    for (const layer of copy.layers) {
      const weights = this.#weightLayers.get(layer.name);
      if (!weights) continue;
      const kernel = tidy(() => weights.toKernel(this.#slots.get(layer.name).toDense()));
      layer.weights[0].write(kernel);
      kernel.dispose();
    }
    return copy;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#slots.dispose();
    this.#net.dispose();
  }

  #loss(
    batch: Batch,
    weights: WeightReader,
    training: boolean,
    objective?: GradientRequest['objective'],
  ): Scalar {
    const { symbol, activation } = this.#scores;
    return tidy(() => {
      const scores = this.#value(symbol, batch.inputs, weights, training);
      if (objective) return objective(scores, batch);
      if (!batch.targets) throw new InvalidProblemError('The loss needs the targets of the batch.');
      return lossOf(this.#options.loss, activation)(scores, batch.targets);
    });
  }

  #value(
    symbol: SymbolicTensor,
    input: Tensor,
    weights: WeightReader,
    training: boolean,
    override?: ComputeLayer,
  ): Tensor {
    const last = this.#scores.symbol.sourceLayer.name;
    const compute: ComputeLayer = (layer, values) => {
      const own = override?.(layer, values);
      if (own) return own;
      const weighted = this.#weightLayers.get(layer.name);
      if (weighted)
        return weighted.compute(values[0], weights, layer.name === last ? 'scores' : 'activation');
      const branch = this.#dropped.has(layer.name) && this.#branches.find(({ name }) => name === layer.name);
      return branch ? values[branch.skip] : undefined;
    };
    return symbolValue(symbol, { input, training, compute });
  }
}

/** The scores before a last softmax or sigmoid, and that activation. */
function scoresOf({ outputs: [output] }: LayersModel): { symbol: SymbolicTensor; activation: string } {
  const layer: Layer = output.sourceLayer;
  const name = layer.getClassName();
  if (name === 'Softmax') return { symbol: output.inputs[0], activation: 'softmax' };
  const activation = String(layer.getConfig().activation ?? 'linear');
  if (name !== 'Activation' || (activation !== 'softmax' && activation !== 'sigmoid'))
    return { symbol: output, activation };
  return { symbol: output.inputs[0], activation };
}
