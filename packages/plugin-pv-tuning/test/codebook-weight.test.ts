import { createRandom } from '@espalier/core';
import { float16FromFloat32, float32FromFloat16 } from '@espalier/models';
import { cpuRuntime } from '@espalier/runtime-cpu';
import {
  abs,
  dispose,
  grads,
  matMul,
  max,
  memory,
  mul,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  tensor2d,
  tidy,
} from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type CodebookLayer,
  type CodebookLayout,
  codebookGradients,
  toTiles,
} from '../src/codebook-layer.js';
import { codebookWeight, restoreCodebook } from '../src/codebook-weight.js';

beforeAll(() => cpuRuntime.activate());

const layouts: [string, CodebookLayout][] = [
  ['1x8g8', { outputs: 300, inputs: 24, outGroup: 1, inGroup: 8, codebooks: 1, codeBits: 8 }],
  ['2x3g4 of two rows', { outputs: 32, inputs: 20, outGroup: 2, inGroup: 4, codebooks: 2, codeBits: 3 }],
  ['1x9g3', { outputs: 5, inputs: 9, outGroup: 1, inGroup: 3, codebooks: 1, codeBits: 9 }],
];

/** A layer whose numbers float16 holds. */
function layerOf(layout: CodebookLayout, seed: number): CodebookLayer {
  const random = createRandom(seed);
  const { outputs, inputs, outGroup, inGroup, codebooks, codeBits } = layout;
  const halves = (count: number) =>
    Float64Array.from(
      float32FromFloat16(float16FromFloat32(Float32Array.from({ length: count }, () => random.normal()))),
    );
  const tiles = (outputs * inputs) / (outGroup * inGroup);
  return {
    layout,
    codes: Uint16Array.from({ length: tiles * codebooks }, () => random.integer(2 ** codeBits)),
    codebooks: halves(codebooks * 2 ** codeBits * outGroup * inGroup),
    scales: halves(outputs / outGroup),
  };
}

const relativeDifference = (a: Tensor, b: Tensor): number =>
  tidy(() => max(abs(sub(a, b))).dataSync()[0] / max(abs(b)).dataSync()[0]);

const rowsOf = (rows: number, inputs: number, seed: number): Tensor2D => {
  const random = createRandom(seed);
  return tensor2d(
    Float32Array.from({ length: rows * inputs }, () => random.normal()),
    [rows, inputs],
  );
};

describe.each(layouts)('%s', (_name, layout) => {
  test('multiplies as its dense matrix does, before and after its parts are trained, and leaves nothing behind', () => {
    const before = memory().numTensors;
    const weight = codebookWeight(layerOf(layout, 1));
    const held = memory().numTensors;
    const compare = () =>
      tidy(() => {
        for (const rows of [1, 3, 9]) {
          const x = rowsOf(rows, layout.inputs, rows);
          const dense = matMul(x, weight.toDense(), false, true);
          expect(relativeDifference(weight.matmul(x), dense)).toBeLessThan(1e-5);
        }
      });
    compare();
    expect(memory().numTensors).toBe(held);
    weight.parameters!();
    compare();
    expect(memory().numTensors).toBe(held);
    weight.dispose();
    expect(memory().numTensors).toBe(before);
  });

  test('has the gradients of its layer', () => {
    const layer = layerOf(layout, 2);
    const weight = codebookWeight(layer);
    const { codebooks, scales } = weight.parameters!();
    const x = rowsOf(4, layout.inputs, 5);
    const found = tidy(() =>
      grads((...[rows]: Tensor[]) => sum(square(weight.matmul(rows))))([x, codebooks, scales]),
    );
    // dW = (2 y)^T x, and from there by the layer's own chain rule.
    const byMatrix = tidy(() =>
      matMul(mul(matMul(x, weight.toDense(), false, true), 2) as Tensor2D, x, true).dataSync(),
    );
    const expected = codebookGradients(layer, toTiles(byMatrix, layout));
    const close = (actual: Tensor, wanted: Float64Array) => {
      const most = wanted.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
      actual.dataSync().forEach((value, i) => {
        expect(Math.abs(value - wanted[i]) / most).toBeLessThan(1e-5);
      });
    };
    close(found[1], expected.codebooks);
    close(found[2], expected.scales);
    const byDense = tidy(() => {
      const dense = weight.toDense();
      const [dx] = grads((...[rows]: Tensor[]) => sum(square(matMul(rows as Tensor2D, dense, false, true))))([
        x,
      ]);
      return dx;
    });
    expect(relativeDifference(found[0], byDense)).toBeLessThan(1e-5);
    dispose([x, byDense, ...found]);
    weight.dispose();
  });

  test('is stored in float16 and comes back', async () => {
    const layer = layerOf(layout, 3);
    const weight = codebookWeight(layer);
    const stored = await weight.store!();
    const bytes = Object.values(stored.arrays).reduce((total, { data }) => total + data.byteLength, 0);
    expect(weight.bytes).toBe(bytes);
    const again = restoreCodebook(stored);
    expect(await again.layer()).toEqual(layer);
    weight.parameters!();
    expect(await weight.store!()).toEqual(stored);
    weight.dispose();
    again.dispose();
  });
});
