import { adamW, momentumSgd } from '@espalier/models/baselines';
import { cpuRuntime } from '@espalier/runtime-cpu';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { amAdamw, amMsgd } from '../src/index.js';
import { type GivenStep, stepsOf, Walk, walk } from './walk.js';

await cpuRuntime.activate();

const SIZE = 3;
const numbers = fc.array(
  fc.integer({ min: -128, max: 128 }).map((n) => n / 64),
  { minLength: SIZE, maxLength: SIZE },
);
/** Gradients of one parameter over a few steps. */
const gradients = fc.array(numbers, { minLength: 2, maxLength: 6 });
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, i) => sum + v * b[i], 0);
const RUNS = { numRuns: 60 };

describe('am-msgd', () => {
  test('takes the coefficient that maximises the dual of its two-plane model', async () => {
    await fc.assert(
      fc.asyncProperty(numbers, numbers, fc.constantFrom(0, 0.1, 1), async (d, g, lambda) => {
        const eta = 0.1;
        const [, second] = await walk(amMsgd.create({ lambda }), { x: [0, 0, 0] }, stepsOf([d, g], eta));
        // min over u of (1 - b) <g, u> + b (gap + <d, u>) + |u|^2 / 2 eta + lambda |u + eta d|^2 / 2 eta, by its stationary point.
        const gap = eta * dot(g, d);
        const dual = (b: number) => {
          const p = g.map((each, i) => (1 - b) * each + b * d[i]);
          const u = p.map((each, i) => (-eta * (each + lambda * d[i])) / (1 + lambda));
          const away = u.map((each, i) => each + eta * d[i]);
          return b * gap + dot(p, u) + dot(u, u) / (2 * eta) + (lambda * dot(away, away)) / (2 * eta);
        };
        const grid = Array.from({ length: 901 }, (_, i) => i / 1000);
        const best = Math.max(...grid.map(dual));
        const scale = Math.abs(gap) + eta * (dot(d, d) + dot(g, g));
        expect(dual(second.beta as number)).toBeGreaterThanOrEqual(best - 1e-6 * scale - 1e-30);
      }),
      RUNS,
    );
  });

  test('by hand: gradients that turn round, with and without the regulariser', async () => {
    const turned = stepsOf([
      [1, 2],
      [-1, -2],
    ]);
    const [first, second] = await walk(amMsgd.create(), { x: [0, 0] }, turned);
    expect(first.beta).toBe(0);
    expect(second.beta).toBeCloseTo(0.7 / 4, 6);
    expect(second.figures.effectiveMomentum).toBeCloseTo(0.275 / 1.1, 6);
    // lambda = 0: |g|^2 / |d - g|^2.
    const [, plain] = await walk(amMsgd.create({ lambda: 0 }), { x: [0, 0] }, turned);
    expect(plain.beta).toBeCloseTo(1 / 4, 6);
    // d = (1 - 0.25) g + 0.25 d = -0.5 (1, 2), after a first step along (1, 2).
    expect([...plain.values.x]).toEqual([-0.1 + 0.05, -0.2 + 0.1].map((v) => expect.closeTo(v, 6)));
  });

  test('equal gradients leave direction and coefficient where they are', async () => {
    const same = stepsOf(new Array(5).fill([0.3, -0.7, 1e-3]));
    const taken = await walk(amMsgd.create(), { x: [0, 0, 0] }, same);
    expect(taken.map(({ beta }) => beta)).toEqual([0, 0, 0, 0, 0]);
  });

  test('does not depend on the scale of the loss', async () => {
    await fc.assert(
      fc.asyncProperty(gradients, fc.constantFrom(2 ** -20, 2 ** 10), async (given, factor) => {
        const scaled = given.map((g) => g.map((each) => each * factor));
        const [one, other] = [
          await walk(amMsgd.create(), { x: [0, 0, 0] }, stepsOf(given)),
          await walk(amMsgd.create(), { x: [0, 0, 0] }, stepsOf(scaled)),
        ];
        expect(other.map(({ beta }) => beta)).toEqual(one.map(({ beta }) => beta));
      }),
      RUNS,
    );
  });

  test('with a fixed coefficient and no regulariser is averaged momentum', async () => {
    await fc.assert(
      fc.asyncProperty(gradients, fc.constantFrom(0, 0.5, 0.9), async (given, momentum) => {
        const initial = { x: [1, -2, 3] };
        const options = { coefficient: 'fixed', lambda: 0, betaMax: momentum, weightDecay: 0.01 } as const;
        const [own, plain] = [
          await walk(amMsgd.create(options), initial, stepsOf(given)),
          await walk(
            momentumSgd.create({ momentum, form: 'average', weightDecay: 0.01 }),
            initial,
            stepsOf(given),
          ),
        ];
        expect([...own.at(-1)!.values.x]).toEqual(
          [...plain.at(-1)!.values.x].map((v) => expect.closeTo(v, 5)),
        );
      }),
      RUNS,
    );
  });

  test('the ratio of learning rates changes nothing where the rate is constant', async () => {
    const given = stepsOf([
      [1, 2],
      [0.5, -1],
      [2, 1],
    ]);
    const [without, withRatio] = [
      await walk(amMsgd.create(), { x: [0, 0] }, given),
      await walk(amMsgd.create({ gapUsesLearningRateRatio: true }), { x: [0, 0] }, given),
    ];
    expect(withRatio).toEqual(without);
  });

  test('takes the height of the memory plane from losses where it is told to', async () => {
    const [d, g, eta, lambda] = [[1, 2], [0.5, 1.8], 0.1, 0.1];
    const steps: GivenStep[] = [
      { gradients: { x: d }, learningRate: eta, loss: 3 },
      { gradients: { x: g }, learningRate: eta, loss: 3.02 },
    ];
    const [, { beta }] = await walk(amMsgd.create({ gap: 'loss', lambda }), { x: [0, 0] }, steps);
    const difference = d.map((each, i) => each - g[i]);
    const pull = dot(
      difference,
      g.map((each, i) => each + lambda * d[i]),
    );
    const expected = (((1 + lambda) * (3 - 3.02)) / eta - pull) / dot(difference, difference);
    expect(beta).toBeCloseTo(Math.min(0.9, Math.max(0, expected)), 5);
  });
});

