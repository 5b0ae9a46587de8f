import {
  type Batch,
  type Batches,
  type CaptureRequest,
  type CompressedWeight,
  type CompressibleModel,
  createRandom,
  InvalidProblemError,
  type LayerStatistics,
  type LinearLayer,
} from '@espalier/core';
import {
  add,
  clone,
  concat,
  losses,
  relu,
  type Scalar,
  type Tensor,
  type Tensor2D,
  tensor2d,
  tidy,
  type Variable,
  variable,
} from '@tensorflow/tfjs-core';
import { denseWeight } from './dense-weight.js';
import { tinyGradients } from './tiny-gradients.js';

/** Sizes are those of the layers: `hidden` is `[hidden, inputs]`, `output` is `[classes, hidden]`. */
export interface TinyModelOptions {
  readonly seed?: number;
  /** Default 8. */
  readonly inputs?: number;
  /** Default 12. */
  readonly hidden?: number;
  /** Default 4. */
  readonly classes?: number;
}

/** Weights are shared by clones; the last owner disposes. */
interface Shared {
  readonly weight: CompressedWeight;
  owners: number;
}

/**
 * A classifier of two linear layers, relu(x W1^T + b1) W2^T + b2, with normal weights: the smallest model that can be
 * compressed. Inputs are `[batch, inputs]`, targets one-hot `[batch, classes]`; the loss is softmax cross-entropy.
 */
export function tinyModel({
  seed = 1,
  inputs = 8,
  hidden = 12,
  classes = 4,
}: TinyModelOptions = {}): CompressibleModel {
  const random = createRandom(seed);
  const layer = (rows: number, columns: number): Shared => ({
    weight: denseWeight(
      tensor2d(
        Float32Array.from({ length: rows * columns }, () => random.normal()),
        [rows, columns],
      ),
    ),
    owners: 1,
  });
  const weights = { hidden: layer(hidden, inputs), output: layer(classes, hidden) };
  const bias = (size: number) =>
    tensor2d(
      Float32Array.from({ length: size }, () => random.normal()),
      [1, size],
    );
  return modelOf(weights, { 'hidden.bias': bias(hidden), 'output.bias': bias(classes) });
}

/** Batches of normal inputs with random classes, for `tinyModel` of the same sizes. The caller disposes of the tensors. */
export function tinyBatches(
  { seed = 2, inputs = 8, classes = 4 }: TinyModelOptions = {},
  { batches = 2, size = 16 }: { readonly batches?: number; readonly size?: number } = {},
): Batch[] {
  const random = createRandom(seed);
  return Array.from({ length: batches }, () => ({
    inputs: tensor2d(
      Float32Array.from({ length: size * inputs }, () => random.normal()),
      [size, inputs],
    ),
    targets: tidy(() => {
      const oneHot = new Float32Array(size * classes);
      for (let i = 0; i < size; i++) oneHot[i * classes + random.integer(classes)] = 1;
      return tensor2d(oneHot, [size, classes]);
    }),
  }));
}

type LayerName = 'hidden' | 'output';
const LAYERS: readonly LayerName[] = ['hidden', 'output'];

