import { createRandom, type RandomSource } from '@espalier/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  balans,
  DEFAULT_OPERATORS,
  highsEngine,
  type MipModel,
  objectiveOf,
  violation,
} from '../src/index.js';
import { minimization, variableSets } from '../src/minimization.js';
import { operatorByName } from '../src/operators/pool.js';
import { fractionalOf } from '../src/relaxation.js';
import { bruteForce, randomMip } from './fixture.js';

const variants = { cutoff: 'below', randomObjectiveMode: 'uniform', relaxSampling: 'random' } as const;
const program = (seed: number, types = 'BBBBBBIIC', sense: 'minimize' | 'maximize' = 'minimize') =>
  randomMip(types, 3, sense, createRandom(seed));

describe('balans against brute force', () => {
  it('finds the optimum of small integer programs in either sense', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1e6 }), fc.boolean(), async (seed, maximize) => {
        const arrays = program(seed, 'BBBBBI', maximize ? 'maximize' : 'minimize');
        const { objective } = await balans.create().solve({ source: { arrays } }, { seed });
        expect(objective).toBeCloseTo(bruteForce(arrays), 6);
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

describe('neighbourhoods', () => {
  let model: MipModel;
  const mip = minimization(program(3));
  beforeAll(async () => {
    model = await highsEngine.load(mip);
  });
  afterAll(() => model.dispose());

  const contextFor = async (random: RandomSource, fixContinuous: boolean) => {
    const x = mip.lower.slice(); // feasible by construction
    const relaxed = await model.solve({ relaxed: true }, { timeMs: 10_000 });
    return {
      mip,
      ...variableSets(mip),
      x,
      objective: objectiveOf(mip, x),
      relaxation: { x: relaxed.x!, objective: relaxed.objective!, fractional: fractionalOf(mip, relaxed.x!) },
      random,
      fixContinuous,
      randomSolution: async () =>
        (await model.solve({ objective: mip.c.map((v) => -v) }, { timeMs: 5_000 })).x,
      relaxWith: async () => relaxed.x,
    };
  };

  it.each([...DEFAULT_OPERATORS, 'dins', 'random_objective', 'local_branching_relax_50', 'mutation_1.0'])(
    '%s: every solution of the restricted program solves the program, and the program is as before',
    async (name) => {
      for (let seed = 0; seed < 4; seed++) {
        const context = await contextFor(createRandom(seed), seed % 2 === 0);
        const before = await model.solve({}, { timeMs: 10_000, gap: 0 });
        const restriction = await operatorByName(name, variants).destroy(context);
        if (!restriction) continue;
        const { x } = await model.solve(restriction, { timeMs: 10_000, start: context.x });
        if (x) expect(violation(mip, x)).toBeUndefined();
        const after = await model.solve({}, { timeMs: 10_000, gap: 0 });
        expect(after.objective).toBe(before.objective);
      }
    },
  );

  it('mutation frees the share that it should', async () => {
    const context = await contextFor(createRandom(1), true);
    const restriction = await operatorByName('mutation_50', variants).destroy(context);
    const free = [...context.mip.c.keys()].filter((j) => restriction!.lower![j]! < restriction!.upper![j]!);
    expect(free).toHaveLength(Math.trunc(0.5 * context.discrete.length));
  });

  it('refuses a name that is none, with the nearest', () => {
    expect(() => operatorByName('mutaton_25', variants)).toThrow("Did you mean 'mutation_25'");
    expect(() => operatorByName('rins_0', variants)).toThrow('no destroy operator');
  });
});
