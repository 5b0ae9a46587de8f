import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expectSame, floats, integers, runOn, stream } from './both-backends.js';

const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const side = (most: number) => fc.integer({ min: 1, max: most });
const runs = { numRuns: 40 };

describe('agrees with the tfjs cpu backend on random shapes', () => {
  test('BatchMatMul: transposed, batched and with a batch that repeats', async () => {
    const shapes = fc.tuple(
      side(3),
      side(90),
      side(70),
      side(300),
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom('both', 'a', 'b'),
    );
    await fc.assert(
      fc.asyncProperty(seeds, shapes, async (seed, [batch, m, n, k, transposeA, transposeB, batched]) => {
        const random = stream(seed);
        const a = floats(random, [batched === 'b' ? 1 : batch, ...(transposeA ? [k, m] : [m, k])]);
        const b = floats(random, [batched === 'a' ? 1 : batch, ...(transposeB ? [n, k] : [k, n])]);
        await expectSame([a, b], (x, y) => tf.matMul(x!, y!, transposeA, transposeB));
      }),
      runs,
    );
  });

  test('BatchMatMul: batches that repeat in part, and empty inner sides', async () => {
    const random = stream(1);
    await expectSame([floats(random, [2, 1, 3, 4]), floats(random, [1, 3, 4, 5])], (a, b) =>
      tf.matMul(a!, b!),
    );
    await expectSame([floats(random, [3, 0]), floats(random, [0, 2])], (a, b) => tf.matMul(a!, b!));
  });

  test('_FusedMatMul: bias and activation', async () => {
    const activations = fc.constantFrom(
      'linear' as const,
      'relu' as const,
      'sigmoid' as const,
      'elu' as const,
    );
    await fc.assert(
      fc.asyncProperty(
        seeds,
        side(20),
        side(20),
        side(30),
        activations,
        async (seed, m, n, k, activation) => {
          const random = stream(seed);
          await expectSame(
            [floats(random, [m, k]), floats(random, [k, n]), floats(random, [n])],
            (a, b, bias) =>
              tf.fused.matMul({
                a: a!,
                b: b!,
                bias: bias!,
                activation,
                transposeA: false,
                transposeB: false,
              }),
          );
        },
      ),
      runs,
    );
  });

  test('element-wise kernels of one tensor', async () => {
    const sizes = fc.oneof({ weight: 20, arbitrary: side(70) }, { weight: 1, arbitrary: fc.constant(40001) });
    await fc.assert(
      fc.asyncProperty(seeds, sizes, async (seed, size) => {
        await expectSame([floats(stream(seed), [size])], (x) => {
          const positive = tf.add(tf.abs(x!), 0.1);
          return [
            tf.exp(x!),
            tf.sqrt(positive),
            tf.rsqrt(positive),
            tf.square(x!),
            tf.neg(x!),
            tf.relu(x!),
            tf.step(x!),
            tf.step(x!, 0.3),
            tf.sigmoid(x!),
            tf.reciprocal(positive),
            tf.abs(x!),
          ];
        });
      }),
      runs,
    );
  });

  test('element-wise kernels at the edges of float32', async () => {
    const edges = [0, -0, 1, -1, 87, 88.6, 89, 100, -80, -87, -104, 1e30, -1e30, Infinity, -Infinity, NaN];
    const x = { shape: [edges.length], values: Float32Array.from(edges) };
    await expectSame([x], (t) => [tf.relu(t!), tf.abs(t!), tf.neg(t!), tf.step(t!), tf.sigmoid(t!)]);
    // exp alone: its largest finite value would hide every other.
    for (const edge of edges) {
      await expectSame([{ shape: [1], values: Float32Array.of(edge) }], (t) => tf.exp(t!), 2e-6);
    }
  });

  test('element-wise kernels of two tensors, broadcast along any axes', async () => {
    const axes = fc.array(fc.record({ length: side(7), a: fc.boolean(), b: fc.boolean() }), {
      minLength: 0,
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(seeds, axes, fc.nat(2), fc.nat(2), async (seed, shape, dropA, dropB) => {
        const random = stream(seed);
        const a = shape.map(({ length, a }) => (a ? length : 1)).slice(Math.min(dropA, shape.length));
        const b = shape.map(({ length, b }) => (b ? length : 1)).slice(Math.min(dropB, shape.length));
        await expectSame([floats(random, a), floats(random, b)], (x, y) => [
          tf.add(x!, y!),
          tf.sub(x!, y!),
          tf.mul(x!, y!),
          tf.div(x!, tf.add(tf.abs(y!), 0.1)),
          tf.maximum(x!, y!),
          tf.minimum(x!, y!),
          tf.squaredDifference(x!, y!),
        ]);
      }),
      runs,
    );
  });

  test('element-wise kernels of two tensors, larger than a piece', async () => {
    const random = stream(5);
    const shapes: [number[], number[]][] = [
      [[40000], [40000]],
      [[40000], [1]],
      [[300, 129], [129]],
      [
        [300, 129],
        [300, 1],
      ],
      [
        [3, 5, 7, 2, 3, 2],
        [3, 1, 7, 1, 3, 1],
      ],
    ];
    for (const [a, b] of shapes)
      await expectSame([floats(random, a), floats(random, b)], (x, y) => tf.add(x!, y!));
  });

  test('Sum and Mean over any axes', async () => {
    const shapes = fc.array(side(9), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(seeds, shapes, fc.boolean(), async (seed, shape, keepDims) => {
        const random = stream(seed);
        const axes = shape.flatMap((_length, axis) => (random() < 0.5 ? [axis] : []));
        await expectSame([floats(random, shape)], (x) => [
          tf.sum(x!, axes.length > 0 ? axes : undefined, keepDims),
          tf.mean(x!, axes.length > 0 ? axes : undefined, keepDims),
        ]);
      }),
      runs,
    );
  });

  test('Sum over rows and columns that are cut into chunks', async () => {
    const random = stream(6);
    await expectSame([floats(random, [3, 8192])], (x) => tf.sum(x!, 1));
    await expectSame([floats(random, [1024, 37])], (x) => tf.sum(x!, 0));
    await expectSame([floats(random, [2, 512, 3])], (x) => tf.sum(x!, 1));
  });

  test('Tile along any axes, floats and integers', async () => {
    await fc.assert(
      fc.asyncProperty(
        seeds,
        fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 1, max: 9 })), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.boolean(),
        async (seed, axes, whole) => {
          const shape = axes.map(([length]) => length);
          const x = whole ? integers(stream(seed), shape, -1000, 1000) : floats(stream(seed), shape);
          await expectSame([x], (a) =>
            tf.tile(
              a!,
              axes.map(([, reps]) => reps),
            ),
          );
        },
      ),
      runs,
    );
    await expectSame([floats(stream(1), [1, 300, 1])], (a) => tf.broadcastTo(a!, [3, 300, 70]));
  });

  test('Transpose of any axes', async () => {
    const shapes = fc.array(side(9), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(seeds, shapes, async (seed, shape) => {
        const random = stream(seed);
        const order = shape.map((_length, axis) => ({ axis, key: random() }));
        const perm = order.sort((a, b) => a.key - b.key).map(({ axis }) => axis);
        await expectSame([floats(random, shape), integers(random, shape, -9, 9)], (x, y) => [
          tf.transpose(x!, perm),
          tf.transpose(y!, perm),
        ]);
      }),
      { numRuns: 100 },
    );
  });

  test('Transpose of matrices larger than a block', async () => {
    const random = stream(7);
    await expectSame([floats(random, [131, 67])], (x) => tf.transpose(x!));
    await expectSame([floats(random, [2, 33, 3, 41])], (x) => tf.transpose(x!, [0, 2, 1, 3]));
    await expectSame([floats(random, [2, 33, 3, 41])], (x) => tf.transpose(x!, [3, 2, 1, 0]));
  });

  test('Softmax', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, side(40), side(300), async (seed, rows, columns) => {
        await expectSame([floats(stream(seed), [rows, columns])], (x) => tf.softmax(tf.mul(x!, 20)));
      }),
      runs,
    );
  });

  test('GatherV2 with indices for each batch', async () => {
    await fc.assert(
      fc.asyncProperty(
        seeds,
        side(3),
        side(3),
        side(9),
        side(5),
        side(4),
        async (seed, batch, outer, rows, count, width) => {
          const random = stream(seed);
          const x = floats(random, [batch, outer, rows, width]);
          const chosen = integers(random, [batch, count], 0, rows - 1);
          await expectSame([x, chosen], (values, indices) =>
            tf.gather(values!, indices as tf.Tensor1D, 2, 1),
          );
        },
      ),
      runs,
    );
  });

  test('GatherV2 and UnsortedSegmentSum', async () => {
    await fc.assert(
      fc.asyncProperty(seeds, side(12), side(9), side(70), async (seed, rows, count, width) => {
        const random = stream(seed);
        const ids = integers(random, [count], 0, rows - 1);
        await expectSame([floats(random, [rows, width]), ids], (x, i) => tf.gather(x!, i as tf.Tensor1D));
        await expectSame([floats(random, [2, rows, width]), ids], (x, i) =>
          tf.gather(x!, i as tf.Tensor1D, 1),
        );
        await expectSame([floats(random, [count, width]), integers(random, [count], -1, rows)], (x, i) =>
          tf.unsortedSegmentSum(x!, i as tf.Tensor1D, rows),
        );
      }),
      runs,
    );
  });

  test('Einsum', async () => {
    const random = stream(8);
    const equations: [string, number[], number[]?][] = [
      ['ij,jk->ik', [4, 5], [5, 6]],
      ['bthd,bshd->bhts', [2, 3, 4, 5], [2, 6, 4, 5]],
      ['bhts,bshd->bthd', [2, 4, 3, 6], [2, 6, 4, 5]],
      ['ij,ij->', [4, 5], [4, 5]],
      ['i,j->ji', [4], [5]],
      ['ijk->kj', [2, 3, 4]],
    ];
    for (const [equation, a, b] of equations) {
      const inputs = [floats(random, a), ...(b ? [floats(random, b)] : [])];
      await expectSame(inputs, (...tensors) => tf.einsum(equation, ...tensors));
    }
  });

  test('Einsum with an axis that only one operand has and the output lacks, which tfjs itself gets wrong', async () => {
    const random = stream(9);
    const inputs = [floats(random, [2, 3, 4]), floats(random, [4, 5])];
    const [actual] = await runOn('wasm', inputs, (x, y) => tf.einsum('ijk,kl->jl', x!, y!));
    const [expected] = await runOn('cpu', inputs, (x, y) => tf.matMul(tf.sum(x!, 0), y!));
    expect(actual!.shape).toEqual([3, 5]);
    for (const [i, value] of expected!.values.entries()) expect(actual!.values[i]).toBeCloseTo(value, 4);
  });

  test('the gradient of Einsum is that of the matrix product it stands for', async () => {
    const random = stream(10);
    const inputs = [floats(random, [2, 3, 4]), floats(random, [2, 5, 4])];
    const dy = floats(random, [2, 3, 5]);
    const [da, db] = await runOn('wasm', [...inputs, dy], (x, y, d) =>
      tf.grads((a: tf.Tensor, b: tf.Tensor) => tf.einsum('bik,bjk->bij', a, b))([x!, y!], d!),
    );
    const expected = await runOn('cpu', [...inputs, dy], (x, y, d) => [
      tf.matMul(d!, y!),
      tf.matMul(d!, x!, true),
    ]);
    for (const [i, value] of expected[0]!.values.entries()) expect(da!.values[i]).toBeCloseTo(value, 4);
    for (const [i, value] of expected[1]!.values.entries()) expect(db!.values[i]).toBeCloseTo(value, 4);
  });
});
