import { describe, expect, it } from 'vitest';
import {
  balans,
  type DestroyOperator,
  denseMip,
  highs,
  highsEngine,
  type MipEngine,
  type MipSolution,
  multiKnapsack,
  violation,
} from '../src/index.js';

describe('a search', () => {
  // A knapsack that is not closed in a few nodes.
  const hard = {
    source: { arrays: multiKnapsack({ knapsacks: 8, items: 30, tightness: 0.5 }, 3) },
  };
  const limits = { iterationNodeLimit: 3, maxIterations: 8 } as const;

  it('never worsens its best, and every step is feasible', async () => {
    const solution = await balans.create({ ...limits }).solve(hard, { seed: 5 });
    expect(violation(hard.source.arrays, solution.x)).toBeUndefined();
    const bests = solution.history.map(({ objectiveBest }) => objectiveBest);
    expect(bests).toEqual([...bests].sort((a, b) => a - b)); // a maximisation
    expect(solution.objective).toBeCloseTo(bests.at(-1)!, 9);
    const counted = Object.values(solution.operatorStatistics)
      .flat()
      .reduce((s, v) => s + v, 0);
    expect(counted).toBe(solution.history.length - 1);
  });

  it('repeats with the same seed and node limits', async () => {
    const strip = ({ history, ...rest }: MipSolution) => ({
      ...rest,
      milliseconds: 0,
      history: history.map(({ timeMs: _time, ...point }) => point),
    });
    const solver = balans.create({ ...limits });
    expect(strip(await solver.solve(hard, { seed: 9 }))).toEqual(
      strip(await solver.solve(hard, { seed: 9 })),
    );
  });

  it.each([
    [{ maxIterations: 2 }, 'iteration limit'],
    [{ ...limits, maxIterationsWithoutImprovement: 1, destroy: ['mutation_05'] }, 'no improvement'],
    [{ ...limits, targetObjective: 1 }, 'target reached'],
    [{ ...limits, gapToBound: { bound: 1e6, gap: 1 } }, 'target reached'],
  ] as const)('stops by its rule: %j', async (options, reason) => {
    const solution = await balans
      .create({ ...limits, ...options } as Parameters<typeof balans.create>[0])
      .solve(hard, { seed: 1 });
    expect(solution.reason).toBe(reason);
  });

  it('starts from a full or a partial solution', async () => {
    const { x, objective } = await highs.create({ maxNodes: 5 }).solve(hard);
    const full = await balans.create({ ...limits, maxIterations: 1 }).solve({ ...hard, start: x });
    expect(full.objective).toBeGreaterThanOrEqual(objective - 1e-6);
    const partial = x.map((value, j) => (j < 10 ? value : Number.NaN));
    const some = await balans.create({ ...limits, maxIterations: 1 }).solve({ ...hard, start: partial });
    expect(violation(hard.source.arrays, some.x)).toBeUndefined();
  });

  it('takes operators, acceptance and selectors of the user', async () => {
    const calls: string[] = [];
    const everything: DestroyOperator = {
      name: 'everything',
      destroy: () => {
        calls.push('destroy');
        return {};
      },
    };
    const solution = await balans
      .create({
        ...limits,
        maxIterations: 2,
        destroy: [everything, 'mutation_25'],
        acceptance: (initial) => ({ name: 'mine', accept: ({ candidate }) => candidate <= initial }),
        selector: () => ({
          name: 'first',
          select: () => 0,
          update: () => calls.push('update'),
          state: () => 'mine',
        }),
      })
      .solve(hard);
    expect(calls).toEqual(['destroy', 'update', 'destroy', 'update']);
    expect(solution.selectorState).toBe('mine');
  });

  it('ends soon after the signal, and gives its best with the error', async () => {
    const abort = new AbortController();
    const run = balans.create({ iterationNodeLimit: 3, maxIterations: 1_000 }).solve(hard, {
      signal: abort.signal,
      onProgress: ({ iteration }) => iteration >= 2 && abort.abort(),
    });
    await expect(run).rejects.toMatchObject({ code: 'aborted', partial: { objective: expect.any(Number) } });
  });

  it('keeps its time limit', async () => {
    const start = performance.now();
    const solution = await balans.create().solve(hard, { timeLimitMs: 1_500 });
    expect(solution.status).not.toBe('no solution');
    expect(performance.now() - start).toBeLessThan(10_000); // not a measurement: the limit would otherwise be 20 s and more
  });

  it('refuses scores that its policy cannot learn from', () => {
    expect(() => balans.create({ scores: [4, 3, 2, 1] })).toThrow(
      'Thompson sampling needs scores of 0 and 1',
    );
  });

  it('returns a maximisation in the sense of the user, with its offset and bound', async () => {
    const arrays = denseMip({
      sense: 'maximize',
      c: [5, 4],
      A: [[6, 4]],
      rowUpper: [24],
      offset: 7,
      types: 'II',
    });
    const { objective, bound, status } = await balans.create().solve({ source: { arrays } });
    // x = (4, 0) or (0, 6): 20 + 7 against 24 + 7.
    expect({ objective, status }).toEqual({ objective: 31, status: 'optimal' });
    expect(bound).toBeCloseTo(31, 9);
  });

  it('solves a program without integer variables directly', async () => {
    const arrays = denseMip({ c: [-1, -1], A: [[2, 1]], rowUpper: [3], upper: [1, 1] });
    const solution = await balans.create().solve({ source: { arrays } });
    expect(solution).toMatchObject({ status: 'optimal', objective: -2, reason: 'optimal' });
    expect(solution.history).toHaveLength(1);
  });

  it('keeps a feasible start that is worse than what the engine finds first, and improves on it', async () => {
    const start = new Float64Array(30);
    const solution = await balans.create({ ...limits }).solve({ ...hard, start });
    expect(solution.history[0]!.objectiveBest).toBe(0);
    expect(solution.objective).toBeGreaterThan(0);
  });

  it('repairs a start that is not feasible', async () => {
    const start = new Float64Array(30).fill(1);
    const solution = await balans.create({ ...limits }).solve({ ...hard, start });
    expect(violation(hard.source.arrays, solution.x)).toBeUndefined();
  });

  it('names the operators that it left out, and refuses when none is left', async () => {
    const options = { ...limits, maxIterations: 1, destroy: ['dins', 'mutation_50'] };
    const { leftOut } = await balans.create(options).solve(hard);
    expect(leftOut).toEqual({ dins: 'the program has no integer variables beside binary ones' });
    await expect(balans.create({ ...limits, destroy: ['dins'] }).solve(hard)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('dins'),
    });
  });

  it('refuses an operator named twice, and a better reward for acceptance than for progress', () => {
    expect(() => balans.create({ destroy: ['crossover', 'crossover'] })).toThrow('twice');
    expect(() => balans.create({ selector: { policy: 'softmax' }, scores: [3, 1, 2, 0] })).toThrow(
      'above 1 for a better one',
    );
  });

  it('hands on what a progress listener throws', async () => {
    const run = balans.create({ ...limits }).solve(hard, {
      onProgress({ value }) {
        if (value !== undefined) throw new Error('listener');
      },
    });
    await expect(run).rejects.toThrow('listener');
  });
}, 30_000);

describe('an engine that fails now and then', () => {
  const arrays = multiKnapsack({ knapsacks: 8, items: 30, tightness: 0.5 }, 3);

  it('costs the operator a rejection, and the search goes on', async () => {
    let solves = 0;
    const engine: MipEngine = {
      name: 'failing',
      async load(mip) {
        const model = await highsEngine.load(mip);
        return {
          ...model,
          // The first solve gives the initial solution, the second the relaxation.
          solve: async (restriction, limits) =>
            ++solves === 3 ? { status: 'failed', message: 'trap' } : model.solve(restriction, limits),
        };
      },
    };
    const solution = await balans
      .create({ engine, destroy: ['rins_50'], iterationNodeLimit: 2, maxIterations: 3 })
      .solve({ source: { arrays } });
    expect(solution.history.map(({ outcome }) => outcome)[1]).toBe('REJECT');
    expect(solution.history).toHaveLength(4);
  });
}, 30_000);
