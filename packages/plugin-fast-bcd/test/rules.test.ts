import { createRandom } from '@espalier/core';
import { createMatrix } from '@espalier/linalg';
import { describe, expect, it } from 'vitest';
import { createDesign } from '../src/design.js';
import { cachedGram } from '../src/gram-cache.js';
import {
  type CompositeProblem,
  fastBcd,
  fixedPartition,
  lossConstants,
  type SelectionState,
  selectBlock,
} from '../src/index.js';
import { largestEigenvalue, largestEigenvalueOf } from '../src/largest-eigenvalue.js';
import { lineSearch } from '../src/line-search.js';
import { prepareProblem } from '../src/prepare.js';
import { variableRule } from '../src/variable-selection.js';
import {
  numericalGradient,
  randomLeastSquares,
  randomLogistic,
  randomMatrix,
  randomSoftmax,
  randomVector,
} from './fixture.js';

/** Four orthogonal columns of lengths 1, 2, 4, 3; gradient at 0 is -(1, 6, 4, 3). */
const orthogonal: CompositeProblem = {
  objective: {
    kind: 'least-squares',
    A: createMatrix(4, 4, Float64Array.of(1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 4, 0, 0, 0, 0, 3)),
    y: Float64Array.of(1, 3, 1, 1),
  },
};

describe('partitions by hand', () => {
  const { model } = prepareProblem(orthogonal); // L = 1, 4, 16, 9
  const blocks = (name: Parameters<typeof fixedPartition>[0], size: number) =>
    fixedPartition(name, model, size, createRandom(1)).map((block) => [...block]);

  it('cut the order of the indices, of L_i, and of the smallest and largest in turn; the last block may be shorter', () => {
    expect(blocks('order', 3)).toEqual([[0, 1, 2], [3]]);
    expect(blocks('sort', 2)).toEqual([
      [0, 1],
      [3, 2],
    ]);
    expect(blocks('avg', 2)).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(blocks('hsort', 2)).toEqual([
      [0, 1],
      [3, 2],
    ]); // orthogonal: the row sums are L_i
    expect(blocks('havg', 4)).toEqual([[0, 2, 1, 3]]);
    expect(blocks('random', 1).flat().sort()).toEqual([0, 1, 2, 3]);
  });

  it('put the middle one last where the number is odd', () => {
    const three = prepareProblem(randomLeastSquares(5, 3, 1)).model;
    const order = fixedPartition('sort', three, 3, createRandom(1))[0];
    expect([...fixedPartition('avg', three, 3, createRandom(1))[0]]).toEqual([order[0], order[2], order[1]]);
  });
});

