import * as Plot from '@observablehq/plot';
import { formatNumber, formatTick } from '../format.js';
import type { Html } from '../html.js';
import { logFloor } from '../score.js';
import type { ScenarioResults, Series } from '../series.js';
import { median } from '../statistics.js';
import type { Sweep } from '../sweeps.js';
import { logAxis, logDomain, scoreScale } from './axes.js';
import { figure } from './figure.js';
import { seriesStyle } from './series-style.js';

interface Point {
  readonly series: Series;
  readonly value: number;
  readonly score: number;
}

/** Values that span more than this factor stand on a logarithmic axis. */
const WIDE = 30;

/** Final score against the number in which the instances differ: a line for each algorithm. Undefined where no trial finished. */
export function sweepFigure(results: ScenarioResults, { parameter, steps, shared }: Sweep): Html | undefined {
  const axis = results.scenario.score;
  const lines = results.series
    .map((series) => ({
      series,
      points: steps.flatMap(({ value, instance }): Point[] => {
        const scores = results.cell(instance, series)?.scores ?? [];
        return scores.length > 0 ? [{ series, value, score: median(scores) }] : [];
      }),
    }))
    .filter(({ points }) => points.length > 0);
  if (lines.length === 0) return undefined;
  const scores = lines.flatMap(({ points }) => points.map(({ score }) => score));
  const floor = logFloor(axis, scores);
  const height = ({ score }: Point) => (floor === undefined ? score : Math.max(score, floor));
  return figure({
    title: shared ? `${parameter}: ${shared}` : parameter,
    description: `Final score against ${parameter}, medians over repetitions: ${lines.map(inWords).join('; ')}.`,
    plot: {
      x: valueAxis(
        steps.map(({ value }) => value),
        parameter,
      ),
      y: scoreScale(axis, scores, floor),
      marks: lines.flatMap(({ series, points }) => {
        const { color, dash, symbol } = seriesStyle(series.index);
        const at = { x: 'value', y: height } as const;
        return [
          Plot.line(points, { ...at, stroke: color, strokeWidth: 2, strokeDasharray: dash }),
          Plot.dot(points, {
            ...at,
            symbol,
            r: 4.5,
            fill: 'var(--surface)',
            stroke: color,
            strokeWidth: 2,
            title: (point: Point) => inWords({ series, points: [point] }),
          }),
        ];
      }),
    },
  });
}

function valueAxis(values: readonly number[], label: string): Plot.ScaleOptions {
  const common = { label, labelAnchor: 'center', labelArrow: 'none' } as const;
  const [low, high] = [values[0]!, values.at(-1)!];
  if (low > 0 && high / low > WIDE) return { ...common, ...logAxis(logDomain(values)) };
  const margin = 0.04 * (high - low);
  return {
    ...common,
    type: 'linear',
    domain: [low - margin, high + margin],
    ticks: values.length <= 6 ? [...values] : 5,
    tickFormat: formatTick,
  };
}

function inWords({ series, points }: { readonly series: Series; readonly points: readonly Point[] }): string {
  return `${series.label}: ${points.map(({ value, score }) => `${formatNumber(score)} at ${formatNumber(value)}`).join(', ')}`;
}
