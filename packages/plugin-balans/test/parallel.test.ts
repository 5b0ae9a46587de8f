import { createRandom } from '@espalier/core';
import { describe, expect, it } from 'vitest';
import {
  balans,
  type MipSolution,
  multiKnapsack,
  parBalans,
  randomConfiguration,
  violation,
} from '../src/index.js';

describe('parallel', () => {
  it('keeps the results of all jobs and returns the best', async () => {
    const arrays = multiKnapsack({ knapsacks: 5, items: 40, tightness: 0.5 }, 1);
    const solution = await parBalans
      .create({ jobs: 2, maxIterations: 2, iterationNodeLimit: 2 })
      .solve({ source: { arrays } }, { seed: 3 });
    const { jobs } = solution as typeof solution & { jobs: readonly { solution: MipSolution }[] };
    expect(jobs).toHaveLength(2);
    expect(solution.objective).toBe(Math.max(...jobs.map((job) => job.solution.objective)));
  }, 30_000);

  it('draws configurations that balans takes', () => {
    for (let seed = 0; seed < 100; seed++) {
      const options = randomConfiguration(createRandom(seed)) as Parameters<typeof balans.create>[0];
      expect(() => balans.create(options)).not.toThrow();
      expect(options?.destroy?.length).toBeGreaterThanOrEqual(4);
      expect(options?.destroy?.length).toBeLessThanOrEqual(18);
    }
  });

  it('tells jobs of each other when asked to', async () => {
    const arrays = multiKnapsack({ knapsacks: 5, items: 30, tightness: 0.5 }, 2);
    const solution = await parBalans
      .create({ jobs: 2, exchange: 'on', maxIterations: 3, iterationNodeLimit: 2 })
      .solve({ source: { arrays } }, { seed: 1 });
    expect(violation(arrays, solution.x)).toBeUndefined();
  }, 30_000);

  it('ends its workers at once when the signal fires', async () => {
    const arrays = multiKnapsack({ knapsacks: 20, items: 200, tightness: 0.5 }, 2);
    const abort = new AbortController();
    const run = parBalans.create({ jobs: 2 }).solve(
      { source: { arrays } },
      {
        signal: abort.signal,
        onProgress: ({ value }) => value !== undefined && abort.abort(),
      },
    );
    await expect(run).rejects.toMatchObject({ code: 'aborted', partial: { objective: expect.any(Number) } });
  }, 30_000);

  it('refuses configurations that cannot be sent to a worker', async () => {
    const arrays = multiKnapsack({ knapsacks: 2, items: 5, tightness: 0.5 }, 2);
    const generator = () => ({ acceptance: (() => {}) as never });
    await expect(parBalans.create({ generator }).solve({ source: { arrays } })).rejects.toMatchObject({
      code: 'unsupported',
    });
  });

  it('refuses an invalid program before any worker starts', async () => {
    const arrays = {
      ...multiKnapsack({ knapsacks: 2, items: 5, tightness: 0.5 }, 2),
      lower: new Float64Array(1),
    };
    await expect(parBalans.create().solve({ source: { arrays } })).rejects.toMatchObject({
      code: 'invalid-problem',
    });
  });
});
