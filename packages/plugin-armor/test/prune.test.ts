import {
  type AbortedError,
  type CompressibleModel,
  type CompressionReport,
  isEspalierError,
} from '@espalier/core';
import { denseValues } from '@espalier/models';
import { cpuRuntime } from '@espalier/runtime-cpu';
import { tinyBatches, tinyModel } from '@espalier/testkit/neural';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ArmorPartial, armor, nowagP, restoreFactored } from '../src/index.js';

const pattern = { n: 2, m: 4 };
let model: CompressibleModel;
let calibration: ReturnType<typeof tinyBatches>;

beforeAll(async () => {
  await cpuRuntime.activate();
  [model, calibration] = [tinyModel(), tinyBatches()];
});
afterAll(() => {
  model.dispose();
  for (const { inputs, targets } of calibration) tf.dispose([inputs, targets!]);
});

const pruned = (options: Parameters<typeof armor.create>[0]) =>
  armor.create({ iterations: 20, learningRate: 1e-3, ...options }).prune(model, { pattern, calibration });
const losses = ({ layers }: CompressionReport) => layers.map(({ details }) => details!.proxyLoss as number);

describe('a wrapper that is not trained', () => {
  test('takes no bytes', async () => {
    const reports = Object.fromEntries(
      await Promise.all(
        (['both', 'left', 'right', 'none'] as const).map(async (wrappers) => [
          wrappers,
          await pruned({ wrappers }),
        ]),
      ),
    ) as Record<string, CompressionReport>;
    const bytes = (name: string) => reports[name].bytesAfter;
    const wrapper = (side: 'blockOut' | 'blockIn', outer: 0 | 1) =>
      reports.both.layers.reduce(
        (sum, { layer, details }) =>
          sum +
          4 * model.layers().find(({ name }) => name === layer)!.shape[outer] * (details![side] as number),
        0,
      );
    expect(bytes('left')).toBe(bytes('none') + wrapper('blockOut', 0));
    expect(bytes('right')).toBe(bytes('none') + wrapper('blockIn', 1));
    expect(bytes('both')).toBe(bytes('left') + bytes('right') - bytes('none'));
    const bare = await nowagP.create().prune(model, { pattern, calibration });
    expect(bytes('none')).toBe(bare.bytesAfter);
    for (const side of ['left', 'right'])
      losses(reports[side]).forEach((loss, i) => {
        expect(loss).toBeLessThan(losses(reports.none)[i]);
      });
    bare.model.dispose();
    for (const report of Object.values(reports)) report.model.dispose();
  });

  test.each([{ wrappers: 'none' }, { iterations: 0 }, { continuousUpdates: 0 }] as const)(
    'leaves the weights of NoWag-P where there is none at all: %o',
    async (options) => {
      const [report, bare] = [
        await pruned(options),
        await nowagP.create().prune(model, { pattern, calibration }),
      ];
      for (const [i, { weight }] of report.model.layers().entries()) {
        expect(weight.format).toBe('n:m');
        const [found, expected] = [
          await denseValues(weight),
          await denseValues(bare.model.layers()[i].weight),
        ];
        found.forEach((value, at) => {
          expect(value).toBeCloseTo(expected[at], 6);
        });
      }
      report.model.dispose();
      bare.model.dispose();
    },
  );

  test.each(['both', 'left', 'right'] as const)(
    'is left out of products, of what is stored and of what comes back: %s',
    async (wrappers) => {
      const report = await pruned({ wrappers, blockSize: { upTo: 4 } });
      const { weight } = report.model.layers()[0];
      const stored = await weight.store!();
      expect(Object.keys(stored.arrays).filter((name) => name.length === 1)).toEqual(
        { both: ['a', 'b'], left: ['a'], right: ['b'] }[wrappers],
      );
      const bytes = Object.values(stored.arrays).reduce((sum, { data }) => sum + data.byteLength, 0);
      expect(weight.bytes).toBe(bytes);
      const again = restoreFactored(stored);
      const [found, expected] = [await denseValues(again), await denseValues(weight)];
      expect(found).toEqual(expected);
      tf.tidy(() => {
        const x = tf.randomNormal([2, 3, weight.shape[1]], 0, 1, 'float32', 1);
        const dense = tf.matMul(tf.reshape(x, [6, -1]), weight.toDense(), false, true);
        const difference = tf.max(tf.abs(tf.sub(tf.reshape(weight.matmul(x), [6, -1]), dense)));
        expect(difference.dataSync()[0]).toBeLessThan(1e-4);
      });
      again.dispose();
      report.model.dispose();
    },
  );
});

