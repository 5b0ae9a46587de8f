import { createRandom } from '@espalier/core';
import { describe, expect, test } from 'vitest';
import { adamStepInPlace, createMoments } from '../src/adam.js';
import { calibrateLayer, outputLoss, searchCodes } from '../src/calibrate-layer.js';
import { updateCodes } from '../src/code-update.js';
import { codebookGradients } from '../src/codebook-layer.js';
import {
  bitsPerWeight,
  type CodebookLayer,
  type CodebookLayout,
  chooseLayout,
  dequantizeTiles,
  fromAqlmTensors,
  fromTiles,
  initialise,
  pvDescent,
  pvTuning,
  toAqlmTensors,
  toTiles,
} from '../src/index.js';
import { initialIndices, kMeans } from '../src/k-means.js';
import { METHODS } from '../src/methods.js';
import { TunedLayer } from '../src/tuned-layer.js';

const normals = (count: number, seed: number) => {
  const random = createRandom(seed);
  return Float64Array.from({ length: count }, () => random.normal());
};
const layout: CodebookLayout = { outputs: 6, inputs: 8, outGroup: 2, inGroup: 2, codebooks: 2, codeBits: 2 };
const layerOf = (seed: number, of = layout): CodebookLayer =>
  initialise(
    normals(of.outputs * of.inputs, seed),
    of,
    { init: 'random', initIterations: 50 },
    createRandom(seed),
  );
const everyTile = {
  beamSize: 1,
  forceUpdate: false,
  maxCodeChange: 1,
  selectionTemperature: 0,
  stochasticRounding: 0,
};
const squares = (a: Float64Array, b: Float64Array) =>
  a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);

describe('tiles', () => {
  test('hold rows of the group one after the other', () => {
    const small = { ...layout, outputs: 2, inputs: 4 };
    expect([...toTiles([0, 1, 2, 3, 4, 5, 6, 7], small)]).toEqual([0, 1, 4, 5, 2, 3, 6, 7]);
    const matrix = normals(48, 1);
    expect(fromTiles(toTiles(matrix, layout), layout)).toEqual(matrix);
  });

  test('a tile is its scale times the sum of its vectors', () => {
    const layer: CodebookLayer = {
      layout: { outputs: 1, inputs: 2, outGroup: 1, inGroup: 2, codebooks: 2, codeBits: 1 },
      codes: Uint16Array.of(1, 0),
      codebooks: Float64Array.of(9, 9, 1, 2, 10, 20, 9, 9),
      scales: Float64Array.of(3),
    };
    expect([...dequantizeTiles(layer)]).toEqual([33, 66]);
  });
});

test('gradients by codebooks and scales agree with finite differences', () => {
  const layer = layerOf(3);
  const slope = normals(48, 4);
  const value = () => dequantizeTiles(layer).reduce((sum, each, i) => sum + each * slope[i], 0);
  const gradients = codebookGradients(layer, slope);
  for (const name of ['codebooks', 'scales'] as const)
    for (let i = 0; i < gradients[name].length; i++) {
      const before = layer[name][i];
      layer[name][i] = before + 1e-4;
      const up = value();
      layer[name][i] = before - 1e-4;
      const down = value();
      layer[name][i] = before;
      expect((up - down) / 2e-4).toBeCloseTo(gradients[name][i], 7);
    }
});

describe('k-means', () => {
  test('finds two heaps', () => {
    const points = Float64Array.of(0, 0.2, 10, 10.2);
    const { centroids, assignment } = kMeans(points, 1, [0, 1], { iterations: 50 });
    expect([...centroids]).toEqual([0.1, 10.1]);
    expect([...assignment]).toEqual([0, 0, 1, 1]);
  });

  test('starts from the first point and the farthest from it', () => {
    expect([...initialIndices(Float64Array.of(1, 5, 9, 8), 1, 3, 'farthest', createRandom())]).toEqual([
      0, 2, 1,
    ]);
  });

  test('refuses more centroids than points', () => {
    expect(() => kMeans(Float64Array.of(1, 2), 1, [0, 1, 0], { iterations: 1 })).toThrow(/2 points/);
  });
});

