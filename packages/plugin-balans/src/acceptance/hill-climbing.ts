import type { AcceptanceCriterion } from './acceptance-criterion.js';

/** Takes what is not worse than the current solution. */
export function hillClimbing(): AcceptanceCriterion {
  return { name: 'hill-climbing', accept: ({ current, candidate }) => candidate <= current };
}

/** Takes everything. */
export function alwaysAccept(): AcceptanceCriterion {
  return { name: 'always-accept', accept: () => true };
}
