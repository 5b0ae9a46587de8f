import type { Instance } from '@espalier/core';
import * as Plot from '@observablehq/plot';
import { formatNumber, formatTime } from '../format.js';
import type { Html } from '../html.js';
import { SHORTEST_MS } from '../median-curve.js';
import { logFloor } from '../score.js';
import type { Cell, ScenarioResults } from '../series.js';
import { median } from '../statistics.js';
import { scoreScale, timeAxis } from './axes.js';
import { figure } from './figure.js';
import { seriesStyle } from './series-style.js';

interface Point {
  readonly cell: Cell;
  readonly timeMs: number;
  readonly score: number;
}

/**
 * Final score against the time that it took, on one instance: a small dot for each trial, a large marker for the
 * median of score and of time. Undefined where no trial finished.
 */
export function accuracyTimeFigure(results: ScenarioResults, instance: Instance): Html | undefined {
  const axis = results.scenario.score;
  const trials = results
    .cellsOf(instance)
    .flatMap((cell) =>
      cell.finished.flatMap(({ score, algorithmMs }): Point[] =>
        algorithmMs === undefined
          ? []
          : [{ cell, score: score!, timeMs: Math.max(algorithmMs, SHORTEST_MS) }],
      ),
    );
  if (trials.length === 0) return undefined;
  const medians = [...Map.groupBy(trials, ({ cell }) => cell)].map(
    ([cell, points]): Point => ({
      cell,
      score: median(points.map(({ score }) => score)),
      timeMs: median(points.map(({ timeMs }) => timeMs)),
    }),
  );
  const scores = trials.map(({ score }) => score);
  const floor = logFloor(axis, scores);
  const height = ({ score }: Point) => (floor === undefined ? score : Math.max(score, floor));
  return figure({
    title: instance.name,
    description: `Final score against time, medians over repetitions: ${medians.map(inWords).join('; ')}.`,
    note: trials.some((point) => height(point) !== point.score)
      ? 'Scores of zero and below stand at the lower end of the logarithmic axis.'
      : undefined,
    plot: {
      x: timeAxis(
        trials.map(({ timeMs }) => timeMs),
        'time of the algorithm',
      ),
      y: scoreScale(axis, scores, floor),
      marks: [
        ...trials.map((point) =>
          Plot.dot([point], {
            x: 'timeMs',
            y: height,
            r: 2,
            fill: seriesStyle(point.cell.series.index).color,
            fillOpacity: 0.6,
          }),
        ),
        ...medians.map((point) => {
          const { color, symbol } = seriesStyle(point.cell.series.index);
          return Plot.dot([point], {
            x: 'timeMs',
            y: height,
            symbol,
            r: 5.5,
            fill: 'var(--surface)',
            fillOpacity: 0.7,
            stroke: color,
            strokeWidth: 2.2,
            title: inWords,
          });
        }),
      ],
    },
  });
}

function inWords({ cell, score, timeMs }: Point): string {
  return `${cell.series.label}: ${formatNumber(score)} in ${formatTime(timeMs)}`;
}
