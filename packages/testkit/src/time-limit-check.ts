import { type Clock, isEspalierError, type RunOptions } from '@espalier/core';
import { assert, type Check } from './check.js';

/**
 * A run whose time is up at once. The clock is not the machine's: it jumps by a second whenever it is read.
 * @param feasible throws when the result is not feasible; given for anytime algorithms, which must return something
 */
export function timeLimitCheck<Result>(
  start: (run: RunOptions, clock: Clock) => Promise<Result>,
  feasible?: (result: Result) => void,
): Check {
  const count = async (run: RunOptions, clock: Clock) => {
    let reports = 0;
    const result = await start({ ...run, onProgress: () => reports++ }, clock);
    return { result, reports };
  };
  if (feasible) {
    return {
      name: 'returns something feasible at the time limit',
      async run() {
        const { result, reports } = await count({ timeLimitMs: 1 }, jumpingClock());
        feasible(result);
        const whole = (await count({}, performance)).reports;
        assert(
          whole <= 2 || reports < whole,
          `It worked on to the end by the injected clock: ${reports} reports with the limit, ${whole} without.`,
        );
      },
    };
  }
  return {
    name: 'ends at the time limit with a solution, or says why not',
    async run() {
      try {
        await start({ timeLimitMs: 1 }, jumpingClock());
      } catch (error) {
        assert(isEspalierError(error), `It threw ${String(error)}, which is no error of Espalier.`);
      }
    },
  };
}

function jumpingClock(): Clock {
  let now = 0;
  return {
    now() {
      now += 1_000;
      return now;
    },
  };
}
