import { cpuRuntime } from '@espalier/runtime-cpu';
import { tensor, tensor1d, variable } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { amAdamw, amMsgd, momentumCoefficients } from '../src/index.js';
import { stepsOf, Walk, walk } from './walk.js';

await cpuRuntime.activate();

const G = [
  { a: [1, 2], b: [0.5] },
  { a: [-1, 0.5], b: [0.7] },
  { a: [0.3, 0.1], b: [-0.2] },
];
const START = { a: [1, -1], b: [3] };
const RATE = 0.1;

describe.each([
  ['am-msgd', (options = {}) => amMsgd.create({ weightDecay: 0.1, ...options })],
  ['am-adamw', (options = {}) => amAdamw.create({ weightDecay: 0.1, ...options })],
] as const)('%s', (name, create) => {
  test('a learning rate of 0 leaves parameters as they are, bit for bit, and the memory goes on', async () => {
    const walking = new Walk(create(), { x: [-0, 1e-40, 5] });
    const before = walking.values();
    for (const step of stepsOf(
      [
        [1, 2, 3],
        [-1, 2, 3],
        [0.5, 1, 1],
      ],
      0,
    )) {
      const { beta } = await walking.take(step);
      expect(JSON.stringify(beta)).not.toMatch(/null/);
    }
    expect(new Uint32Array(walking.values().x.buffer)).toEqual(new Uint32Array(before.x.buffer));
    const { values } = await walking.take({ gradients: { x: [1, 1, 1] }, learningRate: RATE });
    expect(values.x.every((value, i) => value !== before.x[i] && Number.isFinite(value))).toBe(true);
    walking.dispose();
  });

  test.each(['global', 'perTensor'])(
    'scope %s: a parameter that is skipped keeps its state',
    async (scope) => {
      const walking = new Walk(create({ scope }), START);
      await walking.take({ gradients: G[0], learningRate: RATE });
      const { b } = walking.values();
      const { beta, values } = await walking.take({ gradients: { a: G[1].a }, learningRate: RATE });
      expect(values.b).toEqual(b);
      // As if the other were not there.
      const [, alone] = await walk(create({ scope }), { a: START.a }, [
        { gradients: { a: G[0].a }, learningRate: RATE },
        { gradients: { a: G[1].a }, learningRate: RATE },
      ]);
      expect(scope === 'global' ? beta : (beta as { a: number }).a).toBe(
        scope === 'global' ? alone.beta : (alone.beta as { a: number }).a,
      );
      const after = await walking.take({ gradients: G[2], learningRate: RATE });
      expect(after.values.b[0]).not.toBe(b[0]);
      walking.dispose();
    },
  );

  test('a step without gradients changes and reports nothing', async () => {
    const walking = new Walk(create(), START);
    const { values } = await walking.take({ gradients: G[0], learningRate: RATE });
    const empty = await walking.take({ gradients: {}, learningRate: RATE });
    expect(empty.figures).toEqual({});
    expect(empty.values).toEqual(values);
    walking.dispose();
  });

  test('a parameter that comes late starts as all others did', async () => {
    const walking = new Walk(create({ scope: 'global' }), START);
    await walking.take({ gradients: { a: G[0].a }, learningRate: RATE });
    await walking.take({ gradients: { a: G[1].a }, learningRate: RATE });
    const { values, beta } = await walking.take({ gradients: { a: G[2].a, b: G[0].b }, learningRate: RATE });
    const [fresh] = await walk(create({ scope: 'global' }), { b: START.b }, [
      { gradients: { b: G[0].b }, learningRate: RATE },
    ]);
    const without = await walk(
      create({ scope: 'global' }),
      { a: START.a },
      G.map(({ a }) => ({ gradients: { a }, learningRate: RATE })),
    );
    expect(values.b).toEqual(fresh.values.b);
    expect(values.a).toEqual(without[2].values.a);
    expect(beta).toBe(without[2].beta);
    walking.dispose();
  });

  test('a state goes through JSON and raw bytes, bit for bit', async () => {
    const [first, second] = [new Walk(create(), START), new Walk(create(), START)];
    await first.take({ gradients: G[0], learningRate: 0.3 });
    await first.take({ gradients: G[1], learningRate: 0.2 });
    const { tensors, values } = first.optimizer.state();
    const stored = Object.fromEntries(
      Object.entries(tensors).map(([key, each]) => {
        const copy = tensor(each.dataSync().slice(), each.shape, 'float32');
        each.dispose();
        return [key, copy];
      }),
    );
    for (const [key, each] of Object.entries(second.parameters)) each.assign(first.parameters[key]);
    second.optimizer.restore({ tensors: stored, values: JSON.parse(JSON.stringify(values)) });
    for (const each of Object.values(stored)) each.dispose();
    for (const gradients of G) {
      const step = { gradients, learningRate: 0.05 };
      expect(await second.take(step)).toEqual(await first.take(step));
    }
    first.dispose();
    second.dispose();
  });

  test('refuses states that are damaged, and goes on as before', async () => {
    const walking = new Walk(create(), START);
    await walking.take({ gradients: G[0], learningRate: RATE });
    const { tensors, values } = walking.optimizer.state();
    const other = { ...tensors, 'direction/a': tensor1d([1, 2, 3], 'int32') };
    const { 'direction/b': _direction, ...missing } = tensors;
    const damaged = [
      { tensors, values: { ...values, method: 'adam' } },
      { tensors, values: { ...values, version: 2 } },
      { tensors, values: { ...values, steps: 3 } },
      { tensors, values: { ...values, steps: { a: 0.5, b: 1 } } },
      { tensors, values: { ...values, learningRates: { a: -1, b: 1 } } },
      { tensors, values: { ...values, learningRates: { a: 1 } } },
      { tensors: missing, values },
      { tensors: other, values },
    ];
    for (const state of damaged) {
      expect(() => walking.optimizer.restore(state)).toThrow(
        expect.objectContaining({ code: 'invalid-data' }),
      );
    }
    const undisturbed = await walk(
      create(),
      START,
      G.slice(0, 2).map((gradients) => ({ gradients, learningRate: RATE })),
    );
    expect((await walking.take({ gradients: G[1], learningRate: RATE })).values).toEqual(
      undisturbed[1].values,
    );
    for (const each of [...Object.values(tensors), other['direction/a']]) each.dispose();
    walking.dispose();
  });

  test('refuses what does not fit before anything changes', async () => {
    const walking = new Walk(create(), START);
    await walking.take({ gradients: G[0], learningRate: RATE });
    const before = walking.values();
    const wrong = [
      { gradients: { a: [1, 2, 3], b: [1] }, learningRate: RATE, code: 'invalid-problem' },
      { gradients: G[1], learningRate: -1, code: 'invalid-problem' },
      { gradients: G[1], learningRate: Number.NaN, code: 'invalid-problem' },
      { gradients: { ...G[1], b: [Number.NaN] }, learningRate: RATE, code: 'numerical' },
    ];
    for (const { code, ...step } of wrong) await expect(walking.take(step)).rejects.toMatchObject({ code });
    expect(walking.values()).toEqual(before);
    walking.dispose();
  });

  test.each([
    ['all', [true, true]],
    ['matrices', [true, false]],
    [(parameter: string) => parameter === 'vector', [false, true]],
  ] as const)('decay filter %s', async (decayFilter, decays) => {
    const run = async (weightDecay: number) => {
      const optimizer = create({ decayFilter, weightDecay });
      const parameters = {
        matrix: variable(tensor([[2, 2]], [1, 2])),
        vector: variable(tensor1d([2, 2])),
      };
      const gradients = { matrix: tensor([[1, 1]], [1, 2]), vector: tensor1d([1, 1]) };
      await optimizer.step({ parameters, gradients, learningRate: RATE, step: 1 });
      const values = [parameters.matrix.dataSync()[0], parameters.vector.dataSync()[0]];
      for (const each of [...Object.values(parameters), ...Object.values(gradients)]) each.dispose();
      optimizer.dispose();
      return values;
    };
    const [without, withDecay] = [await run(0), await run(0.5)];
    expect(withDecay.map((value, i) => value !== without[i])).toEqual([...decays]);
  });

  test('counts the bytes of its state', async () => {
    const walking = new Walk(create(), START);
    expect(walking.optimizer.bytes!()).toBe(0);
    await walking.take({ gradients: G[0], learningRate: RATE });
    // Direction of three numbers; AdamW also the second moment, and one number a parameter.
    expect(walking.optimizer.bytes!()).toBe(4 * (name === 'am-msgd' ? 3 : 3 + 3 + 2));
    walking.dispose();
  });
});

