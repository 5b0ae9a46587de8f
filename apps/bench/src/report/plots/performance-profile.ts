import * as Plot from '@observablehq/plot';
import { formatNumber, formatShare, formatTick, formatTime } from '../format.js';
import type { Html } from '../html.js';
import { cumulativeShare, type ProfileStep, shareAt } from '../profile.js';
import type { Series } from '../series.js';
import { logAxis, timeAxis } from './axes.js';
import { figure } from './figure.js';
import { seriesStyle } from './series-style.js';

/** What a profile is drawn of. */
export interface ProfileSpec {
  readonly title: string;
  readonly axisLabel: string;
  /** `ratio`: factors of at least 1; `time`: milliseconds. */
  readonly unit: 'ratio' | 'time';
  /** What the share is of. */
  readonly of: 'targets' | 'instances';
  /** One row a series, one column a target or instance; `Infinity` where it was not reached. */
  readonly values: readonly (readonly number[])[];
  readonly series: readonly Series[];
}

/** The share of targets or instances that each series has reached at a ratio or a time; undefined where none was. */
export function profileFigure({ title, axisLabel, unit, of, values, series }: ProfileSpec): Html | undefined {
  const profiles = series.map((line, s) => ({ line, steps: cumulativeShare(values[s]!) }));
  const reached = profiles.flatMap(({ steps }) => steps.map(({ at }) => at));
  if (reached.length === 0) return undefined;
  const x = unit === 'ratio' ? ratioAxis(Math.max(...reached), axisLabel) : timeAxis(reached, axisLabel);
  const [from, to] = x.domain as [number, number];
  return figure({
    title,
    description: `Share of ${of} in the end: ${profiles
      .map(({ line, steps }) => `${line.label} ${formatShare(shareAt(steps, to))}`)
      .join('; ')}.`,
    plot: {
      x,
      y: {
        domain: [0, 1],
        ticks: [0, 0.25, 0.5, 0.75, 1],
        tickFormat: (share: number) => `${share * 100} %`,
        grid: true,
        label: `share of ${of}`,
        labelArrow: 'none',
      },
      marks: profiles.flatMap(({ line, steps }) => profileMarks(line, steps, [from, to], unit)),
    },
  });
}

function ratioAxis(largest: number, label: string): Plot.ScaleOptions {
  // Ratios that are all 1 still need an axis of some width.
  const to = largest > 1 ? largest ** 1.05 : 2;
  return {
    ...logAxis([1, to]),
    tickFormat: (ratio: number) => `${formatTick(ratio)}×`,
    label,
    labelAnchor: 'center',
    labelArrow: 'none',
  };
}

function profileMarks(
  line: Series,
  steps: readonly ProfileStep[],
  [from, to]: readonly [number, number],
  unit: ProfileSpec['unit'],
): Plot.Markish[] {
  const { color, dash, symbol } = seriesStyle(line.index);
  const drawn = [{ at: from, share: shareAt(steps, from) }, ...steps, { at: to, share: shareAt(steps, to) }];
  return [
    Plot.line(drawn, {
      x: 'at',
      y: 'share',
      curve: 'step-after',
      stroke: color,
      strokeWidth: 2,
      strokeDasharray: dash,
    }),
    Plot.dot(steps, {
      x: 'at',
      y: 'share',
      symbol,
      r: 3.5,
      fill: 'var(--surface)',
      stroke: color,
      strokeWidth: 1.8,
      title: ({ at, share }: ProfileStep) =>
        `${line.label}: ${formatShare(share)} at ${unit === 'time' ? formatTime(at) : `${formatNumber(at, 3)}×`}`,
    }),
  ];
}
