import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandom, deriveSeed } from '../src/index.js';

const draw = (seed: number, count = 20) => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.uniform());
};

describe('createRandom', () => {
  it('gives equal streams for equal seeds and others for others', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer(), (a, b) => {
        expect(draw(a)).toEqual(draw(a));
        if (a !== b) expect(draw(a)).not.toEqual(draw(b));
      }),
    );
  });

  it('tells a negative seed from its complement, and takes seeds beyond 32 bits', () => {
    expect(draw(-5)).not.toEqual(draw(4));
    expect(draw(2 ** 40)).not.toEqual(draw(2 ** 41));
  });

  it('spreads the first numbers of neighbouring seeds evenly, and the second ones', () => {
    for (const position of [0, 1]) {
      const tenths = new Array(10).fill(0);
      for (let seed = 0; seed < 10_000; seed++) tenths[Math.floor(10 * draw(seed, 2)[position])]++;
      // Six standard deviations of a binomial count, sqrt(10000 * 0.1 * 0.9) = 30.
      for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(180);
    }
  });

  it('stays within its ranges', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 50 }), (seed, bound) => {
        const random = createRandom(seed);
        const u = random.uniform();
        expect(u >= 0 && u < 1).toBe(true);
        const i = random.integer(bound);
        expect(Number.isInteger(i) && i >= 0 && i < bound).toBe(true);
        const sample = random.sample(bound, Math.ceil(bound / 2));
        expect(new Set(sample).size).toBe(sample.length);
        expect([...sample].every((s) => s >= 0 && s < bound)).toBe(true);
        expect(
          random
            .shuffleInPlace([...'abcdef'])
            .sort()
            .join(''),
        ).toBe('abcdef');
      }),
    );
  });

  it('samples as the first steps of a Fisher-Yates shuffle, whatever the share that is drawn', () => {
    const bounds = fc.integer({ min: 1, max: 400 });
    fc.assert(
      fc.property(fc.integer(), bounds, fc.double({ min: 0, max: 1, noNaN: true }), (seed, bound, share) => {
        const count = Math.floor(share * bound);
        const random = createRandom(seed);
        const items = Array.from({ length: bound }, (_, i) => i);
        for (let i = 0; i < count; i++) {
          const j = i + random.integer(bound - i);
          [items[i], items[j]] = [items[j]!, items[i]!];
        }
        expect([...createRandom(seed).sample(bound, count)]).toEqual(items.slice(0, count));
      }),
    );
  });

  it('samples a few of very many without holding them all', () => {
    const sample = createRandom(1).sample(2 ** 31 - 1, 1_000);
    expect(new Set(sample).size).toBe(1_000);
    expect(sample.every((s) => s >= 0 && s < 2 ** 31 - 1)).toBe(true);
  });

  it('has the moments of the uniform and the normal distribution', () => {
    const random = createRandom(7);
    const n = 200_000;
    let [u, z, zz] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      u += random.uniform();
      const x = random.normal();
      z += x;
      zz += x * x;
    }
    // five standard errors
    expect(Math.abs(u / n - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / n));
    expect(Math.abs(z / n)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(zz / n - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
  });

  it('forks streams that depend on seed and label alone', () => {
    const parent = createRandom(3);
    const before = parent.fork('a').uniform();
    parent.uniform();
    expect(parent.fork('a').uniform()).toBe(before);
    expect(parent.fork('b').uniform()).not.toBe(before);
  });

  it('refuses what is no seed, bound or count', () => {
    expect(() => createRandom(0.5)).toThrow('A seed is an integer; given 0.5.');
    expect(() => createRandom(1).integer(0)).toThrow('given 0');
    expect(() => createRandom(1).sample(2, 3)).toThrow('given 3 of 2');
  });

  it('derives seeds from every part and its place', () => {
    expect(deriveSeed('a', 1)).toBe(deriveSeed('a', 1));
    expect(new Set([deriveSeed('a', 1), deriveSeed('a', 2), deriveSeed('a1'), deriveSeed(1, 'a')]).size).toBe(
      4,
    );
  });
});
