import type { AcceptanceCriterion } from './acceptance-criterion.js';

/** Takes what is below min + eta (mean - min) over the last `gamma` candidates, this one included. */
export function movingAverageThreshold(eta: number, gamma: number): AcceptanceCriterion {
  const window: number[] = [];
  return {
    name: 'moving-average-threshold',
    accept({ candidate }) {
      window.push(candidate);
      if (window.length > gamma) window.shift();
      const least = Math.min(...window);
      const mean = window.reduce((sum, value) => sum + value, 0) / window.length;
      return candidate <= least + eta * (mean - least);
    },
  };
}
