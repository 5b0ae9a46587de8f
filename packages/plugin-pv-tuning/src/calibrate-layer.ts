import type { RandomSource } from '@espalier/core';
import { adamStepInPlace, createMoments } from './adam.js';
import {
  type CodebookLayer,
  codebookGradients,
  dequantizeTiles,
  fromTiles,
  scaleOfTile,
  tilesPerScale,
  toTiles,
} from './codebook-layer.js';
import { asCoded } from './second-level.js';

/** See {@link calibrateLayer}. */
export interface CalibrationSettings {
  readonly stepsPerEpoch: number;
  readonly calibrationRate: number;
  readonly relativeMseTolerance: number;
  readonly calibrationBeam: number;
  readonly maxEpochs: number;
}

/** A calibrated layer with its loss before and after. */
export interface Calibrated {
  readonly layer: CodebookLayer;
  readonly before: number;
  readonly after: number;
}

/**
 * Fits codebooks, scales and codes to the outputs of a layer: tr((What - W) H (What - W)^T) / outputs. Epochs of Adam (betas 0 and 0.95, AMSGrad)
 * on codebooks and scales, each followed by a beam search over the codes, until an epoch has brought less than the tolerance; the best is kept.
 * Source: AQLM (arXiv:2401.06118), section 3.
 *
 * @param matrix row-major W
 * @param hessian row-major `[inputs, inputs]`, X^T X / tokens
 * @param each called between epochs; may throw
 */
export function calibrateLayer(
  start: CodebookLayer,
  matrix: ArrayLike<number>,
  hessian: Float64Array,
  settings: CalibrationSettings,
  random?: RandomSource,
  each?: () => void,
): Calibrated {
  const { layout } = start;
  let layer: CodebookLayer = {
    ...start,
    codebooks: start.codebooks.slice(),
    scales: start.scales.slice(),
    codes: start.codes.slice(),
  };
  const adam = {
    learningRate: settings.calibrationRate,
    betas: [0, 0.95] as const,
    lamb: false,
    debias: true,
    amsgrad: true,
  };
  const moments = {
    codebooks: createMoments(layer.codebooks.length, adam),
    scales: createMoments(layer.scales.length, adam),
  };
  const lossOf = (of: CodebookLayer) => outputLoss(asCoded(of), matrix, hessian);
  const before = lossOf(layer).loss;
  let [best, least, lowestStart, steps]: [CodebookLayer, number, number, number] = [
    start,
    before,
    Number.POSITIVE_INFINITY,
    0,
  ];
  for (let epoch = 0; epoch < settings.maxEpochs; epoch++) {
    each?.();
    const atStart = lossOf(layer).loss;
    if (atStart > lowestStart * (1 - settings.relativeMseTolerance)) break;
    lowestStart = atStart;
    for (let step = 0; step < settings.stepsPerEpoch; step++) {
      const { gradient } = lossOf(layer);
      // Straight through the second level, where there is one.
      const by = codebookGradients(asCoded(layer), toTiles(gradient, layout));
      adamStepInPlace(layer.codebooks, by.codebooks, moments.codebooks, ++steps, adam);
      adamStepInPlace(layer.scales, by.scales, moments.scales, steps, adam);
    }
    const codes = searchCodes(asCoded(layer), matrix, hessian, settings.calibrationBeam, random);
    layer = { ...layer, codes };
    const after = lossOf(layer).loss;
    if (after < least) [best, least] = [copyOf(layer), after];
  }
  return { layer: best, before, after: least };
}

/** The loss, and its gradient by the row-major matrix. */
export function outputLoss(
  layer: CodebookLayer,
  matrix: ArrayLike<number>,
  hessian: Float64Array,
): { readonly loss: number; readonly gradient: Float64Array } {
  const { outputs, inputs } = layer.layout;
  const difference = fromTiles(dequantizeTiles(layer), layer.layout).map((value, i) => value - matrix[i]);
  const gradient = product(difference, hessian, inputs);
  let loss = 0;
  for (let i = 0; i < gradient.length; i++) {
    loss += (difference[i] * gradient[i]) / outputs;
    gradient[i] *= 2 / outputs;
  }
  return { loss, gradient };
}

/** D H. */
function product(d: Float64Array, hessian: Float64Array, n: number): Float64Array {
  const result = new Float64Array(d.length);
  for (let start = 0; start < d.length; start += n)
    for (let k = 0; k < n; k++) {
      const value = d[start + k];
      if (value === 0) continue;
      for (let j = 0; j < n; j++) result[start + j] += value * hessian[k * n + j];
    }
  return result;
}

