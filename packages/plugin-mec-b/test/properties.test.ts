import { createRandom } from '@espalier/core';
import { csrToDense } from '@espalier/linalg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { couple } from '../src/couple.js';
import { encode } from '../src/encode.js';
import { assertCoupling } from '../src/feasibility.js';
import { dirichlet, normalised, uniformWeights } from '../src/generated-distributions.js';
import {
  binaryEntropy,
  composeCoupling,
  coupleSeveral,
  decodeStep,
  ebim,
  encoderGroups,
  encoderInformation,
  encodeStep,
  entropy,
  informationCurve,
  mec,
  mecB,
  mecExact,
  openChannel,
} from '../src/index.js';
import { distribution } from './fixture.js';
import { allPartitions, bitsOf, literalMaxSeeking, literalSearch, literalZeroSeeking } from './literal.js';

const share = fc.double({ min: 0, max: 1, noNaN: true });
const sumsOf = (px: Float64Array, groups: ArrayLike<number>[]) =>
  groups.map((group) => Array.from(group).reduce((sum, x) => sum + px[x]!, 0)).sort((a, b) => a - b);
const closeTo = (values: readonly number[], digits = 10) => values.map((v) => expect.closeTo(v, digits));

describe('Algorithm 1', () => {
  it('in closed form is the loop of the paper', () => {
    fc.assert(
      fc.property(distribution(1, 24), share, (px, rate) => {
        const budget = rate * entropy(px);
        const encoder = encode(px, budget, 'search');
        expect(sumsOf(px, encoderGroups(encoder))).toEqual(
          closeTo(sumsOf(px, literalSearch([...px], budget))),
        );
      }),
      { numRuns: 400 },
    );
  });

  it('is within h(p2) of the budget, and never above it', () => {
    fc.assert(
      fc.property(distribution(2, 40), share, (px, rate) => {
        const budget = rate * entropy(px);
        const { ht } = encoderInformation(encode(px, budget, 'search'), px);
        const second = [...px].sort((a, b) => b - a)[1]!;
        expect(ht).toBeLessThanOrEqual(budget + 1e-11);
        expect(budget - ht).toBeLessThanOrEqual(binaryEntropy(second) + 1e-9);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps all of a uniform source at R = H, and of its powers of two at whole bits', () => {
    for (const n of [3, 7, 16, 1000, 4096]) {
      const px = new Float64Array(n).fill(1 / n);
      expect(encode(px, entropy(px), 'search').codes).toBe(n);
      expect(encode(px, Math.log2(n), 'search').codes).toBe(n);
    }
    expect(encode(new Float64Array(16).fill(1 / 16), Math.log2(8), 'uniform').codes).toBe(8);
    expect(encode(new Float64Array(100).fill(1 / 100), Math.log2(10), 'uniform').codes).toBe(10);
  });

  it('codes 10^5 symbols with the budget kept and all mass in place', async () => {
    const px = dirichlet(100_000, 0.5, createRandom(1));
    const { ht, pt, budget } = await ebim.create().solve({ px, rate: 0.5 });
    expect(ht).toBeLessThanOrEqual(budget + 1e-11);
    expect(ht).toBeGreaterThan(budget - 0.01);
    expect(pt.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
  });
});

describe('near-deterministic codes', () => {
  it('are never worse than any mapping within the budget', () => {
    fc.assert(
      fc.property(distribution(1, 6), share, (px, rate) => {
        const budget = rate * entropy(px);
        const { ht, ixt } = encoderInformation(encode(px, budget, 'near-deterministic'), px);
        const best = Math.max(
          ...allPartitions(px.length)
            .map((groups) => bitsOf(sumsOf(px, groups)))
            .filter((bits) => bits <= budget),
        );
        expect(ht).toBeLessThanOrEqual(budget + 1e-11);
        expect(ixt).toBeGreaterThanOrEqual(best - 1e-9);
      }),
      { numRuns: 150 },
    );
  });

  it('from the chains of many symbols are never worse than the greedy codes', () => {
    fc.assert(
      fc.property(distribution(9, 40), share, (px, rate) => {
        const budget = rate * entropy(px);
        const of = (method: Parameters<typeof encode>[2]) =>
          encoderInformation(encode(px, budget, method), px);
        const near = of('near-deterministic');
        expect(near.ht).toBeLessThanOrEqual(budget + 1e-10);
        for (const method of ['search', 'huffman'] as const)
          expect(near.ixt).toBeGreaterThanOrEqual(of(method).ixt - 1e-9);
        expect(of('best').ixt).toBeGreaterThanOrEqual(near.ixt - 1e-12);
      }),
      { numRuns: 300 },
    );
  });

  it('keep the budget and the lead where many masses are equal', () => {
    for (let seed = 0; seed < 1_500; seed++) {
      const random = createRandom(seed);
      const weights = Float64Array.from({ length: 9 + random.integer(50) }, () => random.integer(5));
      if (weights.every((weight) => weight === 0)) continue;
      const px = normalised(weights);
      const budget = random.uniform() * entropy(px);
      const near = encoderInformation(encode(px, budget, 'near-deterministic'), px);
      expect(near.ht).toBeLessThanOrEqual(budget + 1e-11);
      expect(near.ixt).toBeGreaterThanOrEqual(
        encoderInformation(encode(px, budget, 'search'), px).ixt - 1e-12,
      );
    }
  });

  it('of three symbols follow the known curve', () => {
    const px = Float64Array.of(0.7, 0.2, 0.1);
    const curve = [
      0.0188, 0.0443, 0.0748, 0.1105, 0.152, 0.2003, 0.2573, 0.3266, 0.4176, 0.4761, 0.4916, 0.5105, 0.5326,
      0.6398, 0.7308, 0.7528, 0.7805, 0.8848, 0.8996, 0.9214, 0.9573, 1.0297, 1.1337,
    ];
    const points = informationCurve(
      px,
      curve.map((_, k) => 0.05 * (k + 1)),
    );
    expect(points.map(({ ixt }) => ixt)).toEqual(closeTo(curve, 4));
    expect(() => informationCurve(px, [-1])).toThrow(/R is -1/);
    expect(() => informationCurve(px, [1], 'none' as never)).toThrow(/method is 'none'/);
  });
});

describe('greedy couplings', () => {
  it.each([
    ['max-seeking', literalMaxSeeking],
    ['zero-seeking', literalZeroSeeking],
  ] as const)('%s is what its rule says, cell by cell', (method, literal) => {
    fc.assert(
      fc.property(distribution(1, 14), distribution(1, 14), (px, py) => {
        const { rows, columns, masses } = couple(px, py, method);
        const dense = Array.from(px, () => Array.from(py, () => 0));
        for (let k = 0; k < rows.length; k++) dense[rows[k]!]![columns[k]!]! += masses[k]!;
        const expected = literal([...px], [...py]);
        // Rounding can make two equal remainders unequal: then both sides may take another of them.
        expect(bitsOf(dense.flat())).toBeCloseTo(bitsOf(expected.flat()), 9);
        const positive = (p: Float64Array) => p.filter((mass) => mass > 0).length;
        expect(rows.length).toBeLessThanOrEqual(positive(px) + positive(py) - 1);
      }),
      { numRuns: 400 },
    );
  });

  it.each(['max-seeking', 'zero-seeking'] as const)(
    '%s of random masses has the very cells of its rule',
    (method) => {
      const literal = method === 'max-seeking' ? literalMaxSeeking : literalZeroSeeking;
      for (let seed = 0; seed < 40; seed++) {
        const random = createRandom(seed);
        const [px, py] = [
          uniformWeights(1 + random.integer(20), random),
          uniformWeights(1 + random.integer(20), random),
        ];
        const { rows, columns, masses } = couple(px, py, method);
        const expected = literal([...px], [...py]);
        for (let k = 0; k < rows.length; k++)
          expect(masses[k]!).toBeCloseTo(expected[rows[k]!]![columns[k]!]!, 12);
      }
    },
  );

  it('have the given marginals, and are within 0.53 bits of the optimum', async () => {
    await fc.assert(
      fc.asyncProperty(distribution(1, 4), distribution(1, 4), async (px, py) => {
        const exact = await mecExact.create().solve({ px, py });
        for (const method of ['max-seeking', 'zero-seeking'] as const) {
          const { coupling, jointEntropy } = await mec.create({ method }).solve({ px, py });
          assertCoupling(coupling, px, py);
          expect(jointEntropy).toBeGreaterThanOrEqual(exact.jointEntropy - 1e-9);
          if (method === 'max-seeking') expect(jointEntropy - exact.jointEntropy).toBeLessThan(0.53);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('pair equal distributions symbol by symbol', async () => {
    const px = Float64Array.of(0.4, 0.3, 0.2, 0.1);
    const py = Float64Array.of(0.1, 0.4, 0.3, 0.2);
    for (const solver of [mec.create(), mec.create({ method: 'zero-seeking' }), mecExact.create()])
      expect((await solver.solve({ px, py })).jointEntropy).toBeCloseTo(entropy(px), 12);
  });

  it.each(['max-seeking', 'zero-seeking'] as const)(
    '%s couples 10^5 by 10^5 symbols sparsely',
    async (method) => {
      const random = createRandom(2);
      const [px, py] = [dirichlet(100_000, 1, random), dirichlet(100_000, 1, random)];
      const { coupling, jointEntropy, lowerBound } = await mec.create({ method }).solve({ px, py });
      expect(coupling.values.length).toBeLessThan(200_000);
      assertCoupling(coupling, px, py);
      expect(jointEntropy - lowerBound).toBeLessThan(1);
    },
    60_000,
  );

  it('of several distributions have all of their marginals', () => {
    fc.assert(
      fc.property(fc.array(distribution(1, 8), { minLength: 2, maxLength: 4 }), (marginals) => {
        const { indices, masses, jointEntropy } = coupleSeveral(marginals);
        for (const [k, marginal] of marginals.entries()) {
          const sums = new Float64Array(marginal.length);
          for (let c = 0; c < masses.length; c++) sums[indices[k]![c]!]! += masses[c]!;
          expect([...sums]).toEqual(closeTo([...marginal], 12));
        }
        expect(jointEntropy).toBeGreaterThanOrEqual(Math.max(...marginals.map(entropy)) - 1e-9);
        const [first, second] = marginals as [Float64Array, Float64Array];
        expect(coupleSeveral([first, second]).jointEntropy).toBeCloseTo(
          entropy(couple(first, second, 'max-seeking').masses),
          10,
        );
      }),
    );
    expect(() => coupleSeveral([Float64Array.of(1)])).toThrow(/at least two/);
  });
});

describe('composed couplings', () => {
  it('have the given marginals and the reported information, whatever the code', async () => {
    await fc.assert(
      fc.asyncProperty(
        distribution(1, 12),
        distribution(1, 12),
        share,
        fc.constantFrom('search', 'near-deterministic', 'best', 'uniform', 'huffman'),
        async (px, py, rate, encoder) => {
          const solver = mecB.create({ encoder: encoder as 'search' });
          const solution = await solver.solve({ px, py, R: rate * entropy(px) });
          const joint = csrToDense(solution.pxy!);
          assertCoupling(solution.pxy!, px, py);
          const information = entropy(px) + entropy(py) - entropy(joint.data);
          expect(solution.ixy).toBeCloseTo(information, 9);
          expect(solution.ixy).toBeGreaterThanOrEqual(solution.ixt + solution.ity - solution.ht - 1e-9);
          const factors = await solver.solve({ px, py, R: rate * entropy(px), mode: 'factors' });
          expect(factors.pxy).toBeUndefined();
          expect(factors.ixy).toBe(solution.ixy);
          expect([...composeCoupling(px, factors.encoder, factors.pty).values]).toEqual([
            ...solution.pxy!.values,
          ]);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('of 10^5 symbols stay in factors', async () => {
    const random = createRandom(3);
    const [px, py] = [dirichlet(100_000, 1, random), dirichlet(100_000, 1, random)];
    const solver = mecB.create();
    const { ixy, budget } = await solver.solve({ px, py, rate: 0.5, mode: 'factors' });
    expect(ixy).toBeGreaterThan(0.8 * budget);
    await expect(solver.solve({ px, py, rate: 0.5 })).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('a step of the game', () => {
  it('follows the policy exactly on average over messages, and beliefs average to the old one', () => {
    fc.assert(
      fc.property(
        distribution(2, 5),
        distribution(2, 12),
        share,
        fc.constantFrom('search', 'near-deterministic', 'uniform', 'huffman'),
        fc.constantFrom('message', 'action'),
        (policy, belief, rate, encoder, compress) => {
          const scheme = {
            encoder: encoder as 'search',
            decoder: 'max-seeking',
            compress: compress as 'message',
          } as const;
          const channel = openChannel(belief, { rate: Math.max(rate, 0.01) });
          const actions = new Float64Array(policy.length);
          const mixture = new Float64Array(belief.length);
          for (let message = 0; message < belief.length; message++) {
            if (belief[message] === 0) continue;
            const { law } = encodeStep(channel, policy, [message], 0, scheme);
            for (let a = 0; a < law.length; a++) actions[a]! += belief[message]! * law[a]!;
          }
          expect([...actions]).toEqual(closeTo([...policy], 12));
          for (let a = 0; a < policy.length; a++) {
            if (policy[a] === 0) continue;
            const [after] = decodeStep(channel, policy, a, scheme).beliefs;
            for (let m = 0; m < belief.length; m++) mixture[m]! += policy[a]! * after![m]!;
          }
          expect([...mixture]).toEqual(closeTo([...belief], 12));
        },
      ),
      { numRuns: 300 },
    );
  });
});
