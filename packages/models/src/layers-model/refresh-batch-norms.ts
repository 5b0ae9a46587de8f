import { type Batch, type Batches, InvalidProblemError } from '@espalier/core';
import { dispose, keep, moments, squeeze, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import type { LayersModel, layers as LayerTypes, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { ComputeLayer } from './layer-graph.js';

type Layer = LayerTypes.Layer;

/** Computes a symbolic tensor for a batch, inside of a `tidy`. */
export type Evaluate = (symbol: SymbolicTensor, inputs: Tensor, compute: ComputeLayer) => Tensor;

/** Sums over the batches, in float64. */
interface Moments {
  rows: number;
  readonly sums: Float64Array;
  readonly squares: Float64Array;
}

/**
 * Sets the running mean and variance of every batch normalization to those of its inputs over all batches together: one pass over the data a
 * layer, in forward order, so that each sees what the refreshed ones before it give.
 * @throws InvalidProblemError when there is no batch
 */
export async function refreshBatchNorms(
  { layers }: LayersModel,
  batches: Batches,
  evaluate: Evaluate,
): Promise<void> {
  for (const layer of layers.filter((one) => one.getClassName() === 'BatchNormalization')) {
    const [symbol] = layer.inboundNodes[0]?.inputTensors ?? [];
    const [mean, variance] = layer.weights.slice(-2);
    const total = await momentsOver(layer, symbol, batches, evaluate, mean.shape[0] ?? 0);
    if (total.rows === 0) throw new InvalidProblemError('There is no batch to refresh statistics from.');
    const means = total.sums.map((sum) => sum / total.rows);
    const variances = total.squares.map((sum, i) => Math.max(0, sum / total.rows - means[i] ** 2));
    for (const [target, values] of [
      [mean, means],
      [variance, variances],
    ] as const) {
      const fresh = tensor1d(Float32Array.from(values));
      target.write(fresh);
      fresh.dispose();
    }
  }
}

async function momentsOver(
  layer: Layer,
  symbol: SymbolicTensor,
  batches: Batches,
  evaluate: Evaluate,
  channels: number,
): Promise<Moments> {
  const total: Moments = { rows: 0, sums: new Float64Array(channels), squares: new Float64Array(channels) };
  const axis = layer.getConfig().axis as number;
  for await (const { inputs } of batches as AsyncIterable<Batch>) {
    const [mean, variance, rows] = tidy(() => {
      const value = evaluate(symbol, inputs, () => undefined);
      const channel = axis < 0 ? value.rank + axis : axis;
      const others = Array.from({ length: value.rank }, (_, i) => i).filter((i) => i !== channel);
      const found = moments(value, others);
      return [keep(squeeze(found.mean)), keep(squeeze(found.variance)), value.size / channels] as const;
    });
    const [means, variances] = [await mean.data(), await variance.data()];
    dispose([mean, variance]);
    total.rows += rows;
    for (let i = 0; i < channels; i++) {
      total.sums[i] += rows * means[i];
      total.squares[i] += rows * (variances[i] + means[i] ** 2);
    }
  }
  return total;
}
