import { createRandom } from '@espalier/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { descendingOrder } from '../src/distribution.js';
import { encoderFromLabels } from '../src/encoder.js';
import { sumOf } from '../src/entropy.js';
import { prefixChain, prefixLabels } from '../src/functional-search.js';
import { uniformWeights } from '../src/generated-distributions.js';
import { huffmanChain, huffmanLabels } from '../src/huffman-chain.js';
import {
  bottleneckCoupling,
  bottleneckEncoding,
  codeMarginal,
  entropy,
  minimumEntropyCoupling,
} from '../src/index.js';
import { mappingNumbers } from '../src/mapping-numbers.js';
import { chainMappings, setPartitions } from '../src/mapping-pool.js';
import { MaxHeap } from '../src/max-heap.js';
import { minimizeTransport } from '../src/transportation-simplex.js';
import { distribution } from './fixture.js';
import { bitsOf } from './literal.js';

describe('entropies', () => {
  it('keep their digits over 10^5 masses', () => {
    const n = 100_000;
    expect(entropy(new Float64Array(n).fill(1 / n))).toBeCloseTo(Math.log2(n), 12);
    expect(sumOf(new Float64Array(n).fill(0.1))).toBeCloseTo(n / 10, 12);
  });
});

describe('chains of mappings', () => {
  it('have the entropies of their labels', () => {
    fc.assert(
      fc.property(distribution(2, 20), (px) => {
        const order = descendingOrder(px);
        const bits = (labels: Int32Array) => bitsOf([...codeMarginal(encoderFromLabels(labels), px)]);
        const prefix = prefixChain(px, order);
        for (let length = 1; length <= order.length; length++)
          expect(prefix.entropyOf(length)).toBeCloseTo(bits(prefixLabels(px, order, length, false)), 11);
        const huffman = huffmanChain(px);
        for (const [merges, expected] of huffman.entropies.entries())
          expect(expected).toBeCloseTo(bits(huffmanLabels(huffman, merges, px.length)), 11);
      }),
    );
  });

  it('know the cells and columns of each mapping without looking at it', () => {
    for (let seed = 0; seed < 30; seed++) {
      const random = createRandom(seed);
      const px = uniformWeights(9 + random.integer(12), random); // no two masses are equal
      for (const { numbers, labels } of chainMappings(px, descendingOrder(px))) {
        const expected = mappingNumbers(px, encoderFromLabels(labels()));
        const check = (name: keyof typeof numbers) =>
          expect(numbers[name], name).toBeCloseTo(expected[name], 11);
        check('entropy');
        if (expected.upCell > 0 || numbers.upCell > 0) {
          check('upCell');
          check('upColumn');
        }
        check('downCell');
        if (expected.downCell > 0) {
          check('downColumn');
          check('largest');
        }
      }
    }
  });

  it('of up to eight symbols are all partitions', () => {
    const bell = [1, 1, 2, 5, 15, 52, 203, 877, 4140];
    for (const [n, count] of bell.entries()) expect([...setPartitions(n)].length).toBe(count);
  });
});

describe('the heap', () => {
  it('gives the largest key, the lowest index of equal ones', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 30 }), fc.integer(), (list, seed) => {
        const random = createRandom(seed);
        const keys = Float64Array.from(list);
        const heap = new MaxHeap(keys);
        while (heap.length > 0) {
          const best = Math.max(...keys);
          expect(heap.top()).toBe(keys.indexOf(best));
          keys[heap.top()] = random.integer(best + 1) === best ? 0 : random.integer(best);
          heap.lowered();
        }
        expect(Math.max(0, ...keys)).toBe(0);
      }),
    );
  });
});

describe('the transportation simplex', () => {
  it('finds the cheapest assignment, as all permutations say', () => {
    const permutations = (items: number[]): number[][] =>
      items.length < 2
        ? [items]
        : items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer(), (n, seed) => {
        const random = createRandom(seed);
        // Whole costs and equal masses: every pivot is degenerate somewhere.
        const data = Float64Array.from({ length: n * n }, () => random.integer(10));
        const masses = new Float64Array(n).fill(1 / n);
        const flow = minimizeTransport({ rows: n, cols: n, data }, masses, masses);
        const cost = flow.data.reduce((sum, mass, k) => sum + mass * data[k]!, 0);
        const best = Math.min(
          ...permutations([...Array(n).keys()]).map((p) =>
            p.reduce((sum, j, i) => sum + data[i * n + j]! / n, 0),
          ),
        );
        expect(cost).toBeCloseTo(best, 10);
      }),
    );
  });

  it('gives a vertex with the marginals, and no cell that would be cheaper', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer(),
        (n, m, seed) => {
          const random = createRandom(seed);
          const [p, q] = [uniformWeights(n, random), uniformWeights(m, random)];
          const data = Float64Array.from({ length: n * m }, () => random.uniform());
          const flow = minimizeTransport({ rows: n, cols: m, data }, p, q).data;
          for (let i = 0; i < n; i++) expect(sumOf(flow.subarray(i * m, (i + 1) * m))).toBeCloseTo(p[i]!, 12);
          for (let j = 0; j < m; j++)
            expect(sumOf(Float64Array.from({ length: n }, (_, i) => flow[i * m + j]!))).toBeCloseTo(
              q[j]!,
              12,
            );
          expect(flow.filter((mass) => mass > 1e-15).length).toBeLessThanOrEqual(n + m - 1);
          expect(flow.every((mass) => mass >= -1e-15)).toBe(true);
          // No exchange around a cycle of two rows and two columns pays.
          for (let i = 0; i < n; i++) {
            for (let k = 0; k < n; k++) {
              for (let j = 0; j < m; j++) {
                for (let l = 0; l < m; l++) {
                  if (flow[i * m + j]! < 1e-12 || flow[k * m + l]! < 1e-12) continue;
                  const change = data[i * m + l]! + data[k * m + j]! - data[i * m + j]! - data[k * m + l]!;
                  expect(change).toBeGreaterThan(-1e-9);
                }
              }
            }
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('problem files', () => {
  const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

  it('are read as the problems that they describe', () => {
    expect(bottleneckEncoding.formats[0]!.read(bytes({ px: [0.5, 0.5], rate: 0.5 }))).toEqual({
      px: Float64Array.of(0.5, 0.5),
      rate: 0.5,
    });
    expect(minimumEntropyCoupling.formats[0]!.read(bytes({ px: [1], py: [0.5, 0.5] }))).toEqual({
      px: Float64Array.of(1),
      py: Float64Array.of(0.5, 0.5),
    });
    expect(
      bottleneckCoupling.formats[0]!.read(bytes({ px: [1], py: [1], compressionRate: 2, mode: 'factors' })),
    ).toEqual({ px: Float64Array.of(1), py: Float64Array.of(1), compressionRate: 2, mode: 'factors' });
  });

  it.each([{ px: 'a' }, { px: [0.5, 'x'] }, { px: [1], r: 1 }, [1]])('are refused: %j', (value) => {
    expect(() => bottleneckEncoding.formats[0]!.read(bytes(value))).toThrow(
      expect.objectContaining({ code: 'invalid-data' }),
    );
  });

  it('that are no JSON are refused', () => {
    expect(() => minimumEntropyCoupling.formats[0]!.read(new TextEncoder().encode('{'))).toThrow(/no JSON/);
  });
});