describe('selections by hand', () => {
  const block = (options: Parameters<typeof selectBlock>[1]) => [...selectBlock(orthogonal, options)];

  it('GS takes the largest gradients, GSD divides by sqrt(L_i)', () => {
    expect(block({ selection: 'gs', blockSize: 2 })).toEqual([1, 2]); // 6, 4
    expect(block({ selection: 'gsd', blockSize: 2 })).toEqual([0, 1]); // 1, 3, 1, 1: the lower index among equals
    expect(block({ selection: 'gsl', blockSize: 1 })).toEqual([1]);
    expect(block({ selection: 'gsd-hb', blockSize: 1 })).toEqual([1]);
    expect(block({ selection: 'gsq', blockSize: 1 })).toEqual([1]);
    expect(block({ selection: 'gsq-prox', blockSize: 1 })).toEqual([1]);
    expect(block({ selection: 'all' })).toEqual([0, 1, 2, 3]);
  });

  it('fixed blocks are scored by norms of 2 or 1', () => {
    const partition = [
      [0, 1],
      [2, 3],
    ]; // squares 37 and 25, absolute values 7 and 7
    expect(block({ partition, selection: 'gs' })).toEqual([0, 1]);
    expect(block({ partition, selection: 'gs', blockNorm: 1 })).toEqual([0, 1]);
    const other = [[0, 2, 3], [1]]; // squares 26 and 36, absolute values 8 and 6
    expect(block({ partition: other, selection: 'gs' })).toEqual([1]);
    expect(block({ partition: other, selection: 'gs', blockNorm: 1 })).toEqual([0, 2, 3]);
    expect(block({ partition: other, selection: 'gsl' })).toEqual([1]); // 26/16 and 36/4
    expect(block({ partition: other, selection: 'gsq' })).toEqual([1]); // 1 + 1 + 1 and 9
  });

  it('an empty column is never selected for its score', () => {
    const A = createMatrix(2, 3, Float64Array.of(1, 0, 0, 0, 0, 1));
    const problem: CompositeProblem = { objective: { kind: 'least-squares', A, y: Float64Array.of(1, 2) } };
    for (const selection of ['gs', 'gsd', 'gsq', 'gsq-prox', 'lipschitz'] as const)
      expect([...selectBlock(problem, { selection, blockSize: 2 })]).toEqual([0, 2]);
  });

  it('cyclic covers everything once a sweep; redrawn after n iterations it leaves nothing out either', () => {
    for (const redraw of ['sweep', 'n-iterations'] as const) {
      const { model } = prepareProblem(randomLeastSquares(9, 7, 1));
      const rule = variableRule('cyclic', 3, redraw, 7, false);
      const random = createRandom(3);
      const seen: number[] = [];
      for (let iteration = 0; iteration < 3; iteration++)
        seen.push(...rule({ iteration, model, random } as unknown as SelectionState).block);
      expect(seen.sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    }
  });

  it('Lipschitz sampling prefers large constants, random sampling does not', () => {
    const count = (selection: 'lipschitz' | 'random') => {
      let hits = 0;
      const { model } = prepareProblem(orthogonal);
      const rule = variableRule(selection, 1, 'sweep', 4, false);
      const random = createRandom(1);
      for (let draw = 0; draw < 2000; draw++)
        if (rule({ model, random } as unknown as SelectionState).block[0] === 2) hits++;
      return hits / 2000;
    };
    expect(count('lipschitz')).toBeCloseTo(16 / 30, 1);
    expect(count('random')).toBeCloseTo(1 / 4, 1);
  });

  it('a function of the state can choose', async () => {
    const visited: number[] = [];
    const selection = ({ iteration, model }: SelectionState) => {
      visited.push(model.gradient().length);
      return Int32Array.of(iteration % 4);
    };
    const { x, converged } = await fastBcd.create({ selection, update: 'exact' }).solve(orthogonal);
    expect(converged).toBe(true);
    expect([...x]).toEqual([1, 1.5, 0.25, 1 / 3].map((v) => expect.closeTo(v, 12)));
    expect(visited).toEqual([4, 4, 4, 4]);
    for (const bad of [Int32Array.of(4), Int32Array.of(0, 0), new Int32Array(0), [0] as never])
      await expect(fastBcd.create({ selection: () => bad }).solve(orthogonal)).rejects.toMatchObject({
        code: 'invalid-options',
      });
  });
});

describe('combinations that do not exist are refused with what to do', () => {
  it.each([
    [{ selection: 'iht', partition: 'order' }, 'unsupported'],
    [{ selection: 'working-set', partition: 'order' }, 'unsupported'],
    [{ selection: 'gs-tree' }, 'unsupported'],
    [{ blockSize: 5, selection: 'gs' }, 'invalid-options'],
    [
      {
        partition: [
          [0, 1],
          [1, 2, 3],
        ],
      },
      'invalid-options',
    ],
    [{ partition: [[0, 1], [3]] }, 'invalid-options'],
    [{ partition: [[0, 1, 2, 3, 4]] }, 'invalid-options'],
  ] as const)('%j', async (options, code) => {
    const solver = fastBcd.create(options as Parameters<typeof fastBcd.create>[0]);
    await expect(solver.solve(orthogonal)).rejects.toMatchObject({ code });
  });

  it('exact minimisation of a loss that is not quadratic; message passing with a regularizer; IHT with one', async () => {
    for (const options of [{ update: 'exact' }, { update: 'message-passing' }, { selection: 'iht' }] as const)
      await expect(
        fastBcd.create({ blockSize: 2, ...options }).solve(randomLogistic(9, 4, 1)),
      ).rejects.toMatchObject({
        code: 'unsupported',
      });
  });

  it('scores of single variables on a simplex, and blocks of one', async () => {
    const problem: CompositeProblem = { ...orthogonal, regularizer: { kind: 'simplex' } };
    await expect(fastBcd.create({ selection: 'gsd' }).solve(problem)).rejects.toMatchObject({
      code: 'unsupported',
    });
    await expect(fastBcd.create({ selection: 'random', blockSize: 1 }).solve(problem)).rejects.toMatchObject({
      code: 'invalid-options',
    });
    await expect(
      fastBcd.create({ selection: 'gs', partition: 'order', blockSize: 2 }).solve(problem),
    ).rejects.toMatchObject({ code: 'unsupported' });
  });
});

describe('the losses', () => {
  it.each([
    ['least squares', randomLeastSquares(9, 5, 1)],
    ['logistic', randomLogistic(9, 5, 2, { kind: 'none' })],
    ['softmax', randomSoftmax(9, 4, 3, 3)],
  ])('%s: the gradient is that of the value, the bound is above the Hessian', (_name, problem) => {
    const { model } = prepareProblem(problem);
    const x = randomVector(model.n, createRandom(5)).map((v) => 0.3 * v);
    const block = Int32Array.of(0, 2, 4);
    const found = lossConstants({ ...problem, x0: x }, block);
    const expected = numericalGradient(problem, x);
    found.gradient.forEach((g, i) => void expect(g).toBeCloseTo(expected[i], 4));
    const data = found.hessianBound.data.map((v, k) => v - found.hessian.data[k]);
    // The difference has no negative eigenvalue: shifted by 1 its largest is that of a positive semidefinite matrix.
    const shift = 10 * found.blockLipschitz;
    const negated = data.map((v, k) => (k % 4 === 0 ? shift : 0) - v);
    expect(largestEigenvalue({ rows: 3, cols: 3, data: negated })).toBeLessThanOrEqual(shift + 1e-9);
    for (const i of block) expect(found.lipschitz[i]).toBeGreaterThan(0);
  });

  it('the whole bound applied is the bound as a matrix', () => {
    for (const problem of [randomLeastSquares(9, 5, 1), randomLogistic(9, 5, 2), randomSoftmax(9, 4, 3, 3)]) {
      const { model } = prepareProblem(problem);
      const all = Int32Array.from({ length: model.n }, (_, i) => i);
      const { data } = model.hessianBound(all);
      const d = randomVector(model.n, createRandom(6));
      const out = new Float64Array(model.n);
      model.applyBound(d, out);
      const sums = model.boundRowSums();
      for (let i = 0; i < model.n; i++) {
        const row = data.subarray(i * model.n, (i + 1) * model.n);
        expect(out[i]).toBeCloseTo(
          row.reduce((sum, v, j) => sum + v * d[j], 0),
          9,
        );
        expect(sums[i]).toBeCloseTo(
          row.reduce((sum, v) => sum + Math.abs(v), 0),
          9,
        );
      }
    }
  });

  it('logistic values and gradients survive margins of 1e4', () => {
    const problem: CompositeProblem = {
      objective: {
        kind: 'logistic',
        A: createMatrix(2, 1, Float64Array.of(1e4, -1e4)),
        y: Float64Array.of(1, 1),
      },
      x0: Float64Array.of(1),
    };
    const { value, gradient } = lossConstants(problem, Int32Array.of(0));
    expect(value).toBe(1e4);
    expect(gradient[0]).toBe(1e4);
  });
});

describe('numerical parts', () => {
  it('the largest eigenvalue agrees between closed form, decomposition and Lanczos', () => {
    for (const n of [1, 2, 3, 20, 60, 120]) {
      const random = createRandom(n);
      const B = randomMatrix(n, n, random);
      const H = createMatrix(n, n);
      for (let i = 0; i < n; i++) {
        for (let j = 0; j < n; j++) {
          for (let k = 0; k < n; k++) H.data[i * n + j] += B.data[i * n + k] * B.data[j * n + k];
        }
      }
      const lanczos = largestEigenvalueOf(n, (d, out) => {
        for (let i = 0; i < n; i++) out[i] = d.reduce((sum, v, j) => sum + H.data[i * n + j] * v, 0);
      });
      expect(Math.abs(largestEigenvalue(H) / lanczos - 1)).toBeLessThan(1e-9);
    }
  });

  it('the line search finds the minimum of a parabola in two trials, and gives up on what only rises', () => {
    const trials: number[] = [];
    // f = (alpha - 0.3)^2, slope -0.6 at 0.
    const alpha = lineSearch(
      (at) => {
        trials.push(at);
        return at === 1 ? 0.49 : (at - 0.3) ** 2;
      },
      0.09,
      -0.6,
    );
    expect(alpha).toBeCloseTo(0.3, 12);
    expect(trials).toHaveLength(2);
    expect(lineSearch((at) => 2 + at, 1, -1)).toBeUndefined();
    expect(lineSearch((at) => (at > 0.2 ? Number.NaN : -at), 0, -1)).toBeLessThan(0.2);
  });
});

describe('the products of columns that are kept', () => {
  it('are those computed anew, however blocks grow, shrink and change', () => {
    const random = createRandom(4);
    const A = randomMatrix(12, 90, random);
    const design = createDesign(A);
    const gram = cachedGram(design);
    let size = 16;
    for (let step = 0; step < 40; step++) {
      size = Math.max(4, Math.min(80, size + random.integer(21) - 8));
      // Mostly the first columns, as a working set would have it, now and then any.
      const pool = step % 7 === 6 ? 90 : Math.min(90, size + 5);
      const block = random.sample(pool, Math.min(pool, size)).sort();
      const expected = design.gram(block, block);
      const found = gram(block);
      const distance = found.data.reduce((most, v, k) => Math.max(most, Math.abs(v - expected.data[k])), 0);
      expect(found.data).toHaveLength(block.length ** 2);
      expect(distance).toBeLessThan(1e-10);
    }
  });
});
