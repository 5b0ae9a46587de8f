import {
  type CodebookShape,
  codebookMatMulOp,
  codeTensor,
  float16FromFloat32,
  halfTensor,
  nearestCodewordOp,
} from '@espalier/kernels';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { cpuRuntime } from '../src/index.js';
import { floats, stream, toTensor } from './both-backends.js';
import { runScript } from './run-script.js';

beforeAll(() => cpuRuntime.activate());

const differenceOf = (actual: tf.Tensor, expected: tf.Tensor): number => {
  expect(actual.shape).toEqual(expected.shape);
  return (
    tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]! / (1 + tf.max(tf.abs(expected)).dataSync()[0]!)
  );
};

describe('codebooks of the sizes that models have', () => {
  test.each<[string, Partial<CodebookShape>]>([
    ['1x8g8', { codebooks: 1, codeBits: 8 }],
    ['2x8g8', { codebooks: 2, codeBits: 8 }],
    ['3x8g8', { codebooks: 3, codeBits: 8 }],
    ['2x8 in tiles of 4 x 2', { codebooks: 2, codeBits: 8, outGroup: 4, inGroup: 2, outputs: 1040 }],
    [
      '1x7 in tiles of 3 x 5',
      { codebooks: 1, codeBits: 7, outGroup: 3, inGroup: 5, inputs: 205, outputs: 399 },
    ],
    ['1x12g8', { codebooks: 1, codeBits: 12 }],
    ['one tile as wide as a block', { codebooks: 1, codeBits: 2, inGroup: 1040, inputs: 2080, outputs: 9 }],
    ['one tile as high as a block', { codebooks: 1, codeBits: 2, outGroup: 300, inGroup: 1, outputs: 600 }],
  ])('%s: few and many rows agree with the reference', (_name, some) => {
    const shape: CodebookShape = {
      ...{ outputs: 275, inputs: 1048, outGroup: 1, inGroup: 8, codebooks: 1, codeBits: 8 },
      ...some,
    };
    const random = stream(3);
    const { outputs, inputs, outGroup, inGroup, codebooks, codeBits } = shape;
    const count = ((outputs * inputs) / (outGroup * inGroup)) * codebooks;
    tf.tidy(() => {
      const half = (size: number) =>
        halfTensor(float16FromFloat32(Float32Array.from({ length: size }, () => random() - 0.5)));
      const matrix = {
        codes: codeTensor(
          shape,
          Uint16Array.from({ length: count }, () => random() * 2 ** codeBits),
        ),
        codebooks: half(codebooks * 2 ** codeBits * outGroup * inGroup),
        scales: half(outputs / outGroup),
      };
      for (const rows of [1, 2, 3, 7, 40]) {
        const x = toTensor(floats(random, [rows, inputs]));
        const call = { x, ...matrix };
        const [actual, expected] = [
          codebookMatMulOp.run(call, shape),
          codebookMatMulOp.reference(call, shape),
        ];
        expect(differenceOf(actual[0]!, expected[0]!), `${rows} rows`).toBeLessThan(1e-5);
      }
    });
  });
});

test('no row gives no row, and no point no codeword', () => {
  tf.tidy(() => {
    const shape = { outputs: 4, inputs: 4, outGroup: 1, inGroup: 2, codebooks: 1, codeBits: 1 };
    const matrix = {
      codes: codeTensor(shape, new Uint8Array(8)),
      codebooks: tf.ones([1, 2, 1, 2]),
      scales: tf.ones([4]),
    };
    expect(codebookMatMulOp.run({ x: tf.zeros([0, 4]), ...matrix }, shape)[0]!.shape).toEqual([0, 4]);
    const found = nearestCodewordOp.run({ points: tf.zeros([0, 3]), codewords: tf.ones([2, 3]) }, {});
    expect(found.map(({ shape }) => shape)).toEqual([[0], [0]]);
  });
});

test('the nearest codeword is as near as any, whatever the sizes', () => {
  const sizes = fc.tuple(
    fc.nat(2 ** 30),
    fc.integer({ min: 1, max: 60 }),
    fc.integer({ min: 1, max: 300 }),
    fc.integer({ min: 1, max: 17 }),
  );
  fc.assert(
    fc.property(sizes, ([seed, n, count, size]) => {
      const random = stream(seed);
      const [points, codewords] = [floats(random, [n, size]), floats(random, [count, size])];
      const [index, gap] = tf.tidy(() =>
        nearestCodewordOp
          .run({ points: toTensor(points), codewords: toTensor(codewords) }, {})
          .map((tensor) => tensor.dataSync().slice()),
      ) as [Int32Array, Float32Array];
      for (let i = 0; i < n; i++) {
        const distances = Array.from({ length: count }, (_, c) => {
          let sum = 0;
          for (let k = 0; k < size; k++)
            sum +=
              codewords.values[c * size + k]! ** 2 -
              2 * points.values[i * size + k]! * codewords.values[c * size + k]!;
          return sum;
        });
        const sorted = distances.toSorted((a, b) => a - b);
        expect(distances[index[i]!]! - sorted[0]!).toBeLessThan(1e-4);
        if (count > 1) expect(Math.abs(gap[i]! - (sorted[1]! - sorted[0]!))).toBeLessThan(1e-4);
      }
    }),
    { numRuns: 40 },
  );
});

test('products of few rows agree with those of many', () => {
  const sizes = fc.tuple(
    fc.nat(2 ** 30),
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 1, max: 70 }),
    fc.integer({ min: 1, max: 2100 }),
  );
  fc.assert(
    fc.property(sizes, ([seed, m, n, k]) => {
      const random = stream(seed);
      tf.tidy(() => {
        const [a, b] = [toTensor(floats(random, [m, k])), toTensor(floats(random, [n, k]))] as tf.Tensor2D[];
        const many = tf.matMul(tf.concat([a!, tf.zeros([20, k])]) as tf.Tensor2D, b!, false, true);
        expect(differenceOf(tf.matMul(a!, b!, false, true), tf.slice(many, [0, 0], [m, n]))).toBeLessThan(
          1e-5,
        );
      });
    }),
    { numRuns: 30 },
  );
});

const PRODUCTS = `
  import * as kernels from '@espalier/kernels';
  import { cpuRuntime } from '${new URL('../dist/index.js', import.meta.url).href}';
  import { createHash } from 'node:crypto';
  await cpuRuntime.activate();
  let state = 1;
  const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const hash = createHash('sha256');
  for (const op of [kernels.codebookMatMulOp, kernels.integerMatMulOp, kernels.nOfMMatMulOp, kernels.nearestCodewordOp])
    for (let i = 0; i < 30; i++) {
      const { inputs, attributes } = op.sample(random);
      for (const tensor of op.run(inputs, attributes)) hash.update(tensor.dataSync());
    }
  console.log(hash.digest('hex'));
  process.exit(0);
`;

test('the number of threads changes no bit', async () => {
  const [one, three] = [
    await runScript(PRODUCTS, { ESPALIER_THREADS: '1' }),
    await runScript(PRODUCTS, { ESPALIER_THREADS: '3' }),
  ];
  expect(one.stdout).toMatch(/^[0-9a-f]{64}\n$/);
  expect(three.stdout).toBe(one.stdout);
}, 60_000);