/** The codes of one output group, D = What - W of its rows and D H, with the change of the loss since the start. */
interface Hypothesis {
  readonly codes: Uint16Array;
  readonly difference: Float64Array;
  readonly change: number;
}

/** Codes of lower output loss, by beam search along each output group; the present codes are among the candidates. */
export function searchCodes(
  layer: CodebookLayer,
  matrix: ArrayLike<number>,
  hessian: Float64Array,
  beamSize: number,
  random?: RandomSource,
): Uint16Array {
  const { outputs, inputs, outGroup, codebooks: count } = layer.layout;
  const perGroup = tilesPerScale(layer.layout);
  const difference = fromTiles(dequantizeTiles(layer), layer.layout).map((value, i) => value - matrix[i]);
  const codes = layer.codes.slice();
  const shuffled = (n: number) => {
    const order = Array.from({ length: n }, (_, i) => i);
    return random ? random.shuffleInPlace(order) : order;
  };
  const tiles = shuffled(perGroup);
  const size = perGroup * count;
  for (let group = 0; group < outputs / outGroup; group++) {
    const [from, to] = [group * outGroup * inputs, (group + 1) * outGroup * inputs];
    let beam: Hypothesis[] = [
      {
        codes: codes.slice(group * size, (group + 1) * size),
        difference: difference.slice(from, to),
        change: 0,
      },
    ];
    for (const tile of tiles)
      for (const m of shuffled(count)) beam = extend(beam, layer, hessian, group, tile, m, beamSize);
    codes.set(beam[0].codes, group * size);
  }
  return codes;
}

/** Every code for one position in every hypothesis; the best stay. Change for d: 2 <d, (D H)_tile> + tr(d H_tt d^T). */
function extend(
  beam: readonly Hypothesis[],
  { layout, codebooks, scales }: CodebookLayer,
  hessian: Float64Array,
  group: number,
  tile: number,
  m: number,
  beamSize: number,
): Hypothesis[] {
  const { inputs, outGroup, inGroup, codebooks: count, codeBits } = layout;
  const scale = scales[scaleOfTile(layout, group * tilesPerScale(layout) + tile)];
  const [vectors, size, left] = [2 ** codeBits, outGroup * inGroup, tile * inGroup];
  const candidates: { readonly from: Hypothesis; readonly code: number; readonly change: number }[] = [];
  const [slope, d] = [new Float64Array(size), new Float64Array(size)];
  const move = (from: Hypothesis, code: number) => {
    const old = from.codes[tile * count + m];
    for (let k = 0; k < size; k++)
      d[k] = scale * (codebooks[(m * vectors + code) * size + k] - codebooks[(m * vectors + old) * size + k]);
  };
  for (const from of beam) {
    slope.fill(0);
    for (let row = 0; row < outGroup; row++)
      for (let k = 0; k < inputs; k++) {
        const value = from.difference[row * inputs + k];
        for (let c = 0; c < inGroup; c++) slope[row * inGroup + c] += value * hessian[k * inputs + left + c];
      }
    for (let code = 0; code < vectors; code++) {
      move(from, code);
      let change = from.change;
      for (let row = 0; row < outGroup; row++)
        for (let a = 0; a < inGroup; a++) {
          let curved = 0;
          for (let b = 0; b < inGroup; b++)
            curved += hessian[(left + a) * inputs + left + b] * d[row * inGroup + b];
          change += d[row * inGroup + a] * (2 * slope[row * inGroup + a] + curved);
        }
      candidates.push({ from, code, change });
    }
  }
  candidates.sort((a, b) => a.change - b.change);
  return candidates.slice(0, beamSize).map(({ from, code, change }) => {
    move(from, code);
    const [codes, difference] = [from.codes.slice(), from.difference.slice()];
    codes[tile * count + m] = code;
    for (let row = 0; row < outGroup; row++)
      for (let c = 0; c < inGroup; c++) difference[row * inputs + left + c] += d[row * inGroup + c];
    return { codes, difference, change };
  });
}

function copyOf({ layout, codes, codebooks, scales }: CodebookLayer): CodebookLayer {
  return { layout, codes: codes.slice(), codebooks: codebooks.slice(), scales: scales.slice() };
}