describe('am-adamw', () => {
  test('with a fixed coefficient and no regulariser is AdamW', async () => {
    await fc.assert(
      fc.asyncProperty(gradients, fc.constantFrom(0, 0.1), async (given, weightDecay) => {
        const initial = { x: [1, -2, 3] };
        const common = { beta2: 0.95, weightDecay };
        const [own, plain] = [
          await walk(
            amAdamw.create({ coefficient: 'fixed', lambda: 0, beta1Max: 0.9, ...common }),
            initial,
            stepsOf(given, 0.01),
          ),
          await walk(adamW.create({ beta1: 0.9, ...common }), initial, stepsOf(given, 0.01)),
        ];
        expect([...own.at(-1)!.values.x]).toEqual(
          [...plain.at(-1)!.values.x].map((v) => expect.closeTo(v, 5)),
        );
      }),
      RUNS,
    );
  });

  test('first moves every coordinate by eta sign(g) / (1 + lambda P)', async () => {
    const [eta, lambda, g] = [0.01, 0.1, [3, -0.5, 2e-3]];
    const [{ values, beta }] = await walk(amAdamw.create(), { x: [0, 0, 0] }, stepsOf([g], eta));
    expect(beta).toEqual({ x: expect.closeTo(0.89, 6) });
    const moved = g.map((each) => (-eta * Math.sign(each)) / (1 + lambda * (1 - 0.89) * Math.abs(each)));
    expect([...values.x]).toEqual(moved.map((v) => expect.closeTo(v, 6)));
  });

  test('does not depend on the scale of the loss where lambda is 0', async () => {
    const given = [
      [1, -2, 0.5],
      [0.8, 1, 0.4],
      [-1, 0.3, 0.7],
    ];
    const options = { lambda: 0, eps: 1e-30 };
    const run = (factor: number) =>
      walk(amAdamw.create(options), { x: [0, 0, 0] }, stepsOf(given.map((g) => g.map((v) => v * factor))));
    const [one, other] = [await run(1), await run(2 ** -8)];
    expect([...other[2].values.x]).toEqual([...one[2].values.x].map((v) => expect.closeTo(v, 6)));
  });
});

