import { createRandom } from '@espalier/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { initialise, METHODS, roundedByGptq, roundedToGrid, TunedLayer, updateCodes } from '../src/index.js';
import { codeSettings } from '../src/methods.js';
import { codesPerTile, elementsPerTile, type QuantizedLayer, tilesOf } from '../src/quantized-layer.js';
import { nearestCode, scalarGradients } from '../src/scalar-layer.js';
import { tilesThatDiffer } from '../src/tuned-layer.js';

const normals = (count: number, seed: number) => {
  const random = createRandom(seed);
  return Float64Array.from({ length: count }, () => random.normal());
};
const squares = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0);
const norm = (a: ArrayLike<number>) => Math.sqrt(squares(a, new Float64Array(a.length)));

const [OUTPUTS, INPUTS] = [6, 8];
const SIZE = OUTPUTS * INPUTS;

/** Layers of both representations with a reference that is more or less far away. */
const cases: fc.Arbitrary<{ layer: QuantizedLayer; reference: Float64Array }> = fc
  .record({
    seed: fc.nat(10_000),
    far: fc.constantFrom(0.01, 0.3, 2),
    scalar: fc.boolean(),
    outGroup: fc.constantFrom(1, 2),
    inGroup: fc.constantFrom(1, 2, 4),
    codebooks: fc.constantFrom(1, 2),
    codeBits: fc.constantFrom(1, 2),
    scaleBits: fc.constantFrom(0, 16),
  })
  .map(({ seed, far, scalar, ...layout }) => {
    const matrix = normals(SIZE, seed);
    const size = { outputs: OUTPUTS, inputs: INPUTS };
    const layer = scalar
      ? roundedToGrid(matrix, { ...size, groupSize: 2 * layout.inGroup, bits: layout.codeBits + 1 })
      : initialise(matrix, { ...size, ...layout }, { init: 'random', initIterations: 5 }, createRandom(seed));
    const noise = normals(SIZE, seed + 1);
    return { layer, reference: tilesOf(layer).map((value, i) => value + far * noise[i]!) };
  });

const everyTile = {
  beamSize: 1,
  forceUpdate: false,
  maxCodeChange: 1,
  selectionTemperature: 0,
  stochasticRounding: 0,
};

