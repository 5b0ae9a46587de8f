import { type ClaimContext, type Measurements, NumericalError, type Solver } from '@espalier/core';
import { objectiveOf, violation } from './feasibility.js';
import type { MipArrays, MipSolution, MixedIntegerProgram } from './mixed-integer-program.js';
import { gapToBest, type IncumbentPoint, primalIntegral } from './primal-gap.js';

/** A solver of the family under the name that its measurements carry. */
export interface Contestant {
  readonly name: string;
  readonly solver: Solver<MixedIntegerProgram, MipSolution>;
}

/** An instance, and the objective that gaps are measured to; without one, to the best of the runs that are compared. */
export interface Contest {
  readonly name: string;
  readonly arrays: MipArrays;
  readonly best?: number;
}

/** Every contestant on every instance, one after the other. */
export async function measureAll(
  contests: readonly Contest[],
  contestants: readonly Contestant[],
  timeLimitMs: number,
  context: ClaimContext,
): Promise<Measurements> {
  const measured: Record<string, number> = {};
  for (const contest of contests) {
    for (const contestant of contestants) {
      Object.assign(measured, await measureRun(contestant, contest, timeLimitMs, context));
    }
    if (contest.best !== undefined) continue;
    const keys = contestants.map(({ name }) => `${name}@${contest.name}`);
    const sign = contest.arrays.sense === 'maximize' ? -1 : 1;
    const best = sign * Math.min(...keys.map((key) => sign * measured[`${key}.objective`]!));
    for (const key of keys) {
      measured[`${key}.gap`] = gapToBest(measured[`${key}.objective`]!, best, contest.arrays.sense);
    }
  }
  return measured;
}

/**
 * Runs one solver once: final objective and seconds, and where the best is known primal gap and integral, under `solver@instance`.
 * @throws NumericalError when the solution is not feasible
 */
async function measureRun(
  { name: solverName, solver }: Contestant,
  { name, arrays, best }: Contest,
  timeLimitMs: number,
  { seed, signal, services, onProgress }: ClaimContext,
): Promise<Measurements> {
  onProgress?.(`${name}: ${solverName}`);
  const { clock } = services;
  const start = clock.now();
  const curve: IncumbentPoint[] = [];
  const solution = await solver.solve(
    { source: { arrays } },
    {
      seed,
      signal,
      timeLimitMs,
      onProgress({ value }) {
        if (value !== undefined) curve.push({ timeMs: clock.now() - start, objective: value });
      },
    },
  );
  const found = solution.x.length > 0;
  const broken = found ? violation(arrays, solution.x) : undefined;
  if (broken) throw new NumericalError(`${solverName} on ${name}: the solution is not feasible: ${broken}.`);
  const worst = arrays.sense === 'minimize' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const objective = found ? objectiveOf(arrays, solution.x) : worst;
  const key = `${solverName}@${name}`;
  return {
    [`${key}.objective`]: objective,
    ...(best !== undefined && {
      [`${key}.gap`]: gapToBest(objective, best, arrays.sense),
      [`${key}.integral`]: primalIntegral(curve, best, timeLimitMs),
    }),
    [`${key}.seconds`]: (clock.now() - start) / 1_000,
    [`${key}.proved`]: solution.status === 'optimal' ? 1 : 0,
    [`${key}.iterations`]: Math.max(0, solution.history.length - 1),
  };
}

/** The names of the instances that a solver was measured on, in order. */
export function instancesOf(measured: Measurements, solver: string): string[] {
  const pattern = new RegExp(`^${solver}@(.+)\\.gap$`);
  return Object.keys(measured).flatMap((key) => pattern.exec(key)?.[1] ?? []);
}

/** The mean of one measurement over instances. */
export function meanOf(
  measured: Measurements,
  solver: string,
  instances: readonly string[],
  what: 'gap' | 'integral' | 'objective',
): number {
  const values = instances.map((name) => measured[`${solver}@${name}.${what}`]!);
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A number for tables: five significant digits. */
export function show(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(5))) : 'none';
}
