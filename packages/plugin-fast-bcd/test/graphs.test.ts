import { createRandom, type RandomSource } from '@espalier/core';
import { type CsrMatrix, csrFromTriplets, csrToDense } from '@espalier/linalg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factorBlock } from '../src/block-solve.js';
import {
  conjugateGradient,
  createCsr,
  factorForest,
  fastBcd,
  greedyForest,
  labelPropagation,
  latticeCombs,
  latticeData,
  latticeRedBlack,
  type QuadraticObjective,
  redBlackPartition,
  selectBlock,
  treePartition,
  twoMoonsData,
} from '../src/index.js';

/** A random graph's matrix: row sums plus 1 on the diagonal, minus the weights beside it. */
function randomGraph(n: number, edges: number, random: RandomSource): CsrMatrix {
  const [from, to, values]: [number[], number[], number[]] = [[], [], []];
  const add = (i: number, j: number, value: number) => {
    from.push(i);
    to.push(j);
    values.push(value);
  };
  for (let i = 0; i < n; i++) add(i, i, 1);
  for (let e = 0; e < edges && n > 1; e++) {
    const [i, j] = random.sample(n, 2);
    const weight = 0.1 + random.uniform();
    add(i, j, -weight);
    add(j, i, -weight);
    add(i, i, weight);
    add(j, j, weight);
  }
  return csrFromTriplets(n, n, from, to, Float64Array.from(values));
}

const edgesInside = (graph: CsrMatrix, block: Int32Array): [number, number][] => {
  const inside = new Set(block);
  const edges: [number, number][] = [];
  for (const i of block) {
    for (let k = graph.rowPointers[i]; k < graph.rowPointers[i + 1]; k++) {
      const j = graph.columnIndices[k];
      if (j > i && inside.has(j)) edges.push([i, j]);
    }
  }
  return edges;
};

/** Whether a block induces a forest: peeling leaves off leaves nothing. */
function isForest(graph: CsrMatrix, block: Int32Array): boolean {
  let edges = edgesInside(graph, block);
  for (;;) {
    const degree = new Map<number, number>();
    for (const edge of edges) for (const i of edge) degree.set(i, (degree.get(i) ?? 0) + 1);
    const kept = edges.filter((edge) => edge.every((i) => (degree.get(i) ?? 0) > 1));
    if (kept.length === edges.length) return edges.length === 0;
    edges = kept;
  }
}

const graphs = fc.tuple(fc.integer({ min: 1, max: 25 }), fc.integer({ min: 0, max: 50 }), fc.integer());

describe('partitions of a graph', () => {
  it('cover every node once; red-black blocks hold no edge, tree blocks no cycle', () => {
    fc.assert(
      fc.property(graphs, ([n, edges, seed]) => {
        const random = createRandom(seed);
        const graph = randomGraph(n, edges, random);
        const order = random.sample(n, n);
        const all = Array.from({ length: n }, (_, i) => i);
        const [colours, trees] = [redBlackPartition(graph, order), treePartition(graph, order)];
        for (const blocks of [colours, trees])
          expect(blocks.flatMap((block) => [...block]).sort((a, b) => a - b)).toEqual(all);
        for (const block of colours) expect(edgesInside(graph, block)).toEqual([]);
        for (const block of trees) expect(isForest(graph, block)).toBe(true);
        const forest = greedyForest(graph, order, n);
        expect(isForest(graph, forest)).toBe(true);
        // Maximal: any further node would close a cycle.
        for (const node of all.filter((i) => !forest.includes(i)))
          expect(isForest(graph, Int32Array.from([...forest, node]))).toBe(false);
        expect(greedyForest(graph, order, 3).length).toBe(Math.min(n, 3, forest.length));
      }),
    );
  });

  it.each([
    [1, 1],
    [1, 7],
    [7, 1],
    [4, 5],
    [5, 4],
    [8, 8],
  ])('of a %i x %i lattice: a checkerboard and combs', (rows, columns) => {
    const { problem } = latticeGraph(rows, columns);
    const graph = problem.A as CsrMatrix;
    const nodes = Array.from({ length: rows * columns }, (_, i) => i);
    for (const blocks of [latticeRedBlack({ rows, columns }), latticeCombs({ rows, columns })])
      expect(blocks.flatMap((block) => [...block]).sort((a, b) => a - b)).toEqual(nodes);
    for (const block of latticeRedBlack({ rows, columns })) expect(edgesInside(graph, block)).toEqual([]);
    for (const block of latticeCombs({ rows, columns })) expect(isForest(graph, block)).toBe(true);
  });
});

