import { type Incumbent, incumbentOf } from './incumbent.js';
import type { Minimization } from './minimization.js';
import type { SolveLimits, SolveResult } from './mip-engine.js';
import { type MipRun, UNLIMITED_MS } from './mip-run.js';
import type { MipStatus } from './mixed-integer-program.js';

/** Where a search begins; objectives of the minimisation. */
export interface InitialSolution {
  /** `optimal`, `infeasible` and the like end the search before it begins. */
  readonly status: MipStatus;
  readonly incumbent: Incumbent | undefined;
  /** Of the whole program. */
  readonly bound: number | undefined;
}

/** Limits of the first solve. */
export type InitialLimits = Pick<SolveLimits, 'timeMs' | 'nodes' | 'gap' | 'seed'>;

/**
 * Step 2 of the algorithm. With a start: its values are fixed and the rest is solved; where that has no solution, the start is a hint
 * that the engine repairs. Without a solution in its time: on until the first feasible one.
 */
export async function initialSolution(run: MipRun, limits: InitialLimits): Promise<InitialSolution> {
  const { mip, start } = run;
  if (start) {
    const incumbent = incumbentFrom(run, await run.solve(fixed(mip, start), limits, 0));
    if (incumbent) return { status: 'feasible', incumbent, bound: undefined };
    await run.turn();
    const repaired = interpret(run, await run.solve({}, { ...limits, start }, 0));
    if (repaired.status !== 'no solution') return repaired;
  } else {
    // One solve that goes on past its limit until there is a solution: to begin again would lose the work of presolve.
    const begun = run.state.elapsedMs();
    const shouldStop = () => run.best() !== undefined && run.state.elapsedMs() - begun >= limits.timeMs;
    const first = interpret(run, await run.solve({}, { ...limits, timeMs: UNLIMITED_MS, shouldStop }, 0));
    if (first.status !== 'no solution') return first;
  }
  await run.turn();
  const { nodes: _nodes, ...rest } = limits;
  return interpret(run, await run.solve({}, { ...rest, timeMs: UNLIMITED_MS, improvingSolutions: 1 }, 0));
}

/** What a solve of the whole program says about it. */
export function interpret(run: MipRun, result: SolveResult): InitialSolution {
  const incumbent = incumbentFrom(run, result);
  if (incumbent) {
    return { status: result.status === 'optimal' ? 'optimal' : 'feasible', incumbent, bound: result.bound };
  }
  const { status } = result;
  const proved = status === 'infeasible' || status === 'unbounded' || status === 'infeasible or unbounded';
  return { status: proved ? status : 'no solution', incumbent: undefined, bound: result.bound };
}

function incumbentFrom(run: MipRun, { x }: SolveResult): Incumbent | undefined {
  const incumbent = x && incumbentOf(run.mip, x);
  if (incumbent) run.offer(incumbent, 0, 'initial solution');
  return incumbent;
}

function fixed(mip: Minimization, values: Float64Array): { lower: Float64Array; upper: Float64Array } {
  const [lower, upper] = [mip.lower.slice(), mip.upper.slice()];
  for (const [j, value] of values.entries()) {
    if (!Number.isNaN(value)) lower[j] = upper[j] = value;
  }
  return { lower, upper };
}
