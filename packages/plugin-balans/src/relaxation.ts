import { INTEGRALITY, type Minimization } from './minimization.js';
import type { MipRun } from './mip-run.js';

/** The optimum of the program without integrality. */
export interface Relaxation {
  readonly x: Float64Array;
  /** Of the minimisation: a bound of the program. */
  readonly objective: number;
  /** F: discrete variables whose value there is not integral (1e-6). */
  readonly fractional: Int32Array;
}

/** Solves the relaxation in `timeMs`; undefined when that is not enough. */
export async function solveRelaxation(run: MipRun, timeMs: number): Promise<Relaxation | undefined> {
  const { status, x, objective } = await run.solve({ relaxed: true }, { timeMs }, 0);
  if (status !== 'optimal' || !x || objective === undefined) return undefined;
  return { x, objective, fractional: fractionalOf(run.mip, x) };
}

/** Discrete variables whose relaxed value is not integral. */
export function fractionalOf({ integer }: Pick<Minimization, 'integer'>, x: Float64Array): Int32Array {
  return Int32Array.from(x.keys()).filter(
    (j) => integer[j] === 1 && Math.abs(x[j]! - Math.round(x[j]!)) > INTEGRALITY,
  );
}
