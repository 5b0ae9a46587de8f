import { readFile } from 'node:fs/promises';
import { csrFromTriplets } from '@espalier/linalg';
import { describe, expect, it } from 'vitest';
import { traceRun } from '../src/golden-trace.js';
import { variableRule } from '../src/variable-selection.js';

const file = JSON.parse(await readFile(new URL('golden/nonnegative-run.json', import.meta.url), 'utf8')) as {
  rows: number;
  columns: number;
  triplets: [number, number, number][];
  y: number[];
  l1: number;
  cases: { blockSize: number; update: string; blocks: number[][]; values: number[]; support: number[] }[];
};
const problem = {
  objective: {
    kind: 'least-squares',
    A: csrFromTriplets(
      file.rows,
      file.columns,
      file.triplets.map(([row]) => row),
      file.triplets.map(([, column]) => column),
      Float64Array.from(file.triplets, ([, , value]) => value),
    ),
    y: Float64Array.from(file.y),
  },
  regularizer: { kind: 'non-negative', weight: file.l1 },
} as const;

// Zero scores fill these blocks beyond those that the file lists. With TMP and PN the fill does not matter here: the whole course agrees.
describe('two-metric projection and projected Newton follow the reference to the end', () => {
  it.each(file.cases.filter(({ update }) => update !== 'PG'))(
    'blocks of $blockSize, $update',
    async ({ blockSize, update, blocks, values, support }) => {
      const rule = variableRule('gsq-prox', blockSize, 'sweep', file.columns, false);
      const name = update === 'TMP' ? 'two-metric' : 'projected-newton';
      const trace = await traceRun(problem, rule, 'gsq-prox', blocks, values.length - 1, name);
      trace.values.forEach(
        (value, k) => void expect(Math.abs(value - values[k])).toBeLessThan(1e-6 * values[0]),
      );
      expect([...trace.support]).toEqual(support);
    },
  );
});