describe('the V step, in both representations', () => {
  test('with one hypothesis and all tiles raises the error of no tile', () => {
    fc.assert(
      fc.property(cases, ({ layer, reference }) => {
        const codes = updateCodes(layer, reference, everyTile);
        const [before, after, size] = [tilesOf(layer), tilesOf({ ...layer, codes }), elementsPerTile(layer)];
        for (let at = 0; at < SIZE; at += size) {
          const tile = (all: Float64Array) => all.subarray(at, at + size);
          expect(squares(tile(after), tile(reference))).toBeLessThanOrEqual(
            squares(tile(before), tile(reference)) + 1e-12,
          );
        }
      }),
    );
  });

  test('changes no more than the share of tiles, and where it is forced all of it', () => {
    fc.assert(
      fc.property(
        cases,
        fc.constantFrom(0.05, 0.3, 1),
        fc.boolean(),
        ({ layer, reference }, share, forced) => {
          const codes = updateCodes(layer, reference, {
            ...everyTile,
            maxCodeChange: share,
            forceUpdate: forced,
          });
          const allowed = Math.ceil((share * SIZE) / elementsPerTile(layer) - 1e-9);
          const changed = tilesThatDiffer(layer.codes, { ...layer, codes });
          expect(changed).toBeLessThanOrEqual(allowed);
          if (forced) expect(changed).toBe(allowed);
        },
      ),
    );
  });

  test('stays within the trust region, but for one tile', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(0.001, 0.05, 0.5), ({ layer, reference }, trustRatio) => {
        const settings = { ...everyTile, forceUpdate: true, trustRatio };
        const codes = updateCodes(layer, reference, settings);
        const [before, after] = [tilesOf(layer), tilesOf({ ...layer, codes })];
        const changed = tilesThatDiffer(layer.codes, { ...layer, codes });
        const size = elementsPerTile(layer);
        const moves = Array.from({ length: SIZE / size }, (_, tile) =>
          squares(
            after.subarray(tile * size, (tile + 1) * size),
            before.subarray(tile * size, (tile + 1) * size),
          ),
        );
        const largest = Math.max(...moves);
        const total = moves.reduce((sum, each) => sum + each, 0);
        expect(changed).toBeGreaterThanOrEqual(1);
        if (changed > 1) expect(Math.sqrt(total - largest)).toBeLessThan(trustRatio * norm(before) + 1e-12);
      }),
    );
  });

  test('finds what brute force finds where a tile has one code', () => {
    fc.assert(
      fc.property(
        cases.filter(({ layer }) => codesPerTile(layer) === 1),
        ({ layer, reference }) => {
          const codes = updateCodes(layer, reference, everyTile);
          const found = squares(tilesOf({ ...layer, codes }), reference);
          const count = 'zeros' in layer ? 2 ** layer.layout.bits : 2 ** layer.layout.codeBits;
          codes.forEach((_, tile) => {
            for (let other = 0; other < count; other++) {
              const tried = tilesOf({ ...layer, codes: codes.with(tile, other) });
              expect(squares(tried, reference)).toBeGreaterThanOrEqual(found - 1e-12);
            }
          });
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe('a tuned layer, in both representations', () => {
  const adam = { learningRate: 0.02, lamb: true, debias: true, amsgrad: false };
  const settingsOf = (name: keyof typeof METHODS) => ({
    continuous: { ...adam, betas: [0.9, 0.95] as const },
    discrete: { ...adam, betas: [0, 0.95] as const },
    deltaDecay: METHODS[name].deltaDecay,
    codes: codeSettings(METHODS[name], { beamSize: 2, selectionTemperature: 0 }),
  });
  const names = fc.constantFrom(...(Object.keys(METHODS) as (keyof typeof METHODS)[]));
  const run = (layer: QuantizedLayer, name: keyof typeof METHODS, steps: number, seed: number) => {
    const tuned = new TunedLayer(layer, settingsOf(name));
    for (let step = 0; step < steps; step++) tuned.step(normals(SIZE, step), createRandom(seed + step));
    return tuned;
  };

  test('gives the same for the same seed, with every method', () => {
    fc.assert(
      fc.property(cases, names, fc.nat(100), ({ layer }, name, seed) => {
        expect(run(layer, name, 3, seed).state()).toEqual(run(layer, name, 3, seed).state());
      }),
      { numRuns: 40 },
    );
  });

  test('goes on from its state as if it had not stopped, with every method', () => {
    fc.assert(
      fc.property(cases, names, ({ layer }, name) => {
        const straight = run(layer, name, 5, 1);
        const half = run(layer, name, 3, 1);
        const resumed = new TunedLayer(layer, settingsOf(name));
        resumed.restore(structuredClone(half.state()), half.steps);
        for (let step = 3; step < 5; step++) resumed.step(normals(SIZE, step), createRandom(1 + step));
        expect(resumed.state()).toEqual(straight.state());
        expect(resumed.tiles).toEqual(straight.tiles);
      }),
      { numRuns: 40 },
    );
  });

  test('the buffer is what was stepped, pulled to the codes by delta', () => {
    fc.assert(
      fc.property(cases, fc.constantFrom(0, 0.2, 0.7), ({ layer }, deltaDecay) => {
        const settings = { ...settingsOf('straight-through'), deltaDecay };
        const start = tilesOf(layer);
        const gradient = normals(SIZE, 4);
        const tuned = new TunedLayer(layer, settings);
        tuned.step(gradient);
        // The first step of Adam without a first moment, in the size that LAMB gives it.
        const direction = gradient.map((g) => g / (Math.sqrt(0.05 * g * g) + 1e-6));
        const rate = (0.02 * Math.sqrt(1 - 0.95) * norm(start)) / norm(direction);
        const { tiles } = tuned;
        const buffer = tuned.state()['buffer']!;
        start.forEach((value, i) => {
          const stepped = value - rate * direction[i]!;
          expect(buffer[i]).toBeCloseTo(deltaDecay * tiles[i]! + (1 - deltaDecay) * stepped, 9);
        });
      }),
      { numRuns: 40 },
    );
  });

  test('there is no buffer where the step starts from the codes, and fewer digits where they are asked for', () => {
    const layer = roundedToGrid(normals(SIZE, 1), {
      outputs: OUTPUTS,
      inputs: INPUTS,
      groupSize: 4,
      bits: 2,
    });
    expect(new TunedLayer(layer, settingsOf('naive-linearized-pv')).state()).not.toHaveProperty('buffer');
    const short = new TunedLayer(layer, { ...settingsOf('straight-through'), bufferDtype: 'bf16' });
    short.step(normals(SIZE, 2));
    for (const value of short.state()['buffer']!) {
      const [bits] = new Uint32Array(Float32Array.of(value).buffer);
      expect(bits! & 0xffff).toBe(0);
    }
  });
});

describe('small integers', () => {
  const layout = { outputs: OUTPUTS, inputs: INPUTS, groupSize: 4, bits: 3 };

  test('from the least to the largest weight of each group', () => {
    const line = { outputs: 1, inputs: 4, groupSize: 4, bits: 2 };
    const layer = roundedToGrid([-1, 0, 1.9, 2], line);
    expect([...layer.scales, ...layer.zeros, ...layer.codes]).toEqual([1, 1, 0, 1, 3, 3]);
    const flat = roundedToGrid([0.5, 0.5, 0.5, 0.5], line);
    expect([...tilesOf(flat)]).toEqual([0.5, 0.5, 0.5, 0.5]);
    expect([...tilesOf(roundedToGrid([0, 0, 0, 0], line))].every((value) => value === 0)).toBe(true);
  });

  test('gradients by scales and zeros agree with finite differences', () => {
    const layer = roundedToGrid(normals(SIZE, 3), layout);
    const slope = normals(SIZE, 4);
    const value = () => tilesOf(layer).reduce((sum, each, i) => sum + each * slope[i]!, 0);
    const gradients = scalarGradients(layer, slope);
    for (const name of ['scales', 'zeros'] as const)
      layer[name].forEach((before, i) => {
        layer[name][i] = before + 1e-4;
        const up = value();
        layer[name][i] = before - 1e-4;
        const down = value();
        layer[name][i] = before;
        expect((up - down) / 2e-4).toBeCloseTo(gradients[name][i]!, 7);
      });
  });

  test('clamp at their ends, whatever the sign of the scale', () => {
    for (const scale of [2, -2]) {
      const layer = {
        layout,
        codes: new Uint16Array(8),
        scales: Float64Array.of(scale, 1),
        zeros: Float64Array.of(1, 0),
      };
      expect(nearestCode(layer, 0, scale * 1e9)).toBe(7);
      expect(nearestCode(layer, 0, -scale * 1e9)).toBe(0);
      expect(nearestCode(layer, 0, scale * 2.2)).toBe(3);
    }
    const none = {
      layout,
      codes: new Uint16Array(8),
      scales: new Float64Array(2),
      zeros: new Float64Array(2),
    };
    expect(nearestCode(none, 0, 5)).toBe(0);
  });

  test('by GPTQ lose less of the output than by the nearest', () => {
    const matrix = normals(SIZE, 5);
    // Inputs of two directions and a little noise: what one weight loses another can make up for.
    const x = normals(16, 6);
    const hessian = Float64Array.from({ length: 64 }, (_, at) => {
      const [i, j] = [Math.floor(at / 8), at % 8];
      return (i === j ? 0.1 : 0) + x[i]! * x[j]! + x[8 + i]! * x[8 + j]!;
    });
    const loss = (tiles: Float64Array) => {
      let total = 0;
      for (let row = 0; row < OUTPUTS; row++)
        for (let i = 0; i < 8; i++)
          for (let j = 0; j < 8; j++)
            total +=
              (tiles[row * 8 + i]! - matrix[row * 8 + i]!) *
              hessian[i * 8 + j]! *
              (tiles[row * 8 + j]! - matrix[row * 8 + j]!);
      return total;
    };
    const whole = { ...layout, groupSize: 8 };
    expect(loss(tilesOf(roundedByGptq(matrix, whole, hessian)))).toBeLessThan(
      loss(tilesOf(roundedToGrid(matrix, whole))),
    );
  });
});
