import type { CsrMatrix } from '@espalier/linalg';
import { describe, expect, it } from 'vitest';
import {
  type CompositeProblem,
  compositeMinimization,
  fastBcd,
  type LogisticObjective,
  type QuadraticObjective,
  readLibsvm,
  type SoftmaxObjective,
} from '../src/index.js';
import { randomLeastSquares } from './fixture.js';

const [json, libsvm] = compositeMinimization.formats;
const bytes = (text: string) => new TextEncoder().encode(text);
const readJson = async (value: unknown): Promise<CompositeProblem> =>
  json.read(bytes(typeof value === 'string' ? value : JSON.stringify(value)));

describe('LIBSVM files', () => {
  it('hold a target and ascending features a line, comments and empty lines skipped', () => {
    const { A, targets } = readLibsvm(bytes('# data\n+1 1:0.5 3:-2e1 # one\n\n-1 qid:4 2:1\r\n1\n'));
    expect([...targets]).toEqual([1, -1, 1]);
    expect([A.rows, A.cols]).toEqual([3, 3]);
    expect([...A.rowPointers]).toEqual([0, 2, 3, 3]);
    expect([...A.columnIndices]).toEqual([0, 2, 1]);
    expect([...A.values]).toEqual([0.5, -20, 1]);
    expect(readLibsvm(bytes('1 1:1\n'), 7).A.cols).toBe(7);
  });

  it.each([
    ['1 1:1 x\n', /Line 1: 'x'/],
    ['1 1:1\n1 0:2\n', /Line 2: '0:2'/],
    ['1 2:1 2:3\n', /index above 2/],
    ['a 1:1\n', /target is 'a'/],
    ['1 1:\n', /feature 1 is ''/],
    ['1 1:nan\n', /'nan'/],
    ['\n', /no example/],
  ])('are refused with the line: %j', (text, message) => {
    expect(() => readLibsvm(bytes(text))).toThrow(
      expect.objectContaining({ code: 'invalid-data', message: expect.stringMatching(message) }),
    );
  });

  it('with more features than expected are refused', () => {
    expect(() => readLibsvm(bytes('1 5:1\n'), 3)).toThrow(/Feature 5/);
  });

  it('become logistic regression, softmax or least squares by their labels, at 0.1 of the weight that gives 0', async () => {
    const two = await libsvm.read(bytes('3 1:1\n0 2:1\n'));
    expect(two.objective.kind).toBe('logistic');
    expect([...(two.objective as LogisticObjective).y]).toEqual([1, -1]);
    // The gradient at 0 is -0.5 in the first and 0.5 in the second feature.
    expect(two.regularizer).toEqual({ kind: 'l1', weight: 0.05 });
    const three = await libsvm.read(bytes('3 1:1\n0 2:1\n7 1:2\n'));
    expect([...(three.objective as SoftmaxObjective).labels]).toEqual([1, 0, 2]);
    expect((await libsvm.read(bytes('3.5 1:1\n0 2:1\n7 1:2\n'))).objective.kind).toBe('least-squares');
    expect((await fastBcd.create().solve(two)).converged).toBe(true);
  });
});

describe('JSON problems', () => {
  it('hold every objective and regularizer', async () => {
    const A = [
      [2, 0],
      [0, 3],
    ];
    const dense = await readJson({
      objective: { kind: 'least-squares', A, y: [1, 2] },
      l2: 0.5,
      x0: [1, 1],
      minimum: 0,
    });
    expect(dense).toMatchObject({ l2: 0.5, minimum: 0 });
    expect([...(dense.x0 ?? [])]).toEqual([1, 1]);
    const sparse = {
      rows: 2,
      columns: 2,
      entries: [
        [0, 0, 2],
        [1, 1, 3],
      ],
    };
    const quadratic = await readJson({
      objective: { kind: 'quadratic', A: sparse, b: [1, 1], lattice: { rows: 1, columns: 3, nodes: [0, 2] } },
      regularizer: { kind: 'box', lower: [0, null], upper: null },
    });
    const { A: matrix, lattice } = quadratic.objective as QuadraticObjective;
    expect([...(matrix as CsrMatrix).values]).toEqual([2, 3]);
    expect([...(lattice?.nodes ?? [])]).toEqual([0, 2]);
    expect(quadratic.regularizer).toEqual({
      kind: 'box',
      lower: Float64Array.of(0, Number.NEGATIVE_INFINITY),
      upper: Number.POSITIVE_INFINITY,
    });
    const softmax = await readJson({
      objective: { kind: 'softmax', A, labels: [0, 1], classes: 2 },
      regularizer: { kind: 'l1', weight: 0.1 },
    });
    expect((await fastBcd.create().solve(softmax)).converged).toBe(true);
    for (const regularizer of [
      { kind: 'none' },
      { kind: 'non-negative', weight: 1 },
      { kind: 'simplex', total: 3 },
    ]) {
      const problem = await readJson({ objective: { kind: 'logistic', A, y: [1, -1] }, regularizer });
      expect(problem.regularizer).toEqual(regularizer);
    }
  });

  it.each([
    ['no JSON', '{', /no JSON/],
    ['no objective', {}, /objective/],
    ['a misspelt field', { objective: { kind: 'logistic', A: [[1]], y: [1] }, L2: 1 }, /L2/],
    [
      'rows of different lengths',
      { objective: { kind: 'logistic', A: [[1, 2], [1]], y: [1, 1] } },
      /one length/,
    ],
    [
      'an entry outside of the matrix',
      { objective: { kind: 'logistic', A: { rows: 1, columns: 1, entries: [[0, 5, 1]] }, y: [1] } },
      /column 5/,
    ],
  ])('with %s are refused', async (_name, problem, message) => {
    await expect(readJson(problem)).rejects.toMatchObject({
      code: 'invalid-data',
      message: expect.stringMatching(message),
    });
  });
});

describe('solutions', () => {
  it('survive JSON, with at most about a hundred points of a long history, the last among them', async () => {
    const solver = fastBcd.create({ selection: 'cyclic', update: 'gradient', blockSize: 1 });
    const solution = await solver.solve(randomLeastSquares(40, 30, 2));
    expect(solution.history.length).toBeGreaterThan(300);
    const written = compositeMinimization.solutionToJson(solution) as { history: unknown[]; x: number[] };
    expect(JSON.parse(JSON.stringify(written))).toEqual(written);
    expect(written.history.length).toBeLessThanOrEqual(101);
    expect(written.history.at(-1)).toEqual(solution.history.at(-1));
    expect(written.x).toEqual([...solution.x]);
  });
});
