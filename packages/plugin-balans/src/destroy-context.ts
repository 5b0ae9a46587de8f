import { roundIntegers } from './feasibility.js';
import type { SolveLimits } from './mip-engine.js';
import type { MipRun } from './mip-run.js';
import type { DestroyContext } from './operators/destroy-operator.js';
import { randomCosts } from './operators/random-objective.js';
import type { SearchSettings } from './search.js';

type Seen = Omit<DestroyContext, 'mip' | 'randomSolution' | 'relaxWith'>;

/** What an operator sees of the search, and the two solves that it may ask for. */
export function createDestroyContext(
  run: MipRun,
  seen: Seen,
  { times, nodes }: Pick<SearchSettings, 'times' | 'nodes'>,
  iteration: number,
): DestroyContext {
  const { mip } = run;
  const { random } = seen;
  const limits = (timeMs: number): SolveLimits => ({
    timeMs,
    seed: random.integer(2 ** 31),
    ...(nodes !== undefined && { nodes }),
  });
  return {
    ...seen,
    mip,
    async randomSolution() {
      const restriction = { objective: randomCosts(mip, 'uniform', random) };
      const first = { ...limits(times.randomSolution), improvingSolutions: 1, heuristicEffort: 0 };
      const { x } = await run.solve(restriction, first, iteration);
      return x && roundIntegers(mip, x);
    },
    async relaxWith(restriction) {
      const { status, x } = await run.solve(
        { ...restriction, relaxed: true },
        limits(times.relaxation),
        iteration,
      );
      return status === 'optimal' ? x : undefined;
    },
  };
}
