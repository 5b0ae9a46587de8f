import type { CurvePoint } from '../results/results-file.js';
import type { PointsMessage } from './messages.js';

/** The curve of a trial as it comes in. */
export interface Curve {
  add(message: PointsMessage): void;
  last(): CurvePoint | undefined;
  /** At most 500 points, evenly thinned; the first and the last stay. */
  points(): CurvePoint[];
}

/** An empty curve. Where points begin to come at a wider distance, the earlier ones are thinned to the same. */
export function createCurve(): Curve {
  let points: CurvePoint[] = [];
  let stride = 1;
  return {
    add(message) {
      while (stride < message.stride) {
        points = points.filter((_, i) => i % 2 === 0);
        stride *= 2;
      }
      points.push(...message.points);
    },
    last: () => points.at(-1),
    points: () => thin(points),
  };
}

/** At most `most` points, evenly thinned; the first and the last stay. */
export function thin(curve: readonly CurvePoint[], most = 500): CurvePoint[] {
  if (curve.length <= most) return [...curve];
  return Array.from({ length: most }, (_, i) => curve[Math.round((i * (curve.length - 1)) / (most - 1))]!);
}
