import type { RandomSource, RunState } from '@espalier/core';
import type { Matrix } from '@espalier/linalg';
import { entropy } from './entropy.js';
import { minimizeTransport } from './transportation-simplex.js';

/** Relative size of the noise on the independent coupling that the first linearisation is made at. */
const NOISE = 0.1;
/** Masses below it count as this where the logarithm is taken. */
const LOG_FLOOR = 1e-12;
/** A fall of the entropy below it ends the descent, in bits. */
const LEAST_FALL = 1e-12;

/**
 * The baseline that descends: H is concave, so the vertex that minimises its linearisation at P_k has no larger entropy than P_k.
 * Starts at the independent coupling times random noise and stops at a vertex that does not improve.
 * @param p, q positive masses of one total
 * @throws AbortedError when the run's signal fires
 */
export function coupleBySuccessiveLinearization(
  p: Float64Array,
  q: Float64Array,
  maxIterations: number,
  random: RandomSource,
  state: RunState,
): Matrix {
  const [n, m] = [p.length, q.length];
  const start = new Float64Array(n * m);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < m; j++) start[i * m + j] = p[i]! * q[j]! * (1 + NOISE * random.uniform());
  }
  let current: Matrix | undefined;
  let bits = Number.POSITIVE_INFINITY;
  for (let iteration = 1; iteration <= maxIterations; iteration++) {
    const cost = (current?.data ?? start).map((mass) => -(Math.LOG2E + Math.log2(Math.max(mass, LOG_FLOOR))));
    const vertex = minimizeTransport({ rows: n, cols: m, data: cost }, p, q, () => state.throwIfAborted());
    const next = entropy(vertex.data);
    if (next > bits - LEAST_FALL) break;
    current = vertex;
    bits = next;
    state.report({ iteration, value: bits });
    state.throwIfAborted();
    if (state.expired()) break;
  }
  return current!;
}
