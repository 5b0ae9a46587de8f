import { type ClaimContext, type Measurements, type Solver, UnsupportedError } from '@espalier/core';
import { type BANDIT_TABLES, banditProblem, banditTable } from './bandit-tables.js';
import type { BlackBoxProblem, BlackBoxSolution } from './black-box-optimization.js';
import { generatedProblem, relativeRegret } from './generated-problems.js';

/** A solver under the name that its measurements carry. */
export interface Contestant {
  readonly name: string;
  readonly solver: Solver<BlackBoxProblem, BlackBoxSolution>;
}

/** Relative regret, seconds and counts of one run. */
async function measureRun(
  { solver }: Contestant,
  problem: BlackBoxProblem,
  { signal, services, seed }: ClaimContext,
): Promise<Measurements> {
  const start = services.clock.now();
  const solution = await solver.solve(problem, { signal, seed });
  return {
    regret: relativeRegret(problem.truth!, solution.regret!.cumulative, solution.evaluations),
    seconds: (services.clock.now() - start) / 1_000,
    unique: solution.unique,
    updates: solution.posteriorUpdates,
    switches: solution.switches,
  };
}

/** Means over the problems, under `name.quantity`. */
export async function measureAll(
  contestants: readonly Contestant[],
  problems: readonly BlackBoxProblem[],
  context: ClaimContext,
): Promise<Measurements> {
  const measured: Record<string, number> = {};
  for (const contestant of contestants) {
    context.onProgress?.(contestant.name);
    for (const problem of problems) {
      for (const [quantity, value] of Object.entries(await measureRun(contestant, problem, context))) {
        const key = `${contestant.name}.${quantity}`;
        measured[key] = (measured[key] ?? 0) + value / problems.length;
      }
    }
  }
  return measured;
}

/** Draws of a Gaussian process with consecutive seeds. */
export function draws(
  count: number,
  candidates: number,
  budget: number,
  { seed }: Pick<ClaimContext, 'seed'>,
): BlackBoxProblem[] {
  return Array.from({ length: count }, (_, k) =>
    generatedProblem({ candidates, budget, seed: seed + k + 1 }),
  );
}

/** One of the real tables, with the noise of consecutive seeds. @throws UnsupportedError where its file is not in the data folder */
export async function tableProblems(
  name: (typeof BANDIT_TABLES)[number]['name'],
  count: number,
  budget: number,
  { data, seed }: ClaimContext,
): Promise<BlackBoxProblem[]> {
  const table = banditTable(name);
  if (!(await data.has(table.path))) {
    throw new UnsupportedError(`The table ${table.path} is not in the data folder.`, {
      remedy: 'Name a folder that holds it: --data DIR.',
    });
  }
  const seeds = Array.from({ length: count }, (_, k) => seed + k + 1);
  return Promise.all(seeds.map((own) => banditProblem(table, data, { budget, seed: own })));
}

/** The slope of log seconds against log T by least squares: the exponent of a power law. */
export function fittedExponent(points: readonly (readonly [t: number, seconds: number])[]): number {
  const logs = points.map(([t, seconds]) => [Math.log(t), Math.log(seconds)] as const);
  const mean = (k: 0 | 1) => logs.reduce((sum, point) => sum + point[k], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const covariance = logs.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  return covariance / logs.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}

/** A number for tables: three significant digits. */
export function show(value: number): string {
  return value >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
}
