import { conjugateGradientSteps } from '@espalier/linalg';
import type { Monitor } from './monitor.js';
import type { Direction, NewtonSystem } from './newton-system.js';

/** Iterations between two looks at the abort signal and the clock. */
const BATCH = 64;

/** Limits of {@link solveByConjugateGradient}. */
export interface ConjugateGradientLimits {
  /** Relative to |g|_2. */
  readonly tolerance: number;
  readonly maxIterations: number;
}

/**
 * Solves M dz = g by conjugate gradients with Jacobi's preconditioner. g is orthogonal to the kernel (1, -1) of the balanced system,
 * so the singular system is consistent. Every iterate is a direction of ascent: at the time limit the last one serves.
 * @throws AbortedError when the signal fires between two batches
 */
export async function solveByConjugateGradient(
  system: NewtonSystem,
  { tolerance, maxIterations }: ConjugateGradientLimits,
  monitor: Monitor,
): Promise<Direction> {
  const { eta, s, diagonalRows, diagonalCols, gx, gy } = system;
  const [n, m] = [gx.length, gy.length];
  const g = new Float64Array(n + m);
  g.set(gx);
  g.set(gy, n);
  const steps = conjugateGradientSteps(
    (d, out) => {
      const rowPart = s.times(d.subarray(n));
      const colPart = s.transposedTimes(d.subarray(0, n));
      for (let i = 0; i < n; i++) out[i] = eta * (diagonalRows[i]! * d[i]! + rowPart[i]!);
      for (let j = 0; j < m; j++) out[n + j] = eta * (diagonalCols[j]! * d[n + j]! + colPart[j]!);
    },
    g,
    {
      tolerance,
      maxIterations,
      preconditioner(residual, out) {
        for (let i = 0; i < n; i++) out[i] = residual[i]! / (eta * diagonalRows[i]!);
        for (let j = 0; j < m; j++) out[n + j] = residual[n + j]! / (eta * diagonalCols[j]!);
      },
      shouldStop: (iteration) => iteration % BATCH === BATCH - 1 && monitor.expired(),
    },
  );
  let step = steps.next();
  while (!step.done) {
    if (step.value.iteration % BATCH === BATCH - 1) await monitor.turn();
    step = steps.next();
  }
  const { x, iterations } = step.value;
  monitor.iterations.cg += iterations;
  return { dx: x.slice(0, n), dy: x.slice(n) };
}
