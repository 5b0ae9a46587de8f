import type { AcceptanceCriterion } from './acceptance-criterion.js';

/** Compares with the current objective of `lookback` iterations ago (Burke and Bykov 2017). */
export function lateAcceptance(
  lookback: number,
  greedy: boolean,
  betterHistory: boolean,
): AcceptanceCriterion {
  const history: number[] = [];
  return {
    name: 'late-acceptance',
    accept({ current, candidate }) {
      const oldest = history[0];
      const accepted =
        oldest === undefined ? candidate < current : candidate < oldest || (greedy && candidate < current);
      history.push(
        betterHistory && oldest !== undefined && history.length >= lookback
          ? Math.min(current, oldest)
          : current,
      );
      if (history.length > lookback) history.shift();
      return accepted;
    },
  };
}
