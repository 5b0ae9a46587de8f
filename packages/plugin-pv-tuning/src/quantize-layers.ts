import {
  type CompressibleModel,
  type CompressionReport,
  InvalidProblemError,
  type QuantizeRequest,
  type RunOptions,
  type Services,
} from '@espalier/core';
import { compressLayers } from '@espalier/models';
import { layerMethod } from './layer-method.js';
import type { LayerOptions } from './layer-options.js';
import { quantizeBlocks } from './quantize-blocks.js';

/**
 * Every layer as codes, by residual k-means and, where asked for, a fit to its outputs with the layers before it already quantized, and a fit of
 * whole blocks.
 *
 * @throws UnsupportedError when a layer cannot be stored in so few bits
 */
export async function quantizeLayers(
  model: CompressibleModel,
  request: QuantizeRequest,
  options: LayerOptions,
  run: RunOptions,
  services: Services,
): Promise<CompressionReport> {
  const { bits, groupSize } = request;
  if (!(Number.isFinite(bits) && bits > 0))
    throw new InvalidProblemError(`The bits a weight are a positive number; given ${bits}.`);
  const method = layerMethod(options, bits, groupSize);
  return options.tuneBlocks
    ? quantizeBlocks(model, request, method, options, run, services)
    : compressLayers(model, request, method, run, services);
}
