import { createRandom } from '@espalier/core';
import { describe, expect, it } from 'vitest';
import {
  codingGame,
  drawNextState,
  gridWorld,
  markovCodingGame,
  markovCodingGameUniform,
  softPolicy,
} from '../src/index.js';

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

describe('the grid world', () => {
  const world = gridWorld({ shape: [2, 3], goal: [0, 2], trap: [1, 2], obstacles: [[0, 1]], start: [1, 0] });
  const row = (state: number, action: number) => {
    const { rowPointers, columnIndices, values } = world.transitions;
    const at = state * 4 + action;
    return Object.fromEntries(
      Array.from({ length: rowPointers[at + 1]! - rowPointers[at]! }, (_, k) => [
        columnIndices[rowPointers[at]! + k]!,
        values[rowPointers[at]! + k]!,
      ]),
    );
  };

  it('goes the intended way with 0.8 and a quarter turn with 0.1 each; walls and obstacles hold', () => {
    // From (1, 1): up is the obstacle (stay), left is (1, 0), right is (1, 2).
    expect(row(4, 0)).toEqual({ 3: 0.1, 4: 0.8, 5: 0.1 });
    // From (1, 0): right is (1, 1), up is (0, 0), down is the wall.
    expect(row(3, 1)).toEqual({ 0: 0.1, 3: 0.1, 4: 0.8 });
  });

  it.each([
    [{ goal: [8, 0] }, /not in the grid/],
    [{ goal: [1, 1] }, /obstacles/],
    [{ start: [2, 2] }, /obstacles/],
    [{ trap: [0, 7] }, /two cells/],
    [{ noise: 0.6 }, /noise/],
    [{ shape: [0, 8] }, /shape/],
    [{ stepReward: Number.NaN }, /stepReward/],
  ] as const)('refuses %j', (spec, message) => {
    expect(() => gridWorld(spec as Parameters<typeof gridWorld>[0])).toThrow(message);
  });

  it('draws next states with the probabilities of the row', () => {
    const random = createRandom(1);
    const counts = new Float64Array(6);
    for (let k = 0; k < 4_000; k++) counts[drawNextState(world, 4, 0, random)]!++;
    expect(counts[4]! / 4_000).toBeCloseTo(0.8, 1);
    expect(counts[3]! + counts[4]! + counts[5]!).toBe(4_000);
  });
});

describe('the soft policy', () => {
  const world = gridWorld();

  it('is uniform over the best actions at temperature 0, and nearly uniform over all at a high one', () => {
    const cold = softPolicy(world, 0.95, 0, 100).policy;
    // From (0, 6) the goal lies to the right.
    expect([...cold.subarray(24, 28)]).toEqual([0, 1, 0, 0]);
    const hot = softPolicy(world, 0.95, 1e4, 1).policy;
    for (const p of hot.subarray(24, 28)) expect(p).toBeCloseTo(0.25, 2);
  });

  it('solves the Bellman equation of a corridor by hand', () => {
    const corridor = gridWorld({
      shape: [1, 3],
      goal: [0, 2],
      trap: [0, 0],
      obstacles: [],
      start: [0, 1],
      noise: 0,
    });
    const { q } = softPolicy(corridor, 0.5, 0, 50);
    // From the middle: right 0.5 * 1, left 0.5 * -1, up and down stay: 0.5 * V = 0.5 * 0.5.
    expect([...q.subarray(4, 8)]).toEqual([0.25, 0.5, 0.25, -0.5]);
  });
});

describe('the game', () => {
  const problem = { world: gridWorld(), temperature: Math.exp(-4), messages: 16, episodes: 30 };

  it('tells every message where the policy leaves room, and Algorithm 1 beats the quantizer', async () => {
    const search = await markovCodingGame.create().solve({ ...problem, rate: 0.5 });
    const uniform = await markovCodingGameUniform.create().solve({ ...problem, rate: 0.5 });
    expect(search.accuracy).toBeGreaterThan(0.9);
    expect(uniform.accuracy).toBeLessThan(0.6);
    expect(search.entropyCurve[0]).toBeCloseTo(4, 12);
  });

  it('has rewards that do not depend on the rate', async () => {
    const solve = (rate: number) => markovCodingGame.create().solve({ ...problem, episodes: 150, rate });
    const [whole, quarter] = [await solve(1), await solve(0.25)];
    const error = Math.hypot(whole.rewardError, quarter.rewardError);
    expect(Math.abs(whole.meanReward - quarter.meanReward)).toBeLessThan(4 * error);
  });

  it('sends blocks one by one, and guesses all of them', async () => {
    const blocks = [new Float64Array(8).fill(1 / 8), new Float64Array(4).fill(1 / 4)];
    const { messages: _count, ...rest } = problem;
    const solution = await markovCodingGame.create().solve({ ...rest, prior: blocks, rate: 1, episodes: 10 });
    expect(solution.messages.length).toBe(20);
    expect(solution.entropyCurve[0]).toBeCloseTo(5, 12);
    expect(solution.accuracy).toBeGreaterThan(0.8);
  });

  it('can compress the action instead', async () => {
    const solution = await markovCodingGame
      .create({ compress: 'action' })
      .solve({ ...problem, rate: 0.75, episodes: 10 });
    expect(solution.entropyCurve.at(-1)).toBeLessThan(solution.entropyCurve[0]!);
  });

  it('is repeated by its seed', async () => {
    const solve = (seed: number) =>
      markovCodingGame.create().solve({ ...problem, rate: 0.5, episodes: 5 }, { seed });
    expect(await solve(1)).toEqual(await solve(1));
    expect((await solve(1)).messages).not.toEqual((await solve(2)).messages);
  });

  it('is read from JSON', async () => {
    const [format] = codingGame.formats;
    const read = await format!.read(
      bytes({ world: { noise: 0 }, temperature: 0.01, prior: [[0.5, 0.5], [1]], rate: 1, episodes: 2 }),
    );
    const solution = await markovCodingGame.create().solve(read);
    expect(codingGame.solutionToJson(solution)).toMatchObject({ episodes: 2, reason: 'finished' });
    const flat = await format!.read(bytes({ temperature: 0.01, prior: [0.5, 0.5], R: 1, episodes: 1 }));
    expect(flat.prior).toEqual(Float64Array.of(0.5, 0.5));
    expect(() => format!.read(bytes({ temperature: 0.01, episodes: 1, rates: 1 }))).toThrow(/rates/);
  });
});
