import type { ScoreAxis } from '@espalier/core';
import { labelsOf } from './report/series.js';
import type { ClaimRecord, ResultsFile, TrialRecord } from './results/results-file.js';
import { shortNumber, shortTime, textTable } from './text-table.js';

/** A table for each scenario, every trial in a line: score and time, or what happened instead and why. */
export function trialTables({ scenarios, trials }: Pick<ResultsFile, 'scenarios' | 'trials'>): string {
  return scenarios
    .map(({ name, score }) => ({ name, score, own: trials.filter(({ trial }) => trial.scenario === name) }))
    .filter(({ own }) => own.length > 0)
    .map(({ name, score, own }) => `${name} (${axis(score)})\n${trialTable(own)}`)
    .join('\n\n');
}

/** `score: marginal error, lower is better`. */
function axis({ name, unit, direction }: ScoreAxis): string {
  return `score: ${name}${unit ? ` in ${unit}` : ''}, ${direction === 'minimize' ? 'lower' : 'higher'} is better`;
}

function trialTable(records: readonly TrialRecord[]): string {
  const labelOf = labelsOf(records);
  return textTable(
    ['instance', 'algorithm', 'score', 'time', 'memory', 'ended'],
    records.map((record, i) => {
      const { trial, status, score, algorithmMs, peakMemoryBytes, stopped, reason } = record;
      return [
        trial.instance.name === records[i - 1]?.trial.instance.name ? '' : trial.instance.name,
        labelOf(record),
        status === 'ok' ? shortNumber(score) : status,
        shortTime(algorithmMs),
        peakMemoryBytes === undefined ? '' : `${Math.round(peakMemoryBytes / 2 ** 20)} MB`,
        (status === 'ok' ? stopped : reason) ?? '',
      ];
    }),
  );
}

/** Paper's figure, ours, verdict. */
export function claimsTable(claims: readonly ClaimRecord[]): string {
  return textTable(
    ['plugin', 'claim', 'paper', 'here', 'verdict'],
    claims.map((c) => [c.plugin, c.claim, c.paper.figure, c.ourFigure, `${c.verdict}: ${c.reason}`]),
  );
}

/** How many trials ended in which way, and how many claims got which verdict: `12 trials: 10 ok, 2 refused`. */
export function tally(trials: readonly TrialRecord[], claims: readonly ClaimRecord[]): string {
  const parts = [
    count(
      trials.map(({ status }) => status),
      'trial',
    ),
    count(
      claims.map(({ verdict }) => verdict),
      'claim',
    ),
  ];
  return parts.filter((part) => part !== '').join('; ');
}

function count(ways: readonly string[], noun: string): string {
  if (ways.length === 0) return '';
  const counts = new Map<string, number>();
  for (const way of ways) counts.set(way, (counts.get(way) ?? 0) + 1);
  const parts = [...counts].map(([way, times]) => `${times} ${way}`);
  return `${ways.length} ${noun}${ways.length === 1 ? '' : 's'}: ${parts.join(', ')}`;
}

/** Whether everything is as one would have it: no trial that broke, no claim that does not hold or was not measured. */
export function allWell(trials: readonly TrialRecord[], claims: readonly ClaimRecord[]): boolean {
  return (
    trials.every(({ status }) => status === 'ok' || status === 'refused') &&
    claims.every(({ verdict }) => verdict === 'holds' || verdict === 'partly')
  );
}