describe('the V step', () => {
  const single = { ...layout, codebooks: 1, codeBits: 3, outputs: 12 };

  test('with one codebook takes the nearest vector of every tile', () => {
    const layer = layerOf(5, single);
    const reference = normals(96, 6);
    const codes = updateCodes(layer, reference, everyTile);
    const found = squares(dequantizeTiles({ ...layer, codes }), reference);
    codes.forEach((code, tile) => {
      for (let other = 0; other < 8; other++) {
        const tried = squares(dequantizeTiles({ ...layer, codes: codes.with(tile, other) }), reference);
        expect(tried, `${tile} ${code} ${other}`).toBeGreaterThanOrEqual(found - 1e-12);
      }
    });
  });

  test('never goes away from the reference, with any beam', () => {
    const [layer, reference] = [layerOf(7), normals(48, 8)];
    const before = squares(dequantizeTiles(layer), reference);
    for (const beamSize of [1, 2, 4]) {
      const codes = updateCodes(layer, reference, { ...everyTile, beamSize }, createRandom(1));
      expect(squares(dequantizeTiles({ ...layer, codes }), reference)).toBeLessThanOrEqual(before + 1e-12);
    }
  });

  test('changes at most the share of tiles, and all of them where it is forced to', () => {
    const [layer, reference] = [layerOf(9, single), normals(96, 10)];
    const changed = (codes: Uint16Array) =>
      codes.reduce((sum, code, i) => sum + (code === layer.codes[i] ? 0 : 1), 0);
    expect(changed(updateCodes(layer, reference, { ...everyTile, maxCodeChange: 0.1 }))).toBeLessThanOrEqual(
      3,
    );
    const forced = { ...everyTile, forceUpdate: true, maxCodeChange: 0.25 };
    expect(changed(updateCodes(layer, dequantizeTiles(layer), forced))).toBe(6);
  });

  test('rounds at random to one of the two nearest, in the odds that are stated', () => {
    const line: CodebookLayer = {
      layout: { outputs: 1, inputs: 1, outGroup: 1, inGroup: 1, codebooks: 1, codeBits: 1 },
      codes: Uint16Array.of(0),
      codebooks: Float64Array.of(0, 1),
      scales: Float64Array.of(1),
    };
    const random = createRandom(2);
    const settings = { ...everyTile, beamSize: 2, stochasticRounding: 1 };
    let ones = 0;
    for (let i = 0; i < 4000; i++) ones += updateCodes(line, Float64Array.of(0.25), settings, random)[0];
    // Errors 0.25 and 0.75: 1 with probability 1/4.
    expect(Math.abs(ones / 4000 - 0.25)).toBeLessThan(0.03);
    expect(updateCodes(line, Float64Array.of(1), settings, random)[0]).toBe(1);
  });

  test('draws tiles by their distance where there is a temperature', () => {
    const layer = layerOf(11, single);
    const reference = dequantizeTiles(layer);
    reference[0] += 100;
    const settings = { ...everyTile, forceUpdate: true, maxCodeChange: 1 / 24, selectionTemperature: 1 };
    const codes = updateCodes(layer, reference, settings, createRandom(3));
    // Only the first tile is away from the reference.
    expect([...codes].findIndex((code, i) => code !== layer.codes[i])).toBe(0);
  });
});

describe('Adam', () => {
  const settings = {
    learningRate: 0.1,
    betas: [0, 0.95],
    lamb: false,
    debias: true,
    amsgrad: false,
  } as const;

  test('first step is the learning rate in the direction of the gradient', () => {
    const p = Float64Array.of(1, 1);
    adamStepInPlace(p, [1000, -1000], createMoments(2, settings), 1, settings);
    expect(p[0]).toBeCloseTo(0.9, 8);
    expect(p[1]).toBeCloseTo(1.1, 8);
  });

  test('as LAMB leaves zeros finite and steps by the norm', () => {
    const zeros = new Float64Array(3);
    adamStepInPlace(zeros, [0, 0, 0], createMoments(3, settings), 1, { ...settings, lamb: true });
    expect([...zeros]).toEqual([0, 0, 0]);
    const p = Float64Array.of(3, 4);
    adamStepInPlace(p, [1e6, 0], createMoments(2, settings), 1, { ...settings, lamb: true, debias: false });
    expect(p[0]).toBeCloseTo(3 - 0.1 * 5, 6);
  });

  test('with AMSGrad divides by the largest second moment', () => {
    const largest = { ...settings, amsgrad: true };
    const moments = createMoments(1, largest);
    adamStepInPlace(Float64Array.of(0), [100], moments, 1, largest);
    adamStepInPlace(Float64Array.of(0), [0], moments, 2, largest);
    expect(moments.largest![0]).toBeGreaterThan(moments.second[0]);
  });
});