function latticeGraph(rows: number, columns: number): { problem: QuadraticObjective } {
  const [from, to]: [number[], number[]] = [[], []];
  for (let c = 0; c < columns; c++) {
    for (let r = 0; r < rows; r++) {
      const node = c * rows + r;
      from.push(node);
      to.push(node);
      for (const other of [r + 1 < rows ? node + 1 : -1, c + 1 < columns ? node + rows : -1]) {
        if (other < 0) continue;
        from.push(node, other);
        to.push(other, node);
      }
    }
  }
  const n = rows * columns;
  const values = Float64Array.from(from, (i, k) => (i === to[k] ? 5 : -1));
  return {
    problem: { kind: 'quadratic', A: csrFromTriplets(n, n, from, to, values), b: new Float64Array(n) },
  };
}

describe('message passing', () => {
  it('solves the block as a factorisation does', () => {
    fc.assert(
      fc.property(graphs, ([n, edges, seed]) => {
        const random = createRandom(seed);
        const graph = randomGraph(n, edges, random);
        const block = greedyForest(graph, random.sample(n, n), n);
        const rhs = Float64Array.from(block, () => random.normal());
        const dense = csrToDense(graph);
        const size = block.length;
        const data = new Float64Array(size * size);
        for (let a = 0; a < size; a++) {
          for (let b = 0; b < size; b++) data[a * size + b] = dense.data[block[a] * n + block[b]];
        }
        const expected = factorBlock({ rows: size, cols: size, data }).solve(rhs);
        const found = factorForest(graph, block).solve(rhs);
        for (let k = 0; k < size; k++) expect(found[k]).toBeCloseTo(expected[k], 9);
      }),
    );
  });

  it('refuses a cycle, names an edge of it, and falls back where that is asked for', async () => {
    // A triangle.
    const A = createCsr(
      3,
      3,
      Int32Array.of(0, 3, 6, 9),
      Int32Array.of(0, 1, 2, 0, 1, 2, 0, 1, 2),
      Float64Array.of(3, -1, -1, -1, 3, -1, -1, -1, 3),
    );
    const problem = { objective: { kind: 'quadratic', A, b: Float64Array.of(1, 2, 3) } } as const;
    const options = { selection: 'all', update: 'message-passing' } as const;
    await expect(fastBcd.create(options).solve(problem)).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringMatching(/closes a cycle/),
    });
    const { x, iterations } = await fastBcd.create({ ...options, fallback: 'exact' }).solve(problem);
    expect(iterations).toBe(1);
    // By hand: the sum is 6/1, and 4 x_i = b_i + sum.
    [7 / 4, 8 / 4, 9 / 4].forEach((v, i) => void expect(x[i]).toBeCloseTo(v, 12));
  });

  it('names the pivot of an indefinite matrix', () => {
    const A = createCsr(2, 2, Int32Array.of(0, 2, 4), Int32Array.of(0, 1, 0, 1), Float64Array.of(1, 2, 2, 1));
    expect(() => factorForest(A, Int32Array.of(0, 1))).toThrow(
      expect.objectContaining({ code: 'numerical' }),
    );
  });

  it('serves every factorisation of a larger block that is a forest, and no other', () => {
    const n = 60;
    const random = createRandom(4);
    const data = new Float64Array(n * n);
    for (let i = 0; i < n; i++) data[i * n + i] = 3;
    const join = (i: number, j: number, value: number) => {
      data[i * n + j] = value;
      data[j * n + i] = value;
    };
    for (let i = 1; i < n; i++) join(i, random.integer(i), 0.3); // a tree
    const right = Float64Array.from({ length: n }, () => random.normal());
    const residual = () => {
      const d = factorBlock({ rows: n, cols: n, data }).solve(right);
      return right.map((v, i) => v - d.reduce((sum, w, j) => sum + data[i * n + j] * w, 0));
    };
    expect(Math.max(...residual().map(Math.abs))).toBeLessThan(1e-12);
    const cyclic = data.findIndex((v, k) => v === 0 && k > n);
    join(Math.floor(cyclic / n), cyclic % n, 0.2); // a cycle
    expect(Math.max(...residual().map(Math.abs))).toBeLessThan(1e-12);
    // Singular: a tree of which one variable has no curvature, solved in the least-squares sense.
    data.fill(0);
    for (let i = 1; i < n; i++) data[i * n + i] = 2;
    const d = factorBlock({ rows: n, cols: n, data }).solve(right);
    expect(d[0]).toBe(0);
    expect(d[5]).toBeCloseTo(right[5] / 2, 12);
  });

  it('serves other losses whose bound is a forest', async () => {
    // Orthogonal columns: the bound is diagonal.
    const A = createCsr(
      4,
      2,
      Int32Array.of(0, 1, 2, 3, 4),
      Int32Array.of(0, 0, 1, 1),
      Float64Array.of(1, 2, 1, -1),
    );
    const problem = { objective: { kind: 'least-squares', A, y: Float64Array.of(1, 1, 2, 0) } } as const;
    const { x } = await fastBcd.create({ selection: 'all', update: 'message-passing' }).solve(problem);
    expect([...x]).toEqual([expect.closeTo(3 / 5, 12), expect.closeTo(1, 12)]);
  });
});

