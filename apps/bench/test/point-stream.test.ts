import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { CurvePoint } from '../src/results/results-file.js';
import { createCurve } from '../src/trials/curve.js';
import type { PointsMessage } from '../src/trials/messages.js';
import { createPointStream } from '../src/trials/point-stream.js';

const point = (i: number): CurvePoint => ({ timeMs: i, iteration: i, score: -i });

/** Sends `count` points and receives them. */
function transfer(count: number) {
  const curve = createCurve();
  const messages: PointsMessage[] = [];
  const stream = createPointStream((message) => {
    messages.push(message);
    curve.add(message);
  });
  for (let i = 0; i < count; i++) stream.add(point(i));
  stream.flush(true);
  return { points: curve.points(), messages };
}

it('brings a short curve over as it is', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 500 }), (count) => {
      expect(transfer(count).points).toEqual(Array.from({ length: count }, (_, i) => point(i)));
    }),
  );
});

it('keeps the first and the last point of a long curve, and even distances between', () => {
  fc.assert(
    fc.property(fc.integer({ min: 501, max: 100_000 }), (count) => {
      const { points } = transfer(count);
      expect(points).toHaveLength(500);
      expect(points[0]).toEqual(point(0));
      expect(points.at(-1)).toEqual(point(count - 1));
      const gaps = points.slice(1, -1).map(({ iteration }, i) => iteration - points[i]!.iteration);
      // Thinning rounds by at most one stride, and 500 points of at least 2,048 are more than three strides apart.
      expect(Math.max(...gaps)).toBeLessThanOrEqual(2 * Math.min(...gaps));
      expect(Math.min(...gaps)).toBeGreaterThan(0);
    }),
    { numRuns: 50 },
  );
});

it('sends a bounded number of points, however many there are', () => {
  const sent = transfer(1_000_000).messages.reduce((sum, { points }) => sum + points.length, 0);
  // 4,096 at the first distance, then 2,048 at each doubling of it.
  expect(sent).toBeLessThanOrEqual(4_096 + 2_048 * Math.ceil(Math.log2(1_000_000 / 4_096)) + 1);
});

it('sends the first points at once: an algorithm that hangs then leaves them behind', () => {
  const messages: PointsMessage[] = [];
  const stream = createPointStream((message) => messages.push(message));
  stream.add(point(0));
  stream.add(point(1));
  expect(messages.flatMap(({ points }) => points)).toEqual([point(0), point(1)]);
});
