import { InvalidProblemError } from '@espalier/core';
import type { AcceptanceCriterion } from './acceptance-criterion.js';

/** Takes what is below a water level that sinks towards the candidates (Dueck 1993). */
export function greatDeluge(alpha: number, beta: number): AcceptanceCriterion {
  let level: number | undefined;
  return {
    name: 'great-deluge',
    accept({ best, candidate }) {
      level ??= firstLevel(alpha, best);
      const distance = level - candidate;
      level -= beta * distance;
      return distance > 0;
    },
  };
}

/** The water level sinks by an exponential and rises when it comes too close to the candidates (Landa-Silva and Obit 2008). */
export function nonLinearGreatDeluge(
  alpha: number,
  beta: number,
  gamma: number,
  delta: number,
): AcceptanceCriterion {
  let level: number | undefined;
  return {
    name: 'non-linear-great-deluge',
    accept({ best, current, candidate }) {
      level ??= firstLevel(alpha, best);
      const relative = (level - candidate) / level;
      const accepted = candidate < level || candidate < current;
      level =
        relative < beta
          ? level + gamma * Math.abs(candidate - level)
          : level * Math.exp(-delta * best) + best;
      return accepted;
    },
  };
}

function firstLevel(alpha: number, initial: number): number {
  if (initial === 0) {
    throw new InvalidProblemError(
      'The great deluge needs an initial objective other than 0: its level is a multiple of it.',
    );
  }
  return alpha * initial;
}