describe('label propagation', () => {
  const path = (n: number): CsrMatrix => {
    const [from, to]: [number[], number[]] = [[], []];
    for (let i = 0; i + 1 < n; i++) {
      from.push(i, i + 1);
      to.push(i + 1, i);
    }
    return csrFromTriplets(n, n, from, to, new Float64Array(from.length).fill(2));
  };

  it('interpolates linearly on a path between two labels', async () => {
    const { problem, unlabelled } = labelPropagation({
      weights: path(6),
      labelled: Int32Array.of(0, 5),
      labels: Float64Array.of(0, 10),
    });
    const { x, iterations } = await fastBcd.create().solve(problem);
    expect([...unlabelled]).toEqual([1, 2, 3, 4]);
    expect(iterations).toBe(1); // a path is one tree
    [2, 4, 6, 8].forEach((v, i) => void expect(x[i]).toBeCloseTo(v, 12));
  });

  it('refuses a component without a label, and names it', () => {
    const weights = csrFromTriplets(4, 4, [0, 1, 2, 3], [1, 0, 3, 2], Float64Array.of(1, 1, 1, 1));
    const graph = { weights, labelled: Int32Array.of(0), labels: Float64Array.of(1) };
    expect(() => labelPropagation(graph)).toThrow(/component of node 2 holds no label/);
  });

  it.each([
    ['a negative weight', { weights: csrFromTriplets(2, 2, [0, 1], [1, 0], Float64Array.of(-1, -1)) }],
    ['a label of no node', { labelled: Int32Array.of(7) }],
    ['the same node twice', { labelled: Int32Array.of(0, 0), labels: Float64Array.of(1, 2) }],
    ['a label that is not finite', { labels: Float64Array.of(Number.NaN) }],
    ['a lattice of another size', { lattice: { rows: 3, columns: 3 } }],
    ['labels everywhere', { labelled: Int32Array.of(0, 1), labels: Float64Array.of(1, 2) }],
  ])('refuses %s', (_name, change) => {
    const graph = { weights: path(2), labelled: Int32Array.of(0), labels: Float64Array.of(1), ...change };
    expect(() => labelPropagation(graph)).toThrow(expect.objectContaining({ code: 'invalid-problem' }));
  });

  const RULES = [
    'red-black',
    'tree-partitions',
    'gs-tree',
    'gsl-tree',
    'gsd-tree',
    'random-tree',
    'gs-exact-tree',
    'gsl-exact-tree',
  ] as const;
  it.each(RULES)('%s reaches the minimum of conjugate gradients, by either order', async (selection) => {
    for (const { problem } of [latticeData(7, 6, 6, 1), twoMoonsData(60, 6, 2)]) {
      const { value: minimum } = await conjugateGradient.create({ tolerance: 1e-13 }).solve(problem);
      for (const graphOrder of ['lipschitz', 'index'] as const) {
        const found = await fastBcd
          .create({ selection, graphOrder, maxIterations: 20_000, tolerance: 1e-8 })
          .solve({ ...problem, minimum });
        expect(found.reason).toBe('converged');
      }
    }
  });

  it('limits greedy forests, and refuses partitions beside rules that bring their blocks', async () => {
    const { problem } = latticeData(6, 6, 4, 1);
    expect(selectBlock(problem, { selection: 'gs-tree', maxBlockSize: 5 })).toHaveLength(5);
    const both = fastBcd.create({ selection: 'gs-tree', partition: 'order' });
    await expect(both.solve(problem)).rejects.toMatchObject({ code: 'invalid-options' });
  });
});
