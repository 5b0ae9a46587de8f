import {
  type Batch,
  type Batches,
  type CaptureRequest,
  InvalidProblemError,
  type LayerStatistics,
} from '@espalier/core';
import { dispose, type Tensor2D } from '@tensorflow/tfjs-core';
import { LayerInputs } from '../calibration/layer-inputs.js';
import { inputsOf } from './layer-graph.js';
import type { LayersModelAdapter } from './layers-model-adapter.js';

/**
 * Statistics of the inputs of a model's layers, one layer at a time: each needs a pass through what stands before it, and memory for its own sums
 * alone. A convolution's rows are image patches; those of a depthwise one stand together for all channels. Without `propagate`, layers see the
 * weights that the model had when the capture began.
 *
 * @throws InvalidProblemError for an unknown layer or no batch at all
 * @throws UnsupportedError for the inputs of an embedding, when it is named
 */
export async function* captureLayersModel(
  model: LayersModelAdapter,
  batches: Batches,
  request: CaptureRequest,
): AsyncGenerator<readonly [layer: string, LayerStatistics]> {
  const { layers, gather, propagate } = request;
  for (const name of layers ?? []) model.weightLayer(name);
  if (gather.length === 0) throw new InvalidProblemError('A capture gathers at least one thing; given none.');
  const subject = propagate ? model : model.clone();
  try {
    for (const { name, kind } of subject.layers()) {
      if (layers ? !layers.includes(name) : kind === 'embedding') continue;
      yield [name, await statisticsOf(subject, name, batches, request)];
    }
  } finally {
    if (subject !== model) subject.dispose();
  }
}

async function statisticsOf(
  model: LayersModelAdapter,
  name: string,
  batches: Batches,
  { gather, turn }: CaptureRequest,
): Promise<LayerStatistics> {
  const { layer, shape } = model.weightLayer(name);
  const symbols = inputsOf(layer);
  const gathered = new LayerInputs(shape[1], gather);
  let count = 0;
  try {
    for await (const { inputs } of batches as AsyncIterable<Batch>) {
      count++;
      await turn?.();
      const places = model.rowsOf(name, inputs, symbols);
      for (const rows of places) await gathered.add(rows as Tensor2D);
      dispose([...places]);
    }
    if (count === 0) throw new InvalidProblemError('There is no batch to gather statistics from.');
    const weight = model.layers().find((one) => one.name === name)?.weight;
    return gathered.statistics((x) => weight?.matmul(x) as Tensor2D);
  } finally {
    gathered.dispose();
  }
}
