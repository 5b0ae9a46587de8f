import { createRandom } from '@espalier/core';
import { createMatrix, csrFromDense } from '@espalier/linalg';
import { describe, expect, it } from 'vitest';
import { columnDesign } from '../src/column-design.js';
import { createDesign, type Design } from '../src/design.js';
import { rowDesign } from '../src/row-design.js';
import { randomMatrix, randomVector } from './fixture.js';

/** What the products are by definition. */
describe('a matrix by columns, by rows, sparse, and one that changes from rows to columns', () => {
  const random = createRandom(2);
  const A = randomMatrix(61, 83, random); // more than 4096 numbers, sides that are no multiples of 4
  for (let k = 0; k < A.data.length; k++) if (random.uniform() < 0.5) A.data[k] = 0;
  const entry = (i: number, j: number) => A.data[i * 83 + j];
  const designs: Readonly<Record<string, Design>> = {
    columns: columnDesign(A),
    rows: rowDesign(A),
    sparse: createDesign(csrFromDense(A)),
    automatic: createDesign(A),
  };
  const near = (found: ArrayLike<number>, expected: ArrayLike<number>) => {
    expect(found.length).toBe(expected.length);
    for (let k = 0; k < found.length; k++) expect(found[k]).toBeCloseTo(expected[k], 10);
  };

  it.each(Object.entries(designs))('%s', (_name, design) => {
    const r = randomVector(61, random);
    const sums = Float64Array.from({ length: 83 }, (_, j) =>
      r.reduce((sum, v, i) => sum + v * entry(i, j), 0),
    );
    // Often enough for the automatic one to change over in the middle.
    for (let pass = 0; pass < 30; pass++) {
      const out = new Float64Array(83).fill(7);
      design.timesTransposed(r, out);
      near(out, sums);
      const block = random.sample(83, 3 + (pass % 30));
      near(
        Float64Array.from(block, (j) => design.dotColumn(j, r)),
        Float64Array.from(block, (j) => sums[j]),
      );
      const step = randomVector(block.length, random);
      step[0] = 0;
      const [z, expected] = [r.slice(), r.slice()];
      design.addColumns(block, step, z);
      design.addColumn(5, 2, z);
      for (let i = 0; i < 61; i++) {
        expected[i] += 2 * entry(i, 5);
        block.forEach((j, k) => {
          expected[i] += step[k] * entry(i, j);
        });
      }
      near(z, expected);
      const other = random.sample(83, 1 + (pass % 9));
      const weights = pass % 3 === 0 ? undefined : pass % 3 === 1 ? r : r.map(Math.abs);
      for (const right of [block, other]) {
        const gram = design.gram(block, right, weights);
        const wanted = createMatrix(block.length, right.length);
        block.forEach((a, i) => {
          right.forEach((b, j) => {
            for (let k = 0; k < 61; k++)
              wanted.data[i * right.length + j] += (weights ? weights[k] : 1) * entry(k, a) * entry(k, b);
          });
        });
        near(gram.data, wanted.data);
      }
    }
    near(
      design.squaredNorms(),
      Float64Array.from({ length: 83 }, (_, j) => {
        let sum = 0;
        for (let i = 0; i < 61; i++) sum += entry(i, j) ** 2;
        return sum;
      }),
    );
  });
});
