import type { CompressedWeight, StoredWeight } from '@espalier/core';
import { restoreWeight } from '@espalier/models';
import type { Floats } from './adam.js';
import {
  type CodebookLayer,
  codebookGradients,
  dequantizeTiles,
  fromTiles,
  tileSize,
  toTiles,
} from './codebook-layer.js';
import { codebookWeight, isCodebookWeight, restoreCodebook } from './codebook-weight.js';
import { codedCodebookWeight, hasSecondLevel, restoreCodedCodebook } from './coded-codebook-weight.js';
import { dequantizeScalars, type ScalarLayer, scalarGradients } from './scalar-layer.js';
import { isScalarWeight, restoreScalar, scalarWeight } from './scalar-weight.js';
import { asCoded } from './second-level.js';

/** A layer in either representation: codes, and the continuous numbers that they are read with. */
export type QuantizedLayer = CodebookLayer | ScalarLayer;

/** Whether codes are small integers rather than indices of vectors. */
export const isScalar = (layer: QuantizedLayer): layer is ScalarLayer => 'zeros' in layer;

/** Continuous numbers by name; the arrays themselves. */
export const continuousParts = (layer: QuantizedLayer): Readonly<Record<string, Float64Array>> =>
  isScalar(layer)
    ? { scales: layer.scales, zeros: layer.zeros }
    : { codebooks: layer.codebooks, scales: layer.scales };

/** The layer with other codes and continuous numbers. */
export const withParts = <L extends QuantizedLayer>(
  layer: L,
  parts: Readonly<Record<string, Float64Array>>,
  codes: Uint16Array,
): L => ({ ...layer, ...parts, codes });

/** A copy that shares nothing that changes. */
export function copyLayer<L extends QuantizedLayer>(layer: L): L {
  const parts = Object.entries(continuousParts(layer)).map(([name, values]) => [name, values.slice()]);
  return withParts(layer, Object.fromEntries(parts), layer.codes.slice());
}

/** What the layer stands for when it is stored, but for float16: with its second level, where it has one. */
export const readAsStored = (layer: QuantizedLayer): QuantizedLayer =>
  isScalar(layer) ? layer : asCoded(layer);

/** Elements that are coded together. */
export const elementsPerTile = (layer: QuantizedLayer): number =>
  isScalar(layer) ? 1 : tileSize(layer.layout);

/** Codes of a tile. */
export const codesPerTile = (layer: QuantizedLayer): number => (isScalar(layer) ? 1 : layer.layout.codebooks);

/** The matrix in tiles, without any second level. */
export const tilesOf = (layer: QuantizedLayer): Float64Array =>
  isScalar(layer) ? dequantizeScalars(layer) : dequantizeTiles(layer);

/** Gradients by {@link continuousParts}, from that by the matrix, in tiles. */
export const partGradients = (
  layer: QuantizedLayer,
  gradient: ArrayLike<number>,
): Readonly<Record<string, Float64Array>> =>
  isScalar(layer) ? scalarGradients(layer, gradient) : codebookGradients(layer, gradient);

/** A row-major matrix in tiles. */
export const intoTiles = (layer: QuantizedLayer, matrix: Float32Array): Floats =>
  isScalar(layer) ? matrix : toTiles(matrix, layer.layout);

/** Tiles as a row-major matrix. */
export const outOfTiles = (layer: QuantizedLayer, tiles: Float64Array): Float32Array =>
  Float32Array.from(isScalar(layer) ? tiles : fromTiles(tiles, layer.layout));

/** The layer as a weight of a model. @throws NumericalError for numbers beyond float16 */
export function weightOfLayer(layer: QuantizedLayer): CompressedWeight {
  if (isScalar(layer)) return scalarWeight(layer);
  return hasSecondLevel(layer.layout) ? codedCodebookWeight(layer) : codebookWeight(layer);
}

/** The layer that a weight holds; undefined for weights of other forms. */
export async function layerOfWeight(weight: CompressedWeight): Promise<QuantizedLayer | undefined> {
  return isScalarWeight(weight) || isCodebookWeight(weight) ? weight.layer() : undefined;
}

/** A weight of this package, or of one that was left dense, from what it stores. @throws InvalidDataError when it does not fit */
export function restoreQuantized(stored: StoredWeight): CompressedWeight {
  if (stored.format === 'scalar') return restoreScalar(stored);
  if (stored.format !== 'codebook') return restoreWeight(stored);
  return 'codebookValueBits' in stored.attributes ? restoreCodedCodebook(stored) : restoreCodebook(stored);
}
