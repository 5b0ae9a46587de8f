import { type AcceptanceCriterion, advance, type Schedule } from './acceptance-criterion.js';

/** Takes what is better, and anything else with a probability that follows the schedule. */
export function randomAccept(schedule: Schedule): AcceptanceCriterion {
  let probability = schedule.start;
  return {
    name: 'random-accept',
    accept({ current, candidate }, uniform) {
      const accepted = candidate < current || uniform() < probability;
      probability = advance(probability, schedule);
      return accepted;
    },
  };
}