test('scores of kept entries alone lead another way', async () => {
  const [all, kept] = [await pruned({ masked: false }), await pruned({ masked: true })];
  expect(losses(kept)).not.toEqual(losses(all));
  losses(kept).forEach((loss, i) => {
    expect(loss).toBeLessThan(kept.layers[i].details!.initialProxyLoss as number);
  });
  all.model.dispose();
  kept.model.dispose();
});

test('an abort brings the factors of the layer at hand', async () => {
  const controller = new AbortController();
  const error = await armor
    .create({ iterations: 5000, patience: 1e6, learningRate: 1e-3 })
    .prune(
      model,
      { pattern, calibration },
      { signal: controller.signal, onProgress: () => controller.abort('enough') },
    )
    .catch((thrown: unknown) => thrown);
  expect(isEspalierError(error, 'aborted')).toBe(true);
  const partial = (error as AbortedError).partial as ArmorPartial;
  const { name, shape } = model.layers()[0];
  expect([partial.layer, partial.shape]).toEqual([name, shape]);
  expect(partial.loss).toBeLessThan(partial.initialLoss);
  expect(partial.iterations).toBeGreaterThan(0);
  expect(partial.s).toHaveLength(shape[0] * shape[1]);
});

test('a timer can abort the fit of a layer', async () => {
  const error = await armor
    .create({ iterations: 1e7, patience: 1e7 })
    .prune(model, { pattern, calibration }, { signal: AbortSignal.timeout(200) })
    .catch((thrown: unknown) => thrown);
  expect(isEspalierError(error, 'aborted')).toBe(true);
});

describe('before the fit of any layer', () => {
  const refusal = async (
    of: CompressibleModel,
    options: Parameters<typeof armor.create>[0],
    request: { readonly n: number; readonly m: number } = pattern,
  ) => {
    const seen: unknown[] = [];
    const error = await armor
      .create(options)
      .prune(of, { pattern: request, calibration, onLayer: (report) => void seen.push(report) })
      .catch((thrown: unknown) => thrown);
    expect(seen).toEqual([]);
    return error as Error;
  };

  test('groups of more than eight are refused', async () => {
    const error = await refusal(model, {}, { n: 8, m: 16 });
    expect(isEspalierError(error, 'unsupported')).toBe(true);
    expect(error.message).toMatch(/m up to 8; given 8:16/);
  });

  test('blocks that do not divide a later layer are refused', async () => {
    const layers = [
      { name: 'first', shape: [8, 8] },
      { name: 'second', shape: [8, 12] },
    ];
    const error = await refusal({ layers: () => layers } as unknown as CompressibleModel, { blockSize: 8 });
    expect(isEspalierError(error, 'invalid-problem')).toBe(true);
    expect(error.message).toMatch(/second: blocks of 8 x 8 do not divide/);
  });

  test('layers that no workspace can hold are refused', async () => {
    const layers = [{ name: 'mlp.down_proj', shape: [8192, 28_672] }];
    const error = await refusal({ layers: () => layers } as unknown as CompressibleModel, {});
    expect(isEspalierError(error, 'unsupported')).toBe(true);
    expect(error.message).toMatch(/mlp\.down_proj has 8192 x 28672 = 234\.9 million weights/);
  });
});
