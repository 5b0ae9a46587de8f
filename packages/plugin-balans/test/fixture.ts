import { createRandom, type RandomSource } from '@espalier/core';
import { assert, type SolverFixture } from '@espalier/testkit';
import {
  denseMip,
  type MipArrays,
  type MipSolution,
  type MixedIntegerProgram,
  multiKnapsack,
  objectiveOf,
  violation,
} from '../src/index.js';
import { createSparseRows } from '../src/sparse-rows.js';

/** A random program with `types`, small enough for brute force over its binaries; feasible at the lower bounds. */
export function randomMip(
  types: string,
  rows: number,
  sense: 'minimize' | 'maximize',
  random: RandomSource,
): MipArrays {
  const n = types.length;
  const A = Array.from({ length: rows }, () =>
    Array.from({ length: n }, () => (random.uniform() < 0.6 ? 1 + random.integer(9) : 0)),
  );
  const sign = sense === 'maximize' ? 1 : -1;
  return denseMip({
    sense,
    c: Array.from({ length: n }, () => sign * (1 + random.integer(20))),
    A,
    rowUpper: A.map((row) => Math.max(1, Math.floor(0.4 * row.reduce((s, v) => s + v, 0)))),
    upper: Array.from(types, (letter) => (letter === 'B' ? 1 : 4)),
    types,
  });
}

/** The optimum of a program whose variables are all integral, by trying everything. */
export function bruteForce(mip: MipArrays): number {
  const n = mip.c.length;
  const x = new Float64Array(n);
  let best = Number.NaN;
  const visit = (j: number): void => {
    if (j === n) {
      if (violation(mip, x) !== undefined) return;
      const value = objectiveOf(mip, x);
      const better = mip.sense === 'maximize' ? value > best : value < best;
      if (Number.isNaN(best) || better) best = value;
      return;
    }
    for (let value = mip.lower[j]!; value <= mip.upper[j]!; value++) {
      x[j] = value;
      visit(j + 1);
    }
    x[j] = mip.lower[j]!;
  };
  visit(0);
  return best;
}

const program = (arrays: MipArrays): MixedIntegerProgram => ({ source: { arrays } });
const small = (change: Partial<MipArrays>) =>
  program({ ...randomMip('BBBI', 2, 'minimize', createRandom(1)), ...change });

/** What every solver of the family must get right. */
export const mipFixture: SolverFixture<MixedIntegerProgram, MipSolution> = {
  problems: (random) => [
    program(randomMip('BBBBBB', 3, 'minimize', random)),
    program(randomMip('BBBBIICC', 3, 'maximize', random)),
    {
      source: {
        lp: 'Maximize\n obj: 3 x + 2 y\nSubject To\n c1: x + y <= 4\n c2: x + 3 y <= 6\nBounds\n x <= 3\nGenerals\n x y\nEnd\n',
      },
    },
  ],
  invalid: {
    'no variables': program(denseMip({ c: [], A: [] })),
    'a NaN cost': small({ c: Float64Array.of(1, Number.NaN, 1, 1) }),
    'an infinite coefficient': small({
      rows: { starts: Int32Array.of(0, 1, 1), indices: Int32Array.of(0), values: Float64Array.of(Infinity) },
    }),
    'crossed bounds': small({ lower: Float64Array.of(0, 2, 0, 0) }),
    'bounds of another length': small({ upper: Float64Array.of(1, 1) }),
    'an index outside': small({
      rows: { starts: Int32Array.of(0, 1, 1), indices: Int32Array.of(9), values: Float64Array.of(1) },
    }),
    'a column twice in a row': small({
      rows: {
        starts: Int32Array.of(0, 2, 2),
        indices: Int32Array.of(1, 1),
        values: Float64Array.of(1, 2),
      },
    }),
    'an infinite offset': small({ offset: Number.POSITIVE_INFINITY }),
    'no integer between the bounds': small({
      lower: Float64Array.of(0, 0, 0, 0.2),
      upper: Float64Array.of(1, 1, 1, 0.8),
    }),
    'an unknown sense': small({ sense: 'min' as never }),
    'a start of another length': { ...small({}), start: Float64Array.of(1) },
    'a start with half an integer': { ...small({}), start: Float64Array.of(0.5, 0, 0, 0) },
    'malformed LP text': { source: { lp: 'hello world, this is no program' } },
    'malformed MPS text': { source: { mps: 'hello world, this is no program' } },
    'no source': { source: {} as never },
  },
  verify({ source }, solution) {
    assert(solution.status === 'optimal' || solution.status === 'feasible', `status ${solution.status}`);
    if ('arrays' in source) {
      const wrong = violation(source.arrays, solution.x);
      assert(wrong === undefined, `not feasible: ${wrong}`);
      assert(
        Math.abs(objectiveOf(source.arrays, solution.x) - solution.objective) < 1e-6,
        'the objective is not that of x',
      );
      if (source.arrays.integer.every((flag) => flag === 1)) {
        const optimum = bruteForce(source.arrays);
        assert(Math.abs(solution.objective - optimum) < 1e-6, `${solution.objective}, not ${optimum}`);
      }
    } else assert(Math.abs(solution.objective - 11) < 1e-9, `objective ${solution.objective} instead of 11`);
  },
  feasible({ source }, { x, status }) {
    if (x.length === 0) assert(status === 'no solution', `no x, but status ${status}`);
    else if ('arrays' in source) assert(violation(source.arrays, x) === undefined, 'not feasible');
  },
  comparable: ({ x, objective, status }) => ({ x, objective, status }),
  long: program(multiKnapsack({ knapsacks: 5, items: 20, tightness: 0.5 }, 2)),
  relations: [
    {
      name: 'turning the order of rows around leaves the objective',
      transform: ({ source }) => {
        if (!('arrays' in source)) return { problem: { source }, check: () => {} };
        const { arrays } = source;
        const rows = createSparseRows();
        for (let i = arrays.rowLower.length - 1; i >= 0; i--) {
          const [from, to] = [arrays.rows.starts[i]!, arrays.rows.starts[i + 1]!];
          rows.add(
            [...arrays.rows.indices.subarray(from, to)],
            [...arrays.rows.values.subarray(from, to)],
            arrays.rowLower[i]!,
            arrays.rowUpper[i]!,
          );
        }
        return {
          problem: program({ ...arrays, ...rows.finish() }),
          check: (a, b) =>
            assert(Math.abs(a.objective - b.objective) < 1e-6, `${a.objective} and ${b.objective}`),
        };
      },
    },
    {
      name: 'turning the sense and the costs around leaves the solution value',
      transform: ({ source }) => {
        if (!('arrays' in source)) return { problem: { source }, check: () => {} };
        const { arrays } = source;
        const sense = arrays.sense === 'minimize' ? 'maximize' : 'minimize';
        return {
          problem: program({ ...arrays, sense, c: arrays.c.map((v) => -v), offset: -(arrays.offset ?? 0) }),
          check: (a, b) =>
            assert(Math.abs(a.objective + b.objective) < 1e-6, `${a.objective} and ${b.objective}`),
        };
      },
    },
  ],
};
