import type { CompressedWeight, CompressibleModel, LayerReport } from '@espalier/core';
import { denseValues } from '@espalier/models';
import { layerOfWeight, type QuantizedLayer } from './quantized-layer.js';

/** Reports of layers whose weights were replaced since. The output error was that of the start and is left out. */
export async function reportsOf(
  model: CompressibleModel,
  layers: readonly LayerReport[],
): Promise<readonly (readonly [report: LayerReport, weight: CompressedWeight])[]> {
  const weights = new Map(model.layers().map(({ name, weight }) => [name, weight]));
  const reports: (readonly [LayerReport, CompressedWeight])[] = [];
  for (const { outputError: _, ...before } of layers) {
    const weight = weights.get(before.layer)!;
    const values = await denseValues(weight);
    const zeros = values.reduce((sum, value) => sum + (value === 0 ? 1 : 0), 0);
    const report: LayerReport = {
      ...before,
      format: weight.format,
      sparsity: zeros / values.length,
      bitsPerWeight: (8 * weight.bytes) / values.length,
      bytes: weight.bytes,
    };
    reports.push([report, weight]);
  }
  return reports;
}

/** The quantized layers among those that are reported. */
export async function layersOf(
  model: CompressibleModel,
  layers: readonly LayerReport[],
): Promise<ReadonlyMap<string, QuantizedLayer>> {
  const reported = new Set(layers.map(({ layer }) => layer));
  const found = new Map<string, QuantizedLayer>();
  for (const { name, weight } of model.layers()) {
    const layer = reported.has(name) ? await layerOfWeight(weight) : undefined;
    if (layer) found.set(name, layer);
  }
  return found;
}