test('gap loss needs a finite loss, and asks for it', async () => {
  const walking = new Walk(amMsgd.create({ gap: 'loss' }), START);
  expect(walking.optimizer.needs!(1)).toEqual({ loss: true });
  expect(amMsgd.create().needs!(1)).toEqual({});
  await expect(walking.take({ gradients: G[0], learningRate: RATE })).rejects.toMatchObject({
    code: 'invalid-problem',
  });
  await expect(walking.take({ gradients: G[0], learningRate: RATE, loss: Number.NaN })).rejects.toMatchObject(
    { code: 'numerical' },
  );
  expect(() => amMsgd.create({ gap: 'loss', scope: 'perTensor' })).toThrow(
    expect.objectContaining({ code: 'invalid-options' }),
  );
  walking.dispose();
});

test('refuses options out of range', () => {
  const wrong = [{ betaMax: 1 }, { betaMax: -0.1 }, { lambda: -1 }, { weightDecay: -1 }, { scope: 'layer' }];
  for (const options of wrong)
    expect(() => amMsgd.create(options as never)).toThrow(
      expect.objectContaining({ code: 'invalid-options' }),
    );
  const wrongAdam = [
    { beta1Max: 1 },
    { eps: 0 },
    { eps: 1e-40 },
    { beta2: 1 },
    { lambda: Number.NaN },
    { scope: 'layer' },
  ];
  for (const options of wrongAdam)
    expect(() => amAdamw.create(options as never)).toThrow(
      expect.objectContaining({ code: 'invalid-options' }),
    );
});

test('refuses options that do nothing beside others', () => {
  const idle = [
    { gap: 'loss', gapUsesLearningRateRatio: true },
    { gap: 'loss', coefficient: 'fixed' },
    { coefficient: 'fixed', gapUsesLearningRateRatio: true },
  ] as const;
  for (const options of idle) {
    expect(() => amMsgd.create(options)).toThrow(expect.objectContaining({ code: 'invalid-options' }));
    expect(() => amMsgd.create(options)).toThrow(/gap/);
  }
  for (const options of [
    { gap: 'loss' },
    { gapUsesLearningRateRatio: true },
    { coefficient: 'fixed' },
  ] as const)
    amMsgd.create(options).dispose();
});

test('coefficients belong to optimizers of this package', async () => {
  const optimizer = amMsgd.create();
  expect(await momentumCoefficients(optimizer)).toBeUndefined();
  const foreign = { step: optimizer.step, state: optimizer.state, restore() {}, dispose() {} };
  await expect(momentumCoefficients(foreign)).rejects.toMatchObject({ code: 'unsupported' });
  optimizer.dispose();
});
