import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { exp, log } from '../src/index.js';
import { places } from './places.js';
import { randomVector } from './random.js';

const bits = new DataView(new ArrayBuffer(8));
/** Position of a number in the order of all doubles. */
function rank(x: number): bigint {
  bits.setFloat64(0, x);
  const pattern = bits.getBigInt64(0);
  return pattern < 0n ? -(pattern & 0x7fffffffffffffffn) : pattern;
}
const ulps = (a: number, b: number): number => (Object.is(a, b) ? 0 : Math.abs(Number(rank(a) - rank(b))));

/** exp and log of a double to about 32 digits by series in integer arithmetic would be needed to see half an ulp; V8's
 * own functions (fdlibm) are within 1 ulp, so agreement within 2 bounds the error. */
const ALLOWED_ULPS = 2;
const SMALLEST = 2 ** -1021.5;

describe.each(places)('exp and log, $name', (place) => {
  test('exp agrees with Math.exp within 2 ulp over its whole range', () => {
    const x = place.vector(randomVector(1, 200_003, -708, 709.78));
    const y = exp(x);
    let worst = 0;
    for (let i = 0; i < x.length; i++) worst = Math.max(worst, ulps(y[i], Math.exp(x[i])));
    expect(worst).toBeLessThanOrEqual(ALLOWED_ULPS);
  });

  test('exp near 0 keeps every digit', () => {
    const x = place.vector(randomVector(2, 20_001, -1e-3, 1e-3));
    const y = exp(x);
    for (let i = 0; i < x.length; i++) expect(ulps(y[i], Math.exp(x[i]))).toBeLessThanOrEqual(1);
  });

  test('exp of any double: right to 2 ulp, flushed to 0 below 2^-1021.5', () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { minLength: 1, maxLength: 40 }), (values) => {
        const y = exp(place.vector(values));
        values.forEach((x, i) => {
          const expected = Math.exp(x);
          if (expected < SMALLEST * 1.0001) expect(y[i]).toBeLessThan(SMALLEST * 1.0001);
          else expect(ulps(y[i], expected)).toBeLessThanOrEqual(ALLOWED_ULPS);
        });
      }),
    );
  });

  test('exp at the ends of the range', () => {
    const x = [-Infinity, -1e308, -746, 0, -0, 709.782712893384, 709.7827128933841, 1e308, Infinity, NaN];
    const y = exp(place.vector(x));
    expect([...y.subarray(0, 3)]).toEqual([0, 0, 0]);
    expect([...y.subarray(3, 5)]).toEqual([1, 1]);
    expect(ulps(y[5], 1.797693134862273e308)).toBeLessThanOrEqual(16);
    expect([...y.subarray(6)]).toEqual([Infinity, Infinity, Infinity, NaN]);
  });

  test('NaN of any payload stays NaN', () => {
    bits.setBigUint64(0, 0x7ff8000000000fffn);
    const x = place.vector([bits.getFloat64(0), 1, 2]);
    expect(exp(x)[0]).toBeNaN();
    expect(log(x)[0]).toBeNaN();
  });

  test('log agrees with Math.log within 2 ulp for any positive double, subnormals included', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, noNaN: true }), { minLength: 1, maxLength: 40 }), (values) => {
        const y = log(place.vector(values));
        values.forEach((x, i) => {
          expect(ulps(y[i], Math.log(x))).toBeLessThanOrEqual(ALLOWED_ULPS);
        });
      }),
      { numRuns: 300 },
    );
  });

  test('log near 1 keeps every digit', () => {
    const x = place.vector(randomVector(3, 50_001, 0.5, 2));
    const y = log(x);
    for (let i = 0; i < x.length; i++) expect(ulps(y[i], Math.log(x[i]))).toBeLessThanOrEqual(ALLOWED_ULPS);
  });

  test('log outside of its range', () => {
    const y = log(place.vector([0, -0, -1, -Infinity, NaN, Infinity, 1, 5e-324]));
    expect([...y]).toEqual([-Infinity, -Infinity, NaN, NaN, NaN, Infinity, 0, Math.log(5e-324)]);
  });

  test('in place, into an array elsewhere, and for an empty array', () => {
    const x = place.vector(randomVector(4, 70_001, -5, 5));
    const expected = exp(x);
    expect(exp(x, new Float64Array(x.length))).toEqual(expected);
    expect(exp(x, x)).toBe(x);
    expect(new Float64Array(x)).toEqual(expected);
    expect(exp(place.vector([]))).toHaveLength(0);
  });
});

test('wrong operands are refused', () => {
  expect(() => exp(new Float64Array(3), new Float64Array(4))).toThrow('out must hold 3 numbers; it holds 4');
  const x = new Float64Array(5);
  expect(() => exp(x.subarray(0, 4), x.subarray(1))).toThrow('out must not overlap x');
  // @ts-expect-error: a caller without types
  expect(() => log([1, 2])).toThrow(TypeError);
});
