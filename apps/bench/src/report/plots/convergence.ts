import type { Instance } from '@espalier/core';
import * as Plot from '@observablehq/plot';
import { formatNumber, formatTime } from '../format.js';
import type { Html } from '../html.js';
import {
  type MedianStep,
  medianCurve,
  SHORTEST_MS,
  startCurve,
  thinCurve,
  trialCurve,
} from '../median-curve.js';
import { logFloor } from '../score.js';
import type { Cell, ScenarioResults } from '../series.js';
import { scoreScale, timeAxis } from './axes.js';
import { figure } from './figure.js';
import { seriesStyle } from './series-style.js';

/** More points than the plot has units of width would not be seen. */
const MOST_POINTS = 150;

const MOST_DECADES = 5;

/**
 * Score against time on one instance, a step line for each algorithm: median over repetitions, with the range between
 * the smallest and the largest score behind it. A cross closes a line whose trials did not all finish.
 * Undefined where no trial recorded a curve.
 */
export function convergenceFigure(results: ScenarioResults, instance: Instance): Html | undefined {
  const axis = results.scenario.score;
  const cells = results.cellsOf(instance);
  if (!cells.some(({ trials }) => trials.some(({ curve }) => curve.length > 0))) return undefined;
  const medians = cells.flatMap((cell) => {
    const curves = cell.trials.map(trialCurve).filter((curve) => curve.length > 0);
    const steps = medianCurve(axis, curves);
    return steps.length > 0 ? [{ cell, steps }] : [];
  });
  if (medians.length === 0) return undefined;
  const start = startOfAxis(medians);
  const lines = medians.map(({ cell, steps }) => ({
    cell,
    steps: thinCurve(startCurve(steps, start), MOST_POINTS),
  }));

  const { bestKnown } = instance;
  const scores = lines.flatMap(({ steps }) => steps.flatMap(({ score, low, high }) => [score, low, high]));
  const shown = bestKnown === undefined ? scores : [...scores, bestKnown];
  const floor = logFloor(axis, shown);
  const lift = (score: number) => (floor === undefined ? score : Math.max(score, floor));
  const clamped = shown.some((score) => lift(score) !== score);
  return figure({
    title: instance.name,
    description: describe(lines, bestKnown),
    note: clamped ? 'Scores of zero and below stand at the lower end of the logarithmic axis.' : undefined,
    plot: {
      x: timeAxis(
        lines.flatMap(({ steps }) => steps.map(({ timeMs }) => timeMs)),
        'time of the algorithm',
      ),
      y: scoreScale(axis, shown, floor),
      marks: [
        bestKnown !== undefined &&
          Plot.ruleY([lift(bestKnown)], { stroke: 'var(--muted)', strokeDasharray: '1 3', strokeWidth: 1.5 }),
        ...lines.flatMap((line) => lineMarks(line, lift)),
      ].filter((mark) => mark !== false),
    },
  });
}

/**
 * Where the axis of time begins: at the first instant that was told apart from zero, but at most as many decades before
 * the end as a small plot can show.
 */
function startOfAxis(lines: readonly Line[]): number {
  const times = lines.flatMap(({ steps }) => steps.map(({ timeMs }) => timeMs));
  const first = times.reduce(
    (least, time) => (time > SHORTEST_MS && time < least ? time : least),
    Number.POSITIVE_INFINITY,
  );
  const last = times.reduce((most, time) => Math.max(most, time), SHORTEST_MS);
  return Math.max(Math.min(first, last), last / 10 ** MOST_DECADES);
}

interface Line {
  readonly cell: Cell;
  readonly steps: readonly MedianStep[];
}

function lineMarks({ cell, steps }: Line, lift: (score: number) => number): Plot.Markish[] {
  const { color, dash, symbol } = seriesStyle(cell.series.index);
  const last = steps.at(-1)!;
  const finished = cell.finished.length === cell.trials.length;
  const spans = steps.some(({ low, high }) => low !== high);
  const common = { x: 'timeMs', curve: 'step-after' } as const;
  return [
    ...(spans
      ? [
          Plot.areaY(steps, {
            ...common,
            y1: (step: MedianStep) => lift(step.low),
            y2: (step: MedianStep) => lift(step.high),
            fill: color,
            fillOpacity: 0.12,
          }),
        ]
      : []),
    Plot.line(steps, {
      ...common,
      y: (step: MedianStep) => lift(step.score),
      stroke: color,
      strokeWidth: 2,
      strokeDasharray: dash,
    }),
    Plot.dot([last], {
      x: 'timeMs',
      y: (step: MedianStep) => lift(step.score),
      symbol: finished ? symbol : 'times',
      r: 4.5,
      fill: finished ? 'var(--surface)' : 'none',
      stroke: color,
      strokeWidth: 2,
      title: () => endInWords({ cell, steps }),
    }),
  ];
}

function endInWords({ cell, steps }: Line): string {
  const last = steps.at(-1)!;
  const end = `${cell.series.label}: ${formatNumber(last.score)} after ${formatTime(last.timeMs)}`;
  const { length } = cell.finished;
  return length === cell.trials.length ? end : `${end} (${length} of ${cell.trials.length} trials finished)`;
}

function describe(lines: readonly Line[], bestKnown: number | undefined): string {
  const known = bestKnown === undefined ? '' : ` Best known: ${formatNumber(bestKnown)}.`;
  return `Score against time, median over repetitions at the end: ${lines.map(endInWords).join('; ')}.${known}`;
}
