import { createRandom, type RandomSource } from '@espalier/core';
import { describe, expect, it, vi } from 'vitest';
import {
  noisyOrder,
  offlineStructure,
  predictedUpdates,
  recomputeGraph,
  replay,
  roadUpdates,
  Universe,
} from '../src/index.js';
import { hasDisjointPaths } from '../src/static/disjoint-paths.js';
import { type SplitEdges, triconnectedComponents } from '../src/static/triconnected-components.js';
import { LinkGraph, REAL } from '../src/structures/link-graph.js';
import { nestedDissection } from '../src/structures/nested-dissection.js';
import { terminalSkeleton } from '../src/structures/terminal-skeleton.js';

// Thousands of graphs, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });

type Pair = readonly [number, number];

/** Random pairs, a cycle with chords, growth in series and parallel, or clumps of four that hang on pairs. */
function randomPairs(random: RandomSource, n: number): Pair[] {
  const pairs: Pair[] = [];
  const any = (): Pair => [random.integer(n), random.integer(n)];
  const kind = random.integer(4);
  if (kind === 0) for (let i = random.integer(3 * n); i > 0; i--) pairs.push(any());
  if (kind === 1) for (let x = 0; x < n; x++) pairs.push([x, (x + 1) % n]);
  if (kind === 2) pairs.push([0, 1]);
  if (kind === 3) pairs.push([0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]);
  for (let x = 2; kind === 2 && x < n; x++) {
    const at = random.integer(pairs.length);
    const [a, b] = pairs[at]!;
    if (random.integer(2) === 0) pairs.splice(at, 1);
    pairs.push([a, x], [x, b]);
  }
  for (let x = 4; kind === 3 && x + 1 < n; x += 2) {
    const [a, b] = pairs[random.integer(pairs.length)]!;
    pairs.push([a, x], [b, x], [a, x + 1], [b, x + 1], [x, x + 1]);
  }
  for (let i = random.integer(4); i > 0; i--) pairs.push(any());
  return pairs;
}

/** Whether the edges join all vertices that they touch, without `closed`. */
function connectsAll(edges: readonly Pair[], closed: readonly number[]): boolean {
  const open = edges.filter(([a, b]) => !closed.includes(a) && !closed.includes(b));
  const vertices = new Set(edges.flat().filter((x) => !closed.includes(x)));
  const reached = new Set([...vertices].slice(0, 1));
  for (const x of reached)
    for (const [a, b] of open) {
      if (a === x) reached.add(b);
      if (b === x) reached.add(a);
    }
  return reached.size === vertices.size;
}

describe('triconnected components', () => {
  it('are bonds, triangles and 3-connected graphs, with each virtual edge in two of them', () => {
    const random = createRandom(1);
    let rigid = 0;
    for (let round = 0; round < 500; round++) {
      const n = 4 + random.integer(9);
      const cycle = Array.from({ length: n }, (_, x): Pair => [x, (x + 1) % n]);
      const pairs = [...cycle, ...randomPairs(random, n)].map(
        ([a, b]) => [Math.min(a, b), Math.max(a, b)] as const,
      );
      const simple = new Map(pairs.filter(([a, b]) => a < b).map((pair) => [pair.join(), pair]));
      const edges: SplitEdges = {
        from: [...simple.values()].map(([a]) => a),
        to: [...simple.values()].map(([, b]) => b),
      };
      const components = triconnectedComponents(n, edges);
      const count = new Int32Array(edges.from.length);
      for (const component of components) {
        for (const e of component.edges) count[e]!++;
        const ends = component.edges.map((e): Pair => [edges.from[e]!, edges.to[e]!]);
        const vertices = [...new Set(ends.flat())];
        if (component.kind === 'bond') expect([vertices.length, ends.length]).toEqual([2, 3]);
        if (component.kind === 'polygon') expect([vertices.length, ends.length]).toEqual([3, 3]);
        if (component.kind !== 'rigid') continue;
        rigid++;
        expect(vertices.length).toBeGreaterThan(3);
        for (const a of vertices) for (const b of vertices) expect(connectsAll(ends, [a, b])).toBe(true);
      }
      expect([...count]).toEqual(edges.from.map((_, e) => (e < simple.size ? 1 : 2)));
    }
    expect(rigid).toBeGreaterThan(150);
  });
});

