import type { CurvePoint } from '../results/results-file.js';
import type { PointsMessage } from './messages.js';

/** Takes the points of a curve on the algorithm's side. */
export interface PointStream {
  add(point: CurvePoint): void;
  /** Sends what waits; at the end also the last point, whether it was due or not. */
  flush(end?: boolean): void;
}

/** The first points go out at once: an algorithm that then hangs leaves them behind. */
const AT_ONCE = 64;
/** Later ones go in groups, so that a fast algorithm is not slowed down by its own curve. */
const SEND_EVERY_MS = 100;
/** With every so many points that are kept, the distance between them doubles. */
const KEEP_AT_MOST = 4_096;

/** A stream that sends a bounded number of points, however many there are: the longer the run, the wider apart. */
export function createPointStream(send: (message: PointsMessage) => void): PointStream {
  let seen = 0;
  let kept = 0;
  let stride = 1;
  let sentAt = Number.NEGATIVE_INFINITY;
  let waiting: CurvePoint[] = [];
  let passedOver: CurvePoint | undefined;
  const flush = (end = false) => {
    if (end && passedOver) waiting.push(passedOver);
    if (waiting.length > 0) send({ type: 'points', stride, points: waiting });
    waiting = [];
    sentAt = performance.now();
  };
  return {
    add(point) {
      const due = seen++ % stride === 0;
      passedOver = due ? undefined : point;
      if (!due) return;
      waiting.push(point);
      kept++;
      const full = kept % KEEP_AT_MOST === 0;
      if (kept <= AT_ONCE || full || performance.now() - sentAt > SEND_EVERY_MS) flush();
      if (!full) return;
      stride *= 2;
      kept = KEEP_AT_MOST / 2;
    },
    flush,
  };
}
