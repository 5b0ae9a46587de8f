import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { matrixCompletion, robustAltmin, type Triplets } from '../src/index.js';
import { problemOf } from './fixture.js';

const [json, csv] = matrixCompletion.formats;
const bytes = (text: string) => new TextEncoder().encode(text);
const readJson = async (value: unknown) =>
  json.read(bytes(typeof value === 'string' ? value : JSON.stringify(value)));
const readCsv = async (text: string) => csv.read(bytes(text));
const lists = ({ rowIndices, columnIndices, values }: Triplets) => [
  [...rowIndices],
  [...columnIndices],
  [...values],
];

describe('JSON problems', () => {
  it('hold triplets, weights in a fourth place, and every other field', async () => {
    const problem = await readJson({
      rows: 3,
      columns: 2,
      observed: [
        [0, 1, 2.5],
        [2, 0, -1, 4],
      ],
      validation: [[1, 1, 7]],
      rank: 1,
      initial: { u: [[1], [2], [3]], v: [[4], [5]] },
    });
    expect(problem).toMatchObject({ rows: 3, columns: 2, rank: 1 });
    expect(lists(problem.observed as Triplets)).toEqual([
      [0, 2],
      [1, 0],
      [2.5, -1],
    ]);
    expect([...problem.weights!]).toEqual([1, 4]);
    expect(lists(problem.validation!)).toEqual([[1], [1], [7]]);
    expect([[...problem.initial!.u], [...problem.initial!.v!]]).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it.each([
    ['no JSON', '{', /no JSON/],
    ['no entries field', { rows: 1, columns: 1 }, /observed/],
    ['a misspelt field', { rows: 1, columns: 1, observed: [[0, 0, 1]], Rank: 1 }, /Rank/],
    ['an entry of two numbers', { rows: 1, columns: 1, observed: [[0, 0]] }, /observed/],
    ['a fractional index', { rows: 1, columns: 1, observed: [[0.5, 0, 1]] }, /observed/],
  ])('with %s are refused', async (_name, value, message) => {
    await expect(readJson(value)).rejects.toMatchObject({
      code: 'invalid-data',
      message: expect.stringMatching(message),
    });
  });
});

describe('CSV problems', () => {
  it('are triplets a line; the sizes are those of the largest indices', async () => {
    const problem = await readCsv('user,item,rating\n0,2,5\r\n# a remark\n\n3,0,-1.5e2\n');
    expect([problem.rows, problem.columns, problem.weights]).toEqual([4, 3, undefined]);
    expect(lists(problem.observed as Triplets)).toEqual([
      [0, 3],
      [2, 0],
      [5, -150],
    ]);
  });

  it('may have weights, other separators, and be packed by gzip', async () => {
    const text = '0;1;5\n1\t0\t6\t2\n';
    for (const content of [bytes(text), gzipSync(text)]) {
      const problem = await csv.read(content);
      expect([...problem.weights!]).toEqual([1, 2]);
    }
    await expect((async () => csv.read(gzipSync(text).subarray(0, 25)))()).rejects.toMatchObject({
      code: 'invalid-data',
    });
  });

  it('of many lines are read whole', async () => {
    const text = Array.from({ length: 5_000 }, (_, e) => `${e % 70},${e % 71},${e}`).join('\n');
    const { rows, columns, observed } = await readCsv(text);
    expect([rows, columns, observed.values.length, observed.values[4_999]]).toEqual([70, 71, 5_000, 4_999]);
  });

  it.each([
    ['0,1\n', /Line 1 has 2 columns/],
    ['0,1,2\n0,x,3\n', /Line 2, column 2/],
    ['0,1,\n', /Line 1, column 3/],
    ['-1,0,3\n', /index -1/],
    ['0,1.5,3\n', /index 1.5/],
    ['0,0,1,1,1\n', /5 columns/],
  ])('with a wrong line are refused: %j', async (text, message) => {
    await expect(readCsv(text)).rejects.toMatchObject({
      code: 'invalid-data',
      message: expect.stringMatching(message),
    });
  });
});

describe('solutions', () => {
  it('survive JSON', async () => {
    const { rank: _rank, ...problem } = problemOf({ noise: 0.1 });
    const solution = await robustAltmin
      .create({ centring: 'biases' })
      .solve({ ...problem, validation: problem.observed as Triplets });
    const written = matrixCompletion.solutionToJson(solution) as { u: number[][]; rankTrials: unknown[] };
    expect(JSON.parse(JSON.stringify(written))).toEqual(written);
    expect(written.u).toHaveLength(30);
    expect(written.u.flat()).toEqual([...solution.u.data]);
    expect(written.rankTrials.length).toBeGreaterThan(1);
  });
});
