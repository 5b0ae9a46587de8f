import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bfloat16FromFloat32,
  float16FromFloat32,
  float32FromBfloat16,
  float32FromFloat16,
} from '../src/checkpoint/index.js';

const everyPattern = Uint16Array.from({ length: 1 << 16 }, (_, i) => i);
const floats = new Float32Array(1);
const word = new Uint32Array(floats.buffer);
const fromWord = (bits: number) => {
  word[0] = bits;
  return Float32Array.from(floats);
};

/** Sign, exponent and fraction as IEEE 754 defines them. */
function define(pattern: number, exponentBits: number, fractionBits: number): number {
  const sign = pattern >> (exponentBits + fractionBits) ? -1 : 1;
  const exponent = (pattern >> fractionBits) & ((1 << exponentBits) - 1);
  const fraction = (pattern & ((1 << fractionBits) - 1)) / 2 ** fractionBits;
  const bias = 2 ** (exponentBits - 1) - 1;
  if (exponent === (1 << exponentBits) - 1)
    return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** (1 - bias) : (1 + fraction) * 2 ** (exponent - bias));
}

const formats = [
  {
    name: 'binary16',
    narrow: float16FromFloat32,
    widen: float32FromFloat16,
    exponentBits: 5,
    fractionBits: 10,
  },
  {
    name: 'bfloat16',
    narrow: bfloat16FromFloat32,
    widen: float32FromBfloat16,
    exponentBits: 8,
    fractionBits: 7,
  },
];

describe.each(formats)('$name', ({ narrow, widen, exponentBits, fractionBits }) => {
  const infinity = ((1 << exponentBits) - 1) << fractionBits;
  /** The magnitudes of all finite numbers, ascending, and the power of two that would come after the largest. */
  const magnitudes = Float64Array.from({ length: infinity + 1 }, (_, i) =>
    i < infinity ? define(i, exponentBits, fractionBits) : 2 ** (2 ** (exponentBits - 1)),
  );

  it('means what the standard says, for every pattern', () => {
    const wide = widen(everyPattern);
    const wrong = everyPattern.filter(
      (pattern) => !Object.is(wide[pattern], define(pattern, exponentBits, fractionBits)),
    );
    expect(Array.from(wrong)).toEqual([]);
  });

  it('survives widening and narrowing, subnormal numbers, zeros and infinities too', () => {
    const back = narrow(widen(everyPattern));
    const again = widen(back);
    const wrong = everyPattern.filter((pattern) =>
      (pattern & 0x7fff) > infinity ? !Number.isNaN(again[pattern]!) : back[pattern] !== pattern,
    );
    expect(Array.from(wrong)).toEqual([]);
  });

  it('rounds any float32 to the nearest number, ties to the even pattern', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x7f7fffff }), fc.boolean(), (bits, negative) => {
        const value = fromWord(bits)[0]!;
        let [low, high] = [0, infinity];
        while (high - low > 1) {
          const middle = (low + high) >> 1;
          if (magnitudes[middle]! <= value) low = middle;
          else high = middle;
        }
        const [below, above] = [value - magnitudes[low]!, magnitudes[high]! - value];
        const nearest = below < above || (below === above && low % 2 === 0) ? low : high;
        const result = narrow(Float32Array.of(negative ? -value : value))[0];
        expect(result).toBe(negative ? nearest | 0x8000 : nearest);
      }),
      { numRuns: 20_000 },
    );
  });

  it('keeps every NaN a NaN', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0x7f800001, max: 0x7fffffff }), fc.boolean(), (bits, negative) => {
        const nan = fromWord(negative ? (bits | 0x80000000) >>> 0 : bits);
        expect(widen(narrow(nan))[0]).toBeNaN();
      }),
    );
  });
});

it('rounds at the edges of binary16 as IEEE 754 asks', () => {
  const cases: [number, number][] = [
    [65504, 0x7bff],
    [65519.996, 0x7bff],
    [65520, 0x7c00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [2 ** -25 * 1.0001, 0x0001],
    [2 ** -24 * 1.5, 0x0002],
    [-0, 0x8000],
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
  ];
  expect(Array.from(float16FromFloat32(Float32Array.from(cases, ([value]) => value)))).toEqual(
    cases.map(([, pattern]) => pattern),
  );
});
