import type { ScoreAxis } from '@espalier/core';
import { formatNumber, formatShare, formatTime } from './format.js';
import { type Html, html } from './html.js';
import { profileFigure } from './plots/performance-profile.js';
import { cumulativeShare, performanceRatios, shareAt } from './profile.js';
import { tolerances } from './score.js';
import { seriesName } from './score-table.js';
import type { ScenarioResults } from './series.js';
import { type SolvedTable, solvedTable } from './solved.js';
import { type TableCell, table } from './table.js';

/** Performance and data profiles over the instances of a scenario, with the table of their figures. */
export function profileSection(results: ScenarioResults): Html {
  const { instances, series } = results;
  if (instances.length < 2 || series.length < 2) {
    return html`<p class="note">Profiles over instances need at least two instances and two algorithms; here ${instances.length} and ${series.length}.</p>`;
  }
  const solved = solvedTable(results);
  const figures = [
    profileFigure({
      title: 'Time to target, relative',
      axisLabel: 'time to target ÷ the fastest one’s',
      unit: 'ratio',
      of: 'targets',
      values: performanceRatios(solved.times),
      series,
    }),
    profileFigure({
      title: 'Score, relative',
      axisLabel: 'times worse than the best score',
      unit: 'ratio',
      of: 'instances',
      values: solved.ratios,
      series,
    }),
    profileFigure({
      title: 'Time to target, absolute',
      axisLabel: 'time of the algorithm',
      unit: 'time',
      of: 'targets',
      values: solved.times,
      series,
    }),
  ];
  return html`<p class="note">${explanation(results)}</p>
<div class="figures">${figures.map((drawn) => drawn ?? '')}</div>
<details><summary>Profiles as a table, and the targets</summary>
${profileTable(results, solved)}
${targetTable(results, solved)}
</details>`;
}

function explanation({ scenario: { score } }: ScenarioResults): string {
  const shares = tolerances(score).map((tolerance) => targetShare(score, tolerance));
  const target =
    score.scale === 'log'
      ? `${shares.join(', ')} of the way, in decades, from a typical first score to the best final score that any algorithm found`
      : `within ${shares.join(', ')} of the best final score that any algorithm found`;
  return `Every instance sets three targets: ${target}. The curves show the share of targets that an algorithm has reached, and the share of instances on which its score is so many times worse than the best. Further left and higher is better; what stays below 100 % was refused, not finished or not reached.`;
}

/** A tolerance as the text names it: what must be reached of the way on logarithmic axes, what may lack on linear ones. */
function targetShare(axis: ScoreAxis, tolerance: number): string {
  return formatShare(axis.scale === 'log' ? 1 - tolerance : tolerance);
}

const FACTORS = [1, 2, 10];

function profileTable({ series, instances }: ScenarioResults, { targets, times, ratios }: SolvedTable): Html {
  const timeRatios = performanceRatios(times);
  const share = (value: number) => ({ content: formatShare(value), sort: value, numeric: true });
  return table({
    caption: `Share of ${targets.length} targets and of ${instances.length} instances by algorithm`,
    className: 'dense',
    columns: [
      { heading: 'algorithm' },
      ...FACTORS.map((factor) => ({
        heading: factor === 1 ? 'targets reached first' : `within ${factor}× of the fastest`,
        numeric: true,
      })),
      { heading: 'targets reached at all', numeric: true },
      { heading: 'instances with the best score', numeric: true },
      { heading: 'instances within 2× of it', numeric: true },
    ],
    rows: series.map((line, s) => {
      const byTime = cumulativeShare(timeRatios[s]!);
      const byScore = cumulativeShare(ratios[s]!);
      return [
        { content: seriesName(line), sort: line.label },
        ...FACTORS.map((factor) => share(shareAt(byTime, factor))),
        share(shareAt(byTime, Number.MAX_VALUE)),
        share(shareAt(byScore, 1)),
        share(shareAt(byScore, 2)),
      ];
    }),
  });
}

function targetTable({ series, scenario }: ScenarioResults, { targets, times }: SolvedTable): Html {
  return table({
    caption: 'Time to target by instance, median over repetitions',
    className: 'dense',
    columns: [
      { heading: 'instance' },
      { heading: scenario.score.scale === 'log' ? 'of the way' : 'within', numeric: true },
      { heading: 'target', numeric: true },
      ...series.map((line) => ({ heading: seriesName(line), numeric: true })),
    ],
    rows: targets.map(({ instance, tolerance, score }, p) => [
      { content: instance.name },
      { content: targetShare(scenario.score, tolerance), sort: tolerance, numeric: true },
      { content: score === undefined ? 'none' : formatNumber(score), sort: score ?? '', numeric: true },
      ...series.map((_, s) => timeCell(times[s]![p]!)),
    ]),
  });
}

function timeCell(time: number): TableCell {
  return Number.isFinite(time)
    ? { content: formatTime(time), sort: time, numeric: true }
    : { content: html`<span class="absent">not reached</span>`, sort: '', numeric: true };
}
