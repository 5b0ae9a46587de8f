import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packBitmask, packNibbles, unpackBitmask, unpackNibbles } from '../src/index.js';
import { supportsOf } from '../src/supports.js';

test('nibbles and bits come back, whatever the zeros', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.integer({ min: 0, max: 5 }),
          fc.double({ min: -1, max: 1, noNaN: true }),
          fc.double({ min: -1, max: 1, noNaN: true }),
        ),
        { minLength: 6, maxLength: 6 },
      ),
      (groups) => {
        const core = new Float64Array(24);
        groups.forEach(([support, x, y], g) => {
          const [first, second] = supportsOf(2, 4)[support];
          core[4 * g + first] = x || 0;
          core[4 * g + second] = y || 0;
        });
        const packed = packNibbles(core, 24);
        expect(unpackNibbles(packed, 24)).toEqual(core);
        expect(unpackBitmask(packed.values, packBitmask(core, 24), 24)).toEqual(core);
        // Rows of 12: a byte holds the end of a row and no start of the next.
        const rows = packNibbles(core, 12);
        expect(unpackNibbles(rows, 12)).toEqual(core);
        expect(unpackBitmask(rows.values, packBitmask(core, 12), 12)).toEqual(core);
      },
    ),
  );
  expect(() => packNibbles(Float64Array.of(1, 2, 3, 0), 4)).toThrow(/3 elements/);
});

test('groups that straddle rows, and lengths that are no rows, are refused by both layouts and their inverses', () => {
  const straddling = [1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0];
  const values = new Float64Array(4);
  for (const work of [
    () => packBitmask(straddling, 6),
    () => packNibbles(straddling, 6),
    () => unpackNibbles({ values, meta: new Uint32Array(1) }, 6),
    () => unpackBitmask(values, new Uint8Array(1), 6),
    () => packBitmask([], 0),
  ])
    expect(work).toThrow(/columns in fours; given [06]/);
  for (const work of [
    () => packBitmask([1, 0, 0, 0, 0], 4),
    () => packNibbles([1, 0, 0, 0, 1], 4),
    () => unpackNibbles({ values: new Float64Array(3), meta: new Uint32Array(1) }, 4),
  ])
    expect(work).toThrow(/Rows of 4 columns .* given [56] elements/);
  expect(() => unpackNibbles({ values, meta: new Uint32Array(3) }, 8)).toThrow(/1 words .* given 3/);
  expect(() => unpackBitmask(values, new Uint8Array(3), 8)).toThrow(/1 bytes .* given 3/);
  expect(() => unpackBitmask(values, Uint8Array.of(0b0001_0111), 8)).toThrow(/columns 0 to 3: 3 bits/);
});
