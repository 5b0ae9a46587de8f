import { describe, expect, it } from 'vitest';
import {
  generalisedIndependentSet,
  highs,
  independentSet,
  multiKnapsack,
  setCover,
  vertexCover,
  violation,
} from '../src/index.js';

const small = {
  'independent set': (seed: number) => independentSet({ nodes: 20, edgeProbability: 0.2 }, seed),
  'vertex cover': (seed: number) => vertexCover({ nodes: 20, edgesPerNode: 3, costNoise: 0.1 }, seed),
  'multi-dimensional knapsack': (seed: number) =>
    multiKnapsack({ knapsacks: 3, items: 10, tightness: 0.5 }, seed),
  'set cover': (seed: number) => setCover({ rows: 8, columns: 12, density: 0.1 }, seed),
  'generalised independent set': (seed: number) =>
    generalisedIndependentSet({ nodes: 12, edgeProbability: 0.3 }, seed),
};

describe.each(Object.entries(small))('%s', (_name, generate) => {
  it('is the same for the same seed and another for another', () => {
    expect(generate(1)).toEqual(generate(1));
    expect(generate(1)).not.toEqual(generate(2));
  });

  it('can be solved', async () => {
    const arrays = generate(1);
    const solution = await highs.create().solve({ source: { arrays } });
    expect(solution.status).toBe('optimal');
    expect(violation(arrays, solution.x)).toBeUndefined();
  });
});

it('covers each row of a set cover at least twice and uses every column', () => {
  const { rows, c } = setCover({ rows: 10, columns: 30, density: 0.02 }, 3);
  for (let i = 0; i < 10; i++) expect(rows.starts[i + 1]! - rows.starts[i]!).toBeGreaterThanOrEqual(2);
  expect(new Set(rows.indices).size).toBe(c.length);
});

it('joins each node of a vertex cover graph to as many others as asked', () => {
  const { rows } = vertexCover({ nodes: 50, edgesPerNode: 3 }, 1);
  expect(rows.starts.length - 1).toBe(6 + 46 * 3); // 4 nodes all joined, then 3 edges a node
});