describe('calibration of a layer', () => {
  const matrix = normals(48, 12);
  const x = normals(80, 13);
  const hessian = Float64Array.from({ length: 64 }, (_, at) => {
    let sum = at % 9 === 0 ? 0.1 : 0;
    for (let row = 0; row < 10; row++) sum += (x[row * 8 + Math.floor(at / 8)] * x[row * 8 + (at % 8)]) / 10;
    return sum;
  });

  test('the search for codes changes the loss by what it says and never raises it', () => {
    const layer = initialise(matrix, layout, { init: 'random', initIterations: 5 }, createRandom(1));
    const before = outputLoss(layer, matrix, hessian).loss;
    for (const beam of [1, 3]) {
      const codes = searchCodes(layer, matrix, hessian, beam);
      expect(outputLoss({ ...layer, codes }, matrix, hessian).loss).toBeLessThanOrEqual(before + 1e-12);
    }
  });

  test('one position is searched as brute force does', () => {
    const one: CodebookLayout = { outputs: 1, inputs: 8, outGroup: 1, inGroup: 8, codebooks: 1, codeBits: 3 };
    const codebooks = normals(64, 14);
    const layer = { layout: one, codes: Uint16Array.of(0), codebooks, scales: Float64Array.of(1.5) };
    const target = normals(8, 15);
    const losses = Array.from(
      { length: 8 },
      (_, code) => outputLoss({ ...layer, codes: Uint16Array.of(code) }, target, hessian).loss,
    );
    expect(searchCodes(layer, target, hessian, 1)[0]).toBe(losses.indexOf(Math.min(...losses)));
  });

  test('ends below where it began', () => {
    const layer = initialise(matrix, layout, { init: 'random', initIterations: 50 }, createRandom(1));
    const settings = {
      stepsPerEpoch: 20,
      calibrationRate: 1e-2,
      relativeMseTolerance: 0.001,
      calibrationBeam: 2,
      maxEpochs: 5,
    };
    const {
      before,
      after,
      layer: fitted,
    } = calibrateLayer(layer, matrix, hessian, settings, createRandom(2));
    expect(after).toBeLessThan(before);
    expect(outputLoss(fitted, matrix, hessian).loss).toBeCloseTo(after, 12);
  });
});

describe('the layout', () => {
  const auto = { codebooks: 1, codeBits: 'auto', inGroup: 'auto', outGroup: 1 } as const;

  test('keeps within the bits that are asked for, and uses more of more', () => {
    const chosen = [2, 3, 4].map((bits) => chooseLayout('layer', [64, 64], bits, auto));
    chosen.forEach((each, i) => {
      expect(bitsPerWeight(each)).toBeLessThanOrEqual(i + 2);
    });
    const codeShares = chosen.map((each) => each.codeBits / each.inGroup);
    expect(codeShares[2]).toBeGreaterThan(codeShares[0]);
  });

  test('names what would divide, and what would be enough', () => {
    expect(() => chooseLayout('mlp', [64, 172], 4, { ...auto, inGroup: 8 })).toThrow(/possible are 1,2,4,43/);
    expect(() => chooseLayout('mlp', [64, 64], 0.1, auto)).toThrow(/at least/);
    expect(() => chooseLayout('mlp', [4, 4], 99, { ...auto, codeBits: 9, inGroup: 4 })).toThrow(
      /fewer tiles/,
    );
  });

  test('bits count codes, codebooks and scales', () => {
    expect(
      bitsPerWeight({ outputs: 8, inputs: 16, outGroup: 1, inGroup: 4, codebooks: 1, codeBits: 3 }),
    ).toBe(5.75);
  });
});

