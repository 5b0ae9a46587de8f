import { type CompressionRequest, isEspalierError, type LayerStatistics } from '@espalier/core';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { magnitude } from '../src/baselines/index.js';
import {
  calibrationWindows,
  compressCheckpoint,
  consecutiveWindows,
  memoryEstimate,
  tokenBatches,
  tokensFromBytes,
} from '../src/calibration/index.js';
import {
  createLlama,
  type LlamaModel,
  type LlamaSource,
  llamaFromArrays,
  type NamedArray,
} from '../src/llama/index.js';
import { denseWeight } from '../src/weights/index.js';
import { expectClose, take, tokenTensor, withRuntime } from './llama-fixture.js';
import { CONFIG, randomArrays, randomTokens, referencePass } from './llama-reference.js';

withRuntime();

const arrays = randomArrays(CONFIG);
const windows = [1, 2, 3].map((seed) => randomTokens(CONFIG, 6, seed));
const DOWN = 'model.layers.0.mlp.down_proj';
const Q1 = 'model.layers.1.self_attn.q_proj';

async function captured(
  model: LlamaModel,
  request: Parameters<LlamaModel['capture']>[1],
  onLayer: (name: string) => void = () => undefined,
): Promise<Map<string, LayerStatistics>> {
  const batches = tokenBatches(windows, 2);
  const found = new Map<string, LayerStatistics>();
  try {
    for await (const [name, statistics] of model.capture(batches, request)) {
      found.set(name, statistics);
      onLayer(name);
    }
  } finally {
    batches.dispose();
  }
  return found;
}

/** Rows of a layer's inputs over all windows, from plain loops. */
function referenceRows(name: string, weights = arrays): number[][] {
  return windows.flatMap((tokens) => referencePass(CONFIG, weights, tokens).inputs[name]);
}

const gram = (rows: number[][]) =>
  rows[0].flatMap((_, i) => rows[0].map((__, j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0)));

describe('capture', () => {
  test('gathers X, X^T X, the sums of squares and X W^T of every layer, in forward order', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const found = await captured(model, { gather: ['squares', 'hessian', 'inputs', 'outputs'] });
    expect([...found.keys()]).toEqual(model.layers().map(({ name }) => name));
    for (const { name, weight } of model.layers()) {
      const { rows, squares, hessian, inputs, outputs } = found.get(name) as Required<LayerStatistics>;
      const expected = referenceRows(name);
      const products = gram(expected);
      expect(rows).toBe(18);
      expectClose(inputs.dataSync(), expected.flat());
      expectClose(hessian, products, 1e-3);
      expectClose(
        squares,
        products.filter((_, i) => i % (weight.shape[1] + 1) === 0),
        1e-3,
      );
      expectClose(take(weight.matmul(inputs)), outputs.dataSync(), 1e-6);
      tf.dispose([inputs, outputs]);
    }
    model.dispose();
  });

  test('gives each layer statistics of its own, though q, k and v share one computation', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const found = await captured(model, { gather: ['hessian'] });
    const [q, k] = ['q', 'k'].map((name) => found.get(`model.layers.0.self_attn.${name}_proj`)?.hessian);
    expect(q).toEqual(k);
    expect(q).not.toBe(k);
    model.dispose();
  });

  test('without propagate, a layer replaced on the way is not seen by later ones', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const found = await captured(model, { gather: ['squares'] }, (name) => {
      if (name === DOWN) model.replaceWeight(DOWN, denseWeight(tf.zeros<tf.Rank.R2>([8, 12])));
    });
    const expected = gram(referenceRows(Q1)).filter((_, i) => i % 9 === 0);
    expectClose(found.get(Q1)?.squares ?? [], expected, 1e-3);
    model.dispose();
  });

  test.each([DOWN, 'model.layers.0.self_attn.v_proj', 'model.layers.0.self_attn.o_proj'])(
    'with propagate, later layers see the replaced %s',
    async (replaced) => {
      const model = llamaFromArrays(CONFIG, arrays);
      const shape = arrays[`${replaced}.weight`].shape as [number, number];
      const found = await captured(model, { gather: ['squares'], propagate: true }, (name) => {
        if (name === replaced) model.replaceWeight(name, denseWeight(tf.zeros<tf.Rank.R2>(shape)));
      });
      const changed = {
        ...arrays,
        [`${replaced}.weight`]: { shape, data: new Float32Array(shape[0] * shape[1]) },
      };
      const expected = gram(referenceRows(Q1, changed)).filter((_, i) => i % 9 === 0);
      expectClose(found.get(Q1)?.squares ?? [], expected, 1e-3);
      model.dispose();
    },
  );

  test('gathers for the layers that are asked for, and stops after the last of them', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    for (const propagate of [true, false]) {
      const found = await captured(model, { gather: ['squares'], layers: [Q1, DOWN], propagate });
      expect([...found.keys()]).toEqual([DOWN, Q1]);
      expectClose(
        found.get(DOWN)?.squares ?? [],
        gram(referenceRows(DOWN)).filter((_, i) => i % 13 === 0),
        1e-3,
      );
    }
    model.dispose();
  });

  test('can be left early', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    const batches = tokenBatches(windows);
    for await (const [, { inputs }] of model.capture(batches, { gather: ['inputs'] })) {
      inputs?.dispose();
      break;
    }
    batches.dispose();
    model.dispose();
  });

  test('covers head and embedding where they are layers', async () => {
    const model = llamaFromArrays(CONFIG, arrays, { compressible: 'all' });
    const found = await captured(model, {
      gather: ['hessian', 'squares'],
      layers: ['lm_head', 'model.embed_tokens'],
    });
    expect([...found.keys()]).toEqual(['model.embed_tokens', 'lm_head']);
    expect(found.get('model.embed_tokens')?.squares).toEqual(new Float64Array(8).fill(18));
    expect(found.get('lm_head')?.rows).toBe(18);
    model.dispose();
  });

  test('refuses unknown layers, no batch, and routed tokens', async () => {
    const model = llamaFromArrays(CONFIG, arrays);
    await expect(captured(model, { gather: ['squares'], layers: ['model.layers.0.mlp.up'] })).rejects.toThrow(
      /no layer/,
    );
    const first = model.capture([], { gather: ['squares'] })[Symbol.asyncIterator]();
    await expect(first.next()).rejects.toThrow(/no batch/);
    model.setTokenRouting({ mode: 'mix', route: () => undefined });
    const routed = model.capture([], { gather: ['squares'] })[Symbol.asyncIterator]();
    await expect(routed.next()).rejects.toThrow(/routed/);
    model.dispose();
  });
});

