import { createRandom } from '@espalier/core';
import type { Highs, Model } from 'highs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { highsEngine } from '../src/index.js';
import * as loader from '../src/load-highs.js';
import { minimization } from '../src/minimization.js';
import { randomMip } from './fixture.js';

const mip = minimization(randomMip('BBBBBIIC', 3, 'minimize', createRandom(4)));
const exact = { timeMs: 10_000, gap: 0 };

/** Models that the engine made while `work` ran. */
async function spy(): Promise<Model[]> {
  const models: Model[] = [];
  const load = loader.loadHighs;
  vi.spyOn(loader, 'loadHighs').mockImplementation(async () => {
    const highs: Highs = await load();
    const createModel = highs.createModel.bind(highs);
    return Object.assign(Object.create(highs) as Highs, {
      createModel(source: Parameters<typeof createModel>[0]) {
        const model = createModel(source);
        models.push(model);
        return model;
      },
    });
  });
  return models;
}

describe('the HiGHS engine', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('undoes every part of a restriction exactly', async () => {
    const models = await spy();
    const model = await highsEngine.load(mip);
    const before = models[0]!.getModel('csr');
    const n = mip.c.length;
    const restriction = {
      lower: mip.lower.map((bound) => bound),
      upper: mip.lower.map((bound, j) => (j % 2 ? bound : mip.upper[j]!)),
      objective: mip.c.map((_, j) => j - 3),
      extraColumnCost: 1_000,
      row: { indices: Int32Array.of(0, 2, n), values: Float64Array.of(1, 1, -1), upper: 1 },
    };
    await model.solve(restriction, exact);
    await model.solve({ relaxed: true }, exact);
    expect(models[0]!.getModel('csr')).toEqual(before);
    model.dispose();
  });

  it('gets a fresh instance after the module has trapped', async () => {
    const models = await spy();
    const model = await highsEngine.load(mip);
    const optimum = (await model.solve({}, exact)).objective;
    vi.spyOn(models[0]!, 'run').mockImplementation(() => {
      throw new WebAssembly.RuntimeError('unreachable');
    });
    expect(await model.solve({}, exact)).toEqual({ status: 'failed', message: 'unreachable' });
    expect((await model.solve({}, exact)).objective).toBe(optimum);
    expect(models).toHaveLength(2);
    model.dispose();
  });

  it('throws what a callback threw, and works on', async () => {
    const model = await highsEngine.load(mip);
    const stop = () => {
      throw new Error('mine');
    };
    await expect(model.solve({}, { ...exact, onIncumbent: stop })).rejects.toThrow('mine');
    expect((await model.solve({}, exact)).status).toBe('optimal');
    model.dispose();
  });

  it('starts from a full, a partial and an extended solution', async () => {
    const model = await highsEngine.load(mip);
    const { x, objective } = await model.solve({}, exact);
    expect((await model.solve({}, { ...exact, start: x! })).objective).toBe(objective);
    const partial = x!.map((value, j) => (j < 3 ? value : Number.NaN));
    expect((await model.solve({}, { ...exact, start: partial })).objective).toBe(objective);
    const row = {
      indices: Int32Array.of(0, mip.c.length),
      values: Float64Array.of(1, -1),
      upper: -5,
    };
    const extended = await model.solve({ extraColumnCost: 1, row }, { ...exact, start: x! });
    // z >= x_0 + 5 costs 1 each, on top of the program's own costs.
    expect(extended.status).toBe('optimal');
    model.dispose();
  });
});