test('tensors of public checkpoints hold signed codes and come back', () => {
  const layer = layerOf(20);
  const tensors = toAqlmTensors(layer);
  expect(tensors.codes).toBeInstanceOf(Int8Array);
  expect(Array.from(tensors.codes).every((code) => code >= -2 && code < 2)).toBe(true);
  const back = fromAqlmTensors(layout, tensors);
  expect(back.codes).toEqual(layer.codes);
  expect(toAqlmTensors(back)).toEqual(tensors);
  const wide = { ...layout, codeBits: 9, outputs: 2, inputs: 2, codebooks: 1 };
  const one = {
    layout: wide,
    codes: Uint16Array.of(300),
    codebooks: new Float64Array(2048),
    scales: Float64Array.of(1),
  };
  expect(toAqlmTensors(one).codes).toEqual(Int16Array.of(300 - 512));
  expect(() => fromAqlmTensors(layout, { ...tensors, codes: tensors.codes.map(() => 2) })).toThrow(
    /signed code/,
  );
  expect(() => fromAqlmTensors(layout, { ...tensors, scales: new Uint16Array(1) })).toThrow(/elements/);
});

describe('a tuned layer', () => {
  const settings = (name: keyof typeof METHODS, learningRate = 0.01) => ({
    continuous: { learningRate, betas: [0.9, 0.95], lamb: false, debias: true, amsgrad: false } as const,
    discrete: { learningRate, betas: [0, 0.95], lamb: false, debias: true, amsgrad: false } as const,
    deltaDecay: METHODS[name].deltaDecay,
    codes: METHODS[name].codes ? { ...everyTile, ...METHODS[name] } : undefined,
  });

  test('keeps its codes where they are frozen', () => {
    const start = layerOf(30);
    const layer = new TunedLayer(start, settings('continuous-only'));
    for (let step = 0; step < 5; step++) expect(layer.step(normals(48, step))).toBe(0);
    expect(layer.copy().codes).toEqual(start.codes);
    expect(layer.copy().codebooks).not.toEqual(start.codebooks);
  });

  test('does not touch what it started from, and is what its parts stand for', () => {
    const start = layerOf(31);
    const untouched = structuredClone(start);
    const layer = new TunedLayer(start, settings('straight-through', 0.1));
    for (let step = 0; step < 5; step++) layer.step(normals(48, step), createRandom(step));
    expect(start).toEqual(untouched);
    expect(layer.tiles).toEqual(dequantizeTiles(layer.copy()));
  });

  test('changes every tile that it searches in subspace steps, and only them', () => {
    const layer = new TunedLayer(layerOf(32), settings('subspace-pv'));
    for (let step = 0; step < 5; step++) expect(layer.step(normals(48, step), createRandom(step))).toBe(1);
  });
});

describe('descent', () => {
  const problem = { a: Float64Array.of(2, 0, 0, 2), b: Float64Array.of(2, 4) };

  test('with as many values as coordinates reaches the minimum', () => {
    const start = { values: Float64Array.of(0, 1), partition: Int32Array.of(0, 1) };
    const { x, phi } = pvDescent(problem, start, { step: 'exact', iterations: 2 });
    expect([...x]).toEqual([1, 2]);
    expect(phi).toBe(-5);
  });

  test('with one value takes the mean', () => {
    const start = { values: Float64Array.of(7), partition: Int32Array.of(0, 0) };
    expect([...pvDescent(problem, start, { step: 'linearized', iterations: 1 }).x]).toEqual([1.5, 1.5]);
  });

  test('refuses what does not fit', () => {
    const start = { values: Float64Array.of(7), partition: Int32Array.of(0, 1) };
    expect(() => pvDescent(problem, start, { step: 'exact', iterations: 1 })).toThrow(/indices/);
    const fine = { values: Float64Array.of(7), partition: Int32Array.of(0, 0) };
    expect(() => pvDescent(problem, fine, { step: 'subspace', iterations: 1, coordinates: 3 })).toThrow(
      /1 to 2/,
    );
  });
});

test('options that do not fit are refused', () => {
  expect(() => pvTuning.create({ method: 'stochastic-rounding', beamSize: 1 })).toThrow(/at least 2/);
  for (const options of [
    { lr: -1 },
    { maxCodeChange: 0 },
    { maxCodeChange: 1.1 },
    { trustRatio: 0 },
    { steps: 0 },
  ])
    expect(() => pvTuning.create(options), JSON.stringify(options)).toThrow();
});