describe('windows of tokens', () => {
  test('follow each other without overlap, the rest dropped', () => {
    expect(consecutiveWindows([1, 2, 3, 4, 5], 2)).toEqual([Int32Array.of(1, 2), Int32Array.of(3, 4)]);
    expect(() => consecutiveWindows([], 2)).toThrow(/0 tokens is shorter/);
    expect(() => consecutiveWindows([1], 0)).toThrow(/at least 1/);
  });

  test('random ones lie in the stream and depend on the seed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 40 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer(),
        (length, window, seed) => {
          const stream = Array.from({ length }, (_, i) => i);
          const options = { window, count: 4, order: 'random', seed } as const;
          const drawn = calibrationWindows(stream, options);
          expect(drawn).toEqual(calibrationWindows(stream, options));
          expect(drawn).toHaveLength(4);
          for (const [first, ...rest] of drawn) expect(rest).toEqual(rest.map((_, i) => first + 1 + i));
        },
      ),
    );
  });

  test('are read from little-endian uint16', () => {
    expect([...tokensFromBytes(Uint8Array.of(1, 0, 0, 2))]).toEqual([1, 512]);
    expect(() => tokensFromBytes(Uint8Array.of(1))).toThrow(/two bytes/);
  });

  test('make batches that can be read again', () => {
    const batches = tokenBatches(windows, 2);
    for (let pass = 0; pass < 2; pass++)
      expect([...batches].map(({ inputs }) => inputs.shape)).toEqual([
        [2, 6],
        [1, 6],
      ]);
    batches.dispose();
    expect(() => tokenBatches([])).toThrow(/at least one window/);
  });
});