describe.each([
  ['am-msgd', (scope: 'global' | 'perTensor') => amMsgd.create({ scope, weightDecay: 0.01 }), 1.7e38],
  ['am-adamw', (scope: 'global' | 'perTensor') => amAdamw.create({ scope, weightDecay: 0.01 }), 1.84e19],
] as const)('%s', (_name, create, largest) => {
  test('per tensor, each parameter goes its own way', async () => {
    await fc.assert(
      fc.asyncProperty(gradients, gradients, async (a, b) => {
        const count = Math.min(a.length, b.length);
        const both = Array.from({ length: count }, (_, i) => ({
          gradients: { a: a[i], b: b[i] },
          learningRate: 0.1,
        }));
        const together = await walk(create('perTensor'), { a: [1, 1, 1], b: [2, 2, 2] }, both);
        const alone = await walk(create('perTensor'), { x: [2, 2, 2] }, stepsOf(b.slice(0, count)));
        expect(together.at(-1)!.values.b).toEqual(alone.at(-1)!.values.x);
      }),
      RUNS,
    );
  });

  test('globally, a parameter cut in two is the same parameter', async () => {
    await fc.assert(
      fc.asyncProperty(gradients, async (given) => {
        const cut = given.map(([first, ...rest]) => ({
          gradients: { a: [first], b: rest },
          learningRate: 0.1,
        }));
        const whole = await walk(create('global'), { x: [1, 2, 3] }, stepsOf(given));
        const parts = await walk(create('global'), { a: [1], b: [2, 3] }, cut);
        const { a, b } = parts.at(-1)!.values;
        expect([...a, ...b]).toEqual([...whole.at(-1)!.values.x].map((v) => expect.closeTo(v, 4)));
      }),
      RUNS,
    );
  });

  test('the coefficient stays in its range, and everything finite, whatever the scale', async () => {
    for (const scale of [1e-30, 1e-18, 1e-3, 1e12, 1e17]) {
      const given = stepsOf(
        [
          [1, -1, 2],
          [0.9, -1.1, 2.2],
          [-3, 1, 0],
          [0, 0, 0],
        ].map((g) => g.map((v) => v * scale)),
        1e-3,
      );
      for (const scope of ['global', 'perTensor'] as const) {
        for (const { beta, values } of await walk(create(scope), { x: [1, 1, 1] }, given)) {
          const value = typeof beta === 'number' ? beta : beta.x;
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(0.9000001);
          expect(values.x.every(Number.isFinite)).toBe(true);
        }
      }
    }
  });

  test('everything stays finite up to the largest gradient that is taken, and a larger one is refused by name', async () => {
    for (const scope of ['global', 'perTensor'] as const) {
      const walking = new Walk(create(scope), { a: [1], x: [1, 1, 1] });
      const take = (first: number) =>
        walking.take({ gradients: { a: [1], x: [first, 0.5, -1] }, learningRate: 1e-3 });
      for (const first of [largest, -largest, largest, 1, -largest]) {
        const { values } = await take(first);
        expect([...values.a!, ...values.x!].every(Number.isFinite)).toBe(true);
        const { tensors } = walking.optimizer.state();
        for (const each of Object.values(tensors)) {
          expect([...each.dataSync()].every(Number.isFinite)).toBe(true);
          each.dispose();
        }
      }
      const before = walking.values();
      await expect(take(1.01 * largest)).rejects.toMatchObject({
        code: 'numerical',
        message: expect.stringMatching(/gradient of x is [\de+.]+ at element 0/),
      });
      expect(walking.values()).toEqual(before);
      walking.dispose();
    }
  });
});
