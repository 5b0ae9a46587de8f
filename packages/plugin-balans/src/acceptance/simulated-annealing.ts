import { type AcceptanceCriterion, advance, type Schedule } from './acceptance-criterion.js';

/** Takes a worse candidate with probability exp((f(current) - f(candidate)) / T); T follows the schedule. */
export function simulatedAnnealing(schedule: Schedule): AcceptanceCriterion {
  let temperature = schedule.start;
  return {
    name: 'simulated-annealing',
    accept({ current, candidate }, uniform) {
      const probability = Math.exp((current - candidate) / temperature);
      temperature = advance(temperature, schedule);
      return probability >= uniform();
    },
  };
}

/**
 * A schedule that accepts a candidate worse by the share `worse` of the initial objective with probability `acceptProbability` at the
 * start, and ends at temperature 1 after `iterations` steps.
 */
export function autofitAnnealing(
  initialObjective: number,
  worse: number,
  acceptProbability: number,
  iterations: number,
  method: Schedule['method'] = 'exponential',
): Schedule {
  if (!(worse > 0 && worse <= 1 && acceptProbability > 0 && acceptProbability < 1 && iterations >= 1)) {
    throw new RangeError(
      'autofit needs worse in (0, 1], acceptProbability in (0, 1) and at least one iteration.',
    );
  }
  const start = (-worse * initialObjective) / Math.log(acceptProbability);
  const step = method === 'linear' ? (start - 1) / iterations : (1 / start) ** (1 / iterations);
  return { start, end: 1, step, method };
}