describe('layer-by-layer compression of a checkpoint', () => {
  const source: LlamaSource = {
    config: CONFIG,
    tensors: {
      info: (name) => ({ dtype: 'F32', bytes: 0, shape: arrays[name].shape }),
      read: async (name) => arrays[name].data.slice(),
    },
    embedding: 'model.embed_tokens.weight',
    head: 'lm_head.weight',
  };
  const pruner = magnitude.create();
  const request = { pattern: 'unstructured', sparsity: 0.5 } as const;
  type Compress = Parameters<typeof compressCheckpoint>[0]['compress'];
  const compress: Compress = (model, rest, run) => pruner.prune(model, { ...request, ...rest }, run);

  /** A run into memory: the compressed arrays by name, and what was reported. */
  async function run(options: Partial<Parameters<typeof compressCheckpoint>[0]> = {}, signal?: AbortSignal) {
    const written: Record<string, NamedArray> = {};
    const calibration = tokenBatches(windows);
    try {
      const report = await compressCheckpoint(
        {
          source,
          calibration,
          compress,
          sink: {
            layer: (name, weight) => {
              const [outputs, inputs] = weight.shape;
              written[`${name}.weight`] = {
                shape: [outputs, inputs],
                data: Float32Array.from(take(weight.toDense())),
              };
            },
            tensor: (name, array) => {
              written[name] = array;
            },
          },
          ...options,
        },
        signal ? { signal } : {},
      );
      return { written, report };
    } finally {
      calibration.dispose();
    }
  }

  test('gives what compressing the whole model gives', async () => {
    const { written, report } = await run();
    const model = llamaFromArrays(CONFIG, arrays);
    const whole = await pruner.prune(model, request);
    const again = llamaFromArrays(CONFIG, written);
    const inputs = tokenTensor(windows[0]);
    expect(take(again.logits({ inputs }))).toEqual(take(whole.model.logits({ inputs })));
    expect(report.layers.map(({ layer }) => layer)).toEqual(model.layers().map(({ name }) => name));
    expect(report.bytesBefore).toBe(
      model.layers().reduce((sum, { shape }) => sum + 4 * shape[0] * shape[1], 0),
    );
    tf.dispose(inputs);
    for (const each of [model, whole.model, again]) each.dispose();
  });

  test.each(['dense', 'compressed'] as const)(
    'calibrates later layers on the %s ones before',
    async (calibrateOn) => {
      const seen: number[][] = [];
      const { written } = await run({
        calibrateOn,
        async compress(model, rest: CompressionRequest, options) {
          for await (const [, { squares }] of model.capture(rest.calibration ?? [], {
            gather: ['squares'],
            layers: [model.layers()[0].name],
          }))
            seen.push([...(squares ?? [])]);
          return compress(model, rest, options);
        },
      });
      const before = calibrateOn === 'dense' ? arrays : written;
      expectClose(
        seen[1],
        gram(referenceRows(Q1, before)).filter((_, i) => i % 9 === 0),
        1e-3,
      );
    },
  );

  test('goes on from a store, and can be aborted', async () => {
    const store = new Map<
      string,
      Awaited<ReturnType<NonNullable<ReturnType<typeof denseWeight>['store']>>>
    >();
    const artifacts = {
      get: async (key: string) => store.get(key),
      put: async (key: string, value: typeof store extends Map<string, infer V> ? V : never) =>
        void store.set(key, value),
    };
    const abort = new AbortController();
    const first = run(
      { store: artifacts, onLayer: ({ layer }) => layer === DOWN && abort.abort() },
      abort.signal,
    );
    await expect(first).rejects.toSatisfy((error) => isEspalierError(error, 'aborted'));
    expect(store.size).toBe(7);
    const { written, report } = await run({ store: artifacts });
    expect(report.resumed).toEqual([0]);
    expect(report.layers).toHaveLength(7);
    expect(written).toEqual((await run()).written);
  });

  test('says beforehand what memory it needs', () => {
    const estimate = memoryEstimate(CONFIG, 18);
    expect(estimate).toMatchObject({
      layer: 4 * (2 * 192 + 2 * 96 + 3 * 96),
      hiddenStates: 4 * 18 * 8,
      hessian: 8 * 24 * 24,
    });
    expect(estimate.checkpoint).toBe(
      4 * Object.values(arrays).reduce((sum, { data }) => sum + data.length, 0),
    );
    expect(estimate.peak).toBeGreaterThan(estimate.layer);
  });

  test('refuses tokens outside the vocabulary', async () => {
    const inputs = tokenTensor([1, 99]);
    await expect(run({ calibration: [{ inputs }] })).rejects.toThrow(/given 99/);
    inputs.dispose();
  });
});

test('a random model captures what the weights say, twice alike', async () => {
  const model = createLlama(CONFIG, { seed: 5 });
  const [first, second] = [
    await captured(model, { gather: ['hessian'] }),
    await captured(model, { gather: ['hessian'] }),
  ];
  expect(first).toEqual(second);
  model.dispose();
});
