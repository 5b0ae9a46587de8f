import fc from 'fast-check';
import { expect, it } from 'vitest';
import { thin } from '../src/trials/curve.js';

it('keeps the first and the last point, the order, and at most as many as asked', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 2, max: 600 }), (length, most) => {
      const curve = Array.from({ length }, (_, i) => ({ timeMs: i, iteration: i, score: -i }));
      const kept = thin(curve, most);
      expect(kept).toHaveLength(Math.min(length, most));
      expect(kept[0]).toEqual(curve[0]);
      expect(kept.at(-1)).toEqual(curve.at(-1));
      for (let i = 1; i < kept.length; i++) expect(kept[i]!.timeMs).toBeGreaterThan(kept[i - 1]!.timeMs);
    }),
  );
});