describe('the skeleton of terminals', () => {
  it('has the same answers, whatever is added between terminals', () => {
    const random = createRandom(2);
    const answers = [0, 0];
    for (let round = 0; round < 2_000; round++) {
      const n = 4 + random.integer(14);
      const graph = new LinkGraph(n, 3);
      for (const [a, b] of randomPairs(random, n))
        graph.add(a, b, random.integer(4) > 0 ? REAL : 1 + random.integer(3));
      const terminals = [...new Set(Array.from({ length: 5 }, () => random.integer(n)))];
      const isTerminal = new Uint8Array(n);
      for (const x of terminals) isTerminal[x] = 1;
      const skeleton = terminalSkeleton(graph, isTerminal);
      for (let i = random.integer(4); i > 0; i--) {
        const pick = () => terminals[random.integer(terminals.length)]!;
        const [a, b] = [pick(), pick()];
        graph.add(a, b, REAL);
        skeleton.add(a, b, REAL);
      }
      for (const a of terminals) {
        for (const b of terminals) {
          if (a >= b) continue;
          const expected = hasDisjointPaths(graph, a, b, 3);
          answers[Number(expected)]!++;
          expect(hasDisjointPaths(skeleton, a, b, 3)).toBe(expected);
        }
      }
    }
    expect(Math.min(...answers)).toBeGreaterThan(500);
  });

  it('is about as large as the terminals are many, however large the graph', () => {
    const random = createRandom(3);
    const n = 3_000;
    const graph = new LinkGraph(n, 3);
    for (let i = 0; i < 2 * n; i++) graph.add(random.integer(n), random.integer(n), REAL);
    const isTerminal = new Uint8Array(n);
    for (let i = 0; i < 30; i++) isTerminal[random.integer(n)] = 1;
    let edges = 0;
    terminalSkeleton(graph, isTerminal).visitEdges(() => edges++);
    expect(edges).toBeLessThan(10 * 30);
  });
});

describe('the hierarchy of distances', () => {
  it('has an order with every vertex once', () => {
    const start = Int32Array.of(0, 1, 3, 4, 4);
    expect(
      [...nestedDissection(4, { start, edge: new Int32Array(4) }, Int32Array.of(1, 0, 2, 1))].sort(),
    ).toEqual([0, 1, 2, 3]);
  });

  it('equals Dijkstra on roads that close and open, for watched pairs and others', () => {
    const side = 10;
    const sequence = roadUpdates({ side, slots: 200, seed: 4 });
    const random = createRandom(5);
    const vertex = () => random.integer(side * side);
    const watch = Array.from({ length: 6 }, () => ['distance', vertex(), vertex()] as const);
    const workload = {
      ...sequence,
      question: { structure: 'planar-distances', watch },
      expectations: { predictions: noisyOrder(sequence.updates, 4, 1) },
    };
    const algorithm = predictedUpdates.create({ lift: 'offline', backstop: 'none' });
    const reference = recomputeGraph.create();
    expect(replay(algorithm, workload)).toEqual(replay(reference, workload));
    for (let i = 0; i < 200; i++) {
      const event = { op: 'query', query: ['distance', vertex(), vertex()] } as const;
      expect(algorithm.process(event)).toEqual(reference.process(event));
    }
  });

  it('takes elements that join what was not joined', () => {
    const universe = new Universe(30, [{ id: 0, u: 0, v: 1, weight: 2 }]);
    const structure = offlineStructure(universe, { structure: 'planar-distances' });
    const chain = Array.from({ length: 28 }, (_, i) =>
      universe.add({ id: i + 1, u: i + 1, v: i + 2, weight: 1 }),
    );
    structure.push([0], chain);
    structure.push(chain.slice(0, -1), chain.slice(-1));
    expect(structure.answer(['distance', 0, 29], chain.at(-1)!)).toBe(30);
    expect(structure.answer(['distance', 0, 29], -1)).toBe(-1);
    structure.pop();
    expect([structure.answer(['distance', 0, 1], -1), structure.answer(['distance', 0, 2], -1)]).toEqual([
      2, -1,
    ]);
  });
});
