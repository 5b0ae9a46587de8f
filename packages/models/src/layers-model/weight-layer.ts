import { InvalidProblemError, UnsupportedError } from '@espalier/core';
import {
  add,
  cast,
  conv2d,
  depthwiseConv2d,
  reshape,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  type Tensor4D,
  tidy,
  transpose,
  Variable,
} from '@tensorflow/tfjs-core';
import { type layers as LayerTypes, layers as tfLayers } from '@tensorflow/tfjs-layers';
import type { WeightReader } from '../llama/weight-reader.js';
import { type ConvolutionGeometry, imagePatches, outputSide } from './image-patches.js';

type Layer = LayerTypes.Layer;

/** A layer of a `tf.LayersModel` whose kernel is a weight `[out, in]` that can be replaced. */
export interface WeightLayer {
  readonly name: string;
  readonly layer: Layer;
  readonly kind: 'linear' | 'convolution' | 'embedding';
  readonly shape: readonly [outputs: number, inputs: number];
  readonly kernel?: readonly [height: number, width: number];
  readonly multiplyAdds: number;
  /** The `[out, in]` matrix of a kernel in the layout of tfjs, and back; new tensors. */
  toMatrix(kernel: Tensor): Tensor2D;
  toKernel(matrix: Tensor2D): Tensor;
  /** What the weight multiplies, `[rows, in]`; for a depthwise convolution the rows of all channels together. */
  rows(input: Tensor): Tensor2D;
  /** The layer's output, its kernel read by `weights`; `scores` leaves the activation out. */
  compute(input: Tensor, weights: WeightReader, upTo: 'scores' | 'activation'): Tensor;
}

/** The layer as one with a weight, or undefined where it has none. @throws UnsupportedError for settings that are not covered */
export function weightLayer(layer: Layer): WeightLayer | undefined {
  const make = makers[layer.getClassName()];
  return make?.(layer);
}

const makers: Readonly<Record<string, (layer: Layer) => WeightLayer>> = {
  Dense: dense,
  Conv2D: convolution,
  DepthwiseConv2D: depthwise,
  Embedding: embedding,
};

/** The kernel's variable; the adapter keeps the matrix elsewhere. */
export function kernelOf(layer: Layer): Variable {
  return variableOf(layer, 0);
}

function variableOf(layer: Layer, index: number): Variable {
  const held = layer.weights[index]?.read();
  if (held instanceof Variable) return held;
  throw new InvalidProblemError(`The layer ${layer.name} has no weights yet: it was not built.`);
}

function dense(layer: Layer): WeightLayer {
  const [inputs, outputs] = kernelOf(layer).shape as [number, number];
  return {
    name: layer.name,
    layer,
    kind: 'linear',
    shape: [outputs, inputs],
    multiplyAdds: outputs * inputs * positionsOf(layer),
    toMatrix: (kernel) => transpose(kernel) as Tensor2D,
    toKernel: (matrix) => transpose(matrix),
    rows: (input) => reshape(input, [-1, inputs]),
    compute: (input, weights, upTo) => finish(layer, weights.multiply(layer.name, input), upTo),
  };
}

function convolution(layer: Layer): WeightLayer {
  const [height, width, channels, filters] = kernelOf(layer).shape as [number, number, number, number];
  const geometry = geometryOf(layer, [height, width]);
  const inputs = channels * height * width;
  const toKernel = (matrix: Tensor2D) =>
    tidy(() => transpose(reshape(matrix, [filters, channels, height, width]), [2, 3, 1, 0]));
  return {
    name: layer.name,
    layer,
    kind: 'convolution',
    shape: [filters, inputs],
    kernel: [height, width],
    multiplyAdds: filters * inputs * positionsOf(layer),
    toMatrix: (kernel) => tidy(() => reshape(transpose(kernel, [3, 2, 0, 1]), [filters, inputs]) as Tensor2D),
    toKernel,
    rows: (input) => imagePatches(input as Tensor4D, geometry),
    compute(input, weights, upTo) {
      const matrix = weights.matrix(layer.name);
      if (!matrix) {
        const [batch, high, wide] = outputShape(input, geometry);
        const product = weights.multiply(layer.name, imagePatches(input as Tensor4D, geometry));
        return finish(layer, reshape(product, [batch, high, wide, filters]), upTo);
      }
      const { strides, padding, dilation } = geometry;
      const kernel = toKernel(matrix) as Tensor4D;
      const output = conv2d(input as Tensor4D, kernel, [...strides], padding, 'NHWC', [...dilation]);
      return finish(layer, output, upTo);
    },
  };
}

