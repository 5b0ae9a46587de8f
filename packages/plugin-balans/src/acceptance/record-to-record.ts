import { type AcceptanceCriterion, advance, type Schedule } from './acceptance-criterion.js';

/** Takes what is at most T worse than the best (or the current) solution; T follows the schedule. */
export function recordToRecordTravel(
  schedule: Schedule,
  compareWith: 'best' | 'current',
): AcceptanceCriterion {
  let threshold = schedule.start;
  return {
    name: 'record-to-record-travel',
    accept({ best, current, candidate }) {
      const accepted = candidate - (compareWith === 'best' ? best : current) <= threshold;
      threshold = advance(threshold, schedule);
      return accepted;
    },
  };
}