/** The biases are copied, the weights shared. */
function modelOf(
  shared: Record<LayerName, Shared>,
  initial: Readonly<Record<string, Tensor2D>>,
): CompressibleModel {
  const biases: Record<string, Variable> = {};
  for (const [name, tensor] of Object.entries(initial)) {
    biases[name] = variable(tensor);
    tensor.dispose();
  }
  const biasOf = (name: LayerName): Variable => biases[`${name}.bias`]!;
  const release = (name: LayerName): void => {
    if (--shared[name].owners === 0) shared[name].weight.dispose();
  };
  const hiddenOf = (inputs: Tensor): Tensor =>
    relu(add(shared.hidden.weight.matmul(inputs), biasOf('hidden')));
  const model: CompressibleModel = {
    layers: () =>
      LAYERS.map(
        (name): LinearLayer => ({ name, shape: shared[name].weight.shape, weight: shared[name].weight }),
      ),
    replaceWeight(layer, weight, ownership = 'owned') {
      const name = layerName(layer);
      const { shape } = shared[name].weight;
      if (weight.shape[0] !== shape[0] || weight.shape[1] !== shape[1]) {
        throw new InvalidProblemError(`The weight of ${name} is [${shape}]; given [${weight.shape}].`);
      }
      release(name);
      // One owner too many for a borrowed weight: it never falls to none.
      shared[name] = { weight, owners: ownership === 'owned' ? 1 : 2 };
    },
    blocks: () => [],
    setBlockActive(block) {
      throw new InvalidProblemError(`This model has no block that can be left out; given '${block}'.`);
    },
    otherParameters: () => biases,
    loss: (batch) => tidy(() => crossEntropy(batch, model.logits(batch))),
    logits: ({ inputs }) => tidy(() => add(shared.output.weight.matmul(hiddenOf(inputs)), biasOf('output'))),
    capture: (batches, request) => capture(model, hiddenOf, batches, request),
    gradients: (batch, request = {}) => tinyGradients(model, batch, request, crossEntropy),
    get bytes() {
      const others = Object.values(biases).reduce((bytes, { size }) => bytes + 4 * size, 0);
      return LAYERS.reduce((bytes, name) => bytes + shared[name].weight.bytes, others);
    },
    clone() {
      for (const name of LAYERS) shared[name].owners++;
      const copies = Object.entries(biases).map(([name, bias]) => [name, clone(bias)]);
      return modelOf({ ...shared }, Object.fromEntries(copies));
    },
    dispose() {
      for (const name of LAYERS) release(name);
      for (const bias of Object.values(biases)) bias.dispose();
    },
  };
  return model;
}

function layerName(layer: string): LayerName {
  if (layer !== 'hidden' && layer !== 'output') {
    throw new InvalidProblemError(`The layers are ${LAYERS.join(' and ')}; given '${layer}'.`);
  }
  return layer;
}

function crossEntropy({ targets }: Batch, logits: Tensor): Scalar {
  if (!targets)
    throw new InvalidProblemError('The loss needs the targets of the batch, one-hot [batch, classes].');
  return losses.softmaxCrossEntropy(targets, logits);
}

async function* capture(
  model: CompressibleModel,
  hiddenOf: (inputs: Tensor) => Tensor,
  batches: Batches,
  { layers = LAYERS, gather }: CaptureRequest,
): AsyncGenerator<readonly [layer: string, LayerStatistics]> {
  for (const name of layers.map(layerName)) {
    const parts: Tensor2D[] = [];
    for await (const { inputs } of batches)
      parts.push((name === 'hidden' ? clone(inputs) : tidy(() => hiddenOf(inputs))) as Tensor2D);
    if (parts.length === 0) throw new InvalidProblemError('There is no batch to gather statistics from.');
    const inputs = tidy(() => concat(parts, 0));
    for (const part of parts) part.dispose();
    const [rows, columns] = inputs.shape;
    const hessian = gram(await inputs.data<'float32'>(), columns);
    const { weight } = model.layers().find((layer) => layer.name === name)!;
    const outputs = gather.includes('outputs') && (weight.matmul(inputs) as Tensor2D);
    if (!gather.includes('inputs')) inputs.dispose();
    yield [
      name,
      {
        rows,
        ...(gather.includes('squares') && { squares: hessian.filter((_, i) => i % (columns + 1) === 0) }),
        ...(gather.includes('hessian') && { hessian }),
        ...(gather.includes('inputs') && { inputs }),
        ...(outputs && { outputs }),
      },
    ];
  }
}

/** X^T X in float64; its diagonal holds the sums of squares. */
function gram(x: Float32Array, columns: number): Float64Array {
  const product = new Float64Array(columns * columns);
  for (let row = 0; row < x.length; row += columns) {
    for (let i = 0; i < columns; i++)
      for (let j = 0; j < columns; j++)
        product[i * columns + j] = product[i * columns + j]! + x[row + i]! * x[row + j]!;
  }
  return product;
}