function depthwise(layer: Layer): WeightLayer {
  const [height, width, channels, multiplier] = kernelOf(layer).shape as [number, number, number, number];
  const geometry = geometryOf(layer, [height, width]);
  const [outputs, inputs] = [channels * multiplier, height * width];
  const toKernel = (matrix: Tensor2D) =>
    tidy(() => transpose(reshape(matrix, [channels, multiplier, height, width]), [2, 3, 0, 1]));
  return {
    name: layer.name,
    layer,
    kind: 'convolution',
    shape: [outputs, inputs],
    kernel: [height, width],
    multiplyAdds: outputs * inputs * positionsOf(layer),
    toMatrix: (kernel) => tidy(() => reshape(transpose(kernel, [2, 3, 0, 1]), [outputs, inputs]) as Tensor2D),
    toKernel,
    rows: (input) => imagePatches(input as Tensor4D, geometry, 'separately'),
    compute(input, weights, upTo) {
      const kernel = toKernel(weights.matrix(layer.name) ?? weights.dense(layer.name)) as Tensor4D;
      const output = depthwiseConv2d(input as Tensor4D, kernel, [...geometry.strides], geometry.padding);
      return finish(layer, output, upTo);
    },
  };
}

function embedding(layer: Layer): WeightLayer {
  const [rows, width] = kernelOf(layer).shape as [number, number];
  if (layer.getConfig().maskZero)
    throw new UnsupportedError(`The embedding ${layer.name} masks zeros (maskZero), which is not covered.`);
  return {
    name: layer.name,
    layer,
    kind: 'embedding',
    shape: [rows, width],
    multiplyAdds: 0,
    toMatrix: (kernel) => kernel.clone() as Tensor2D,
    toKernel: (matrix) => matrix.clone(),
    rows() {
      throw new UnsupportedError(`The inputs of ${layer.name} are indices: there is no matrix of them.`, {
        remedy: 'Leave the layer out of the capture.',
      });
    },
    compute(input, weights) {
      const indices = reshape(cast(input, 'int32'), [-1]) as Tensor1D;
      return reshape(weights.rows(layer.name, indices), [...input.shape, width]);
    },
  };
}

/** Adds the bias and applies the activation. */
function finish(layer: Layer, product: Tensor, upTo: 'scores' | 'activation'): Tensor {
  const { useBias, activation } = layer.getConfig();
  const biased = useBias ? add(product, variableOf(layer, 1)) : product;
  if (upTo === 'scores' || activation == null || activation === 'linear') return biased;
  return tfLayers.activation({ activation: activation as 'relu' }).apply(biased) as Tensor;
}

function geometryOf(layer: Layer, kernel: readonly [number, number]): ConvolutionGeometry {
  const { strides, dilationRate, padding, dataFormat } = layer.getConfig();
  if (dataFormat !== 'channelsLast' || (padding !== 'same' && padding !== 'valid'))
    throw new UnsupportedError(
      `The layer ${layer.name} has the data format ${dataFormat} and the padding ${padding}; covered are channelsLast, and same or valid.`,
    );
  const dilation = dilationRate as [number, number];
  if (layer.getClassName() === 'DepthwiseConv2D' && dilation.some((rate) => rate !== 1))
    throw new UnsupportedError(
      `The layer ${layer.name} is depthwise and dilated, which tfjs does not compute.`,
    );
  return { kernel, strides: strides as [number, number], dilation, padding };
}

/** How often the weight is applied to one sample. */
function positionsOf(layer: Layer): number {
  const shape = layer.outputShape as (number | null)[];
  return shape.slice(1, -1).reduce((product: number, size) => product * (size ?? 1), 1);
}

function outputShape(input: Tensor, geometry: ConvolutionGeometry): [number, number, number] {
  const [batch, height, width] = input.shape as [number, number, number];
  const { kernel, strides, dilation, padding } = geometry;
  const side = (size: number, axis: 0 | 1) =>
    outputSide(size, kernel[axis], strides[axis], dilation[axis], padding).size;
  return [batch, side(height, 0), side(width, 1)];
}
