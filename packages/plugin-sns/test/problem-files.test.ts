import { describe, expect, it } from 'vitest';
import {
  type CostMatrix,
  optimalTransport,
  type PointCost,
  sinkhorn,
  sinkhornNewtonSparse,
} from '../src/index.js';
import { randomProblem } from './fixture.js';

const [json, csv] = optimalTransport.formats;
const readJson = (value: unknown) =>
  json!.read(new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)));
const readCsv = (text: string) => csv!.read(new TextEncoder().encode(text));

describe('JSON problems', () => {
  it('hold a matrix, where null forbids a pair', async () => {
    const problem = await readJson({
      cost: {
        matrix: [
          [1, null],
          [2, 3],
        ],
      },
      a: [0.5, 0.5],
      b: [0.25, 0.75],
      eta: 4,
    });
    const { matrix, rows, columns } = problem.cost as CostMatrix;
    expect([...matrix]).toEqual([1, Number.POSITIVE_INFINITY, 2, 3]);
    expect([rows, columns, problem.eta, ...problem.a!, ...problem.b!]).toEqual([
      2, 2, 4, 0.5, 0.5, 0.25, 0.75,
    ]);
  });

  it('or point clouds with a metric, and every other field of a problem', async () => {
    const problem = await readJson({
      cost: {
        x: [
          [0, 1],
          [2, 3],
        ],
        y: [[4, 5]],
        metric: 'cityblock',
      },
      epsilon: 0.5,
      tau: 2,
      scaleCost: 'max',
      initial: { f: [0, 1], g: [2] },
      mode: 'potentials',
      planFormat: 'sparse',
    });
    const { x, y, dimension, metric } = problem.cost as PointCost;
    expect([[...x], [...y], dimension, metric]).toEqual([[0, 1, 2, 3], [4, 5], 2, 'cityblock']);
    expect(problem).toMatchObject({
      epsilon: 0.5,
      tau: 2,
      scaleCost: 'max',
      mode: 'potentials',
      planFormat: 'sparse',
    });
    expect([...problem.initial!.f, ...problem.initial!.g]).toEqual([0, 1, 2]);
    expect('a' in problem).toBe(false);
  });

  it.each([
    ['no JSON', '{', /no JSON/],
    ['no cost', { eta: 1 }, /cost/],
    ['a misspelt field', { cost: { matrix: [[1]] }, eta: 1, Tau: 3 }, /Tau/],
    ['text for a number', { cost: { matrix: [['1']] }, eta: 1 }, /cost/],
    ['rows of different lengths', { cost: { matrix: [[1, 2], [3]] }, eta: 1 }, /Row 1 has 1 entries/],
    ['points of different dimensions', { cost: { x: [[1, 2]], y: [[3]] }, eta: 1 }, /dimension/],
    ['an unknown metric', { cost: { x: [[1]], y: [[3]], metric: 'taxi' }, eta: 1 }, /cost/],
  ])('with %s are refused', async (_name, problem, message) => {
    await expect((async () => readJson(problem))()).rejects.toMatchObject({
      code: 'invalid-data',
      message: expect.stringMatching(message),
    });
  });
});

describe('CSV problems', () => {
  it('are a cost matrix with a regularisation of 0.01 of its largest entry', async () => {
    const problem = await readCsv('1,2\r\n-4;Infinity\n');
    expect([...(problem.cost as CostMatrix).matrix]).toEqual([1, 2, -4, Number.POSITIVE_INFINITY]);
    expect(problem.epsilon).toBeCloseTo(0.04, 15);
  });

  it('are refused with the place of what is no number', async () => {
    await expect((async () => readCsv('1,2\n3,x\n'))()).rejects.toMatchObject({
      code: 'invalid-data',
      message: expect.stringContaining('Line 2, column 2'),
    });
    await expect((async () => readCsv('1,2\n3,\n'))()).rejects.toMatchObject({ code: 'invalid-data' });
  });
});

describe('solutions', () => {
  it.each(['dense', 'sparse'] as const)('survive JSON with a %s plan', async (planFormat) => {
    const problem = { ...randomProblem(3, 4, 60, 1), planFormat };
    const solution = await sinkhornNewtonSparse.create().solve(problem);
    const written = optimalTransport.solutionToJson(solution);
    expect(JSON.parse(JSON.stringify(written))).toEqual(written);
    expect(written).toMatchObject({ converged: true, cost: solution.cost, f: [...solution.f] });
    const { plan } = written as { plan: number[][] | { rows: number; columns: number; entries: number[][] } };
    if (Array.isArray(plan)) expect(plan.map((row) => row.length)).toEqual([4, 4, 4]);
    else {
      expect([plan.rows, plan.columns]).toEqual([3, 4]);
      expect(plan.entries.reduce((sum, [, , mass]) => sum + mass!, 0)).toBeCloseTo(1, 9);
    }
  });

  it('keep at most about a hundred points of a long history, the last among them', async () => {
    const solution = await sinkhorn.create().solve(randomProblem(6, 6, 1000, 2));
    expect(solution.history.length).toBeGreaterThan(300);
    const { history } = optimalTransport.solutionToJson(solution) as { history: { iteration: number }[] };
    expect(history.length).toBeLessThanOrEqual(101);
    expect(history.at(-1)).toEqual({ iteration: solution.history.length, ...solution.history.at(-1) });
  });
});
