import type { Instance, ScoreAxis } from '@espalier/core';
import { formatNumber, formatTime } from './format.js';
import { type Html, type HtmlPart, html } from './html.js';
import { swatch } from './plots/legend.js';
import { bestScore, describeAxis, isBetter } from './score.js';
import type { Cell, ScenarioResults, Series } from './series.js';
import { type Spread, spread } from './statistics.js';
import { statusBadge, TRIAL_STATUSES } from './status.js';
import { type TableCell, table } from './table.js';

/**
 * Algorithms against instances: median score and time with their ranges, statuses other than `ok`, and the best
 * median of each instance set off. The longer side runs down the page.
 */
export function scoreTable(results: ScenarioResults): Html {
  const { instances, series, scenario } = results;
  const best = new Map(instances.map((instance) => [instance.name, bestMedian(results, instance)]));
  const cell = (instance: Instance, line: Series) =>
    scoreCell(scenario.score, results.cell(instance, line), best.get(instance.name));
  const caption = `Score and time by algorithm and instance: ${describeAxis(scenario.score)}`;
  const note =
    'Median score over repetitions, smallest … largest below it, median time below that. ★ best median of the instance among algorithms whose every trial finished.';
  if (instances.length > series.length) {
    return table({
      caption,
      note,
      className: 'matrix',
      columns: [
        { heading: 'instance' },
        ...series.map((line) => ({ heading: seriesName(line), numeric: true })),
      ],
      rows: instances.map((instance) => [
        { content: instanceName(instance) },
        ...series.map((line) => cell(instance, line)),
      ]),
    });
  }
  return table({
    caption,
    note,
    className: 'matrix',
    columns: [
      { heading: 'algorithm' },
      ...instances.map((instance) => ({ heading: instanceName(instance), numeric: true })),
    ],
    rows: series.map((line) => [
      { content: seriesName(line), sort: line.label },
      ...instances.map((instance) => cell(instance, line)),
    ]),
  });
}

/** The best median score on `instance` among the series whose every trial finished. */
export function bestMedian(results: ScenarioResults, instance: Instance): number | undefined {
  const medians = results
    .cellsOf(instance)
    .flatMap(({ trials, finished, scores }) =>
      finished.length === trials.length ? (spread(scores)?.median ?? []) : [],
    );
  return bestScore(results.scenario.score, medians);
}

/** A series' name with its line and marker. */
export function seriesName({ index, label }: Series): Html {
  return html`<span class="series">${swatch(index)}<span>${label}</span></span>`;
}

/** Median, and below it the range where there is one. */
export function spreadText({ median, min, max }: Spread, format: (value: number) => string): HtmlPart {
  // Ranges that round to one figure say nothing.
  const range = format(min) !== format(max) && html`<small>${format(min)} … ${format(max)}</small>`;
  return html`${format(median)}${range}`;
}

function instanceName({ name, source, bestKnown }: Instance): Html {
  return html`${name}<small>${source}${bestKnown !== undefined && `, best known ${formatNumber(bestKnown)}`}</small>`;
}

function scoreCell(axis: ScoreAxis, cell: Cell | undefined, best: number | undefined): TableCell {
  if (!cell) return { content: html`<span class="absent">not run</span>`, numeric: true, sort: '' };
  const { trials, finished, scores, times } = cell;
  const score = spread(scores);
  const time = spread(times);
  const isBest =
    score !== undefined &&
    best !== undefined &&
    finished.length === trials.length &&
    !isBetter(axis, best, score.median);
  const others = TRIAL_STATUSES.flatMap((status) => {
    const count = trials.filter((trial) => trial.status === status).length;
    if (status === 'ok' || count === 0) return [];
    return [html`<div>${statusBadge(status, count === trials.length ? undefined : count)}</div>`];
  });
  return {
    numeric: true,
    sort: score?.median ?? '',
    ...(isBest && { className: 'best' }),
    content: html`${
      score &&
      html`<div class="score">${isBest && html`<span class="star" title="best median of this instance">★</span> `}${spreadText(score, formatNumber)}</div>`
    }${time && html`<div class="time">${formatTime(time.median)}</div>`}${others}`,
  };
}
