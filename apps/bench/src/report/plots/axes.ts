import type { ScoreAxis } from '@espalier/core';
import type * as Plot from '@observablehq/plot';
import { formatTick, formatTimeTick } from '../format.js';
import { describeAxis } from '../score.js';

const MOST_TICKS = 6;

/** A logarithmic axis of milliseconds over `times`, all positive. */
export function timeAxis(times: readonly number[], label: string): Plot.ScaleOptions {
  const domain = logDomain(times);
  return { ...logAxis(domain), tickFormat: formatTimeTick, label, labelAnchor: 'center', labelArrow: 'none' };
}

/**
 * The score axis, linear or logarithmic as the scenario says.
 *
 * @param floor where scores of zero and below stand on a logarithmic axis
 */
export function scoreScale(
  axis: ScoreAxis,
  scores: readonly number[],
  floor: number | undefined,
): Plot.ScaleOptions {
  const common = { label: describeAxis(axis), labelArrow: 'none', grid: true } as const;
  if (floor !== undefined) {
    return { ...common, ...logAxis(logDomain(scores.map((score) => Math.max(score, floor)))) };
  }
  const [low, high] = extent(scores);
  // A flat line needs an axis with some height.
  const margin = high > low ? (high - low) * 0.04 : Math.abs(high) * 0.05 || 1;
  return {
    ...common,
    type: 'linear',
    domain: [low - margin, high + margin],
    ticks: 5,
    tickFormat: linearTick(high - low),
  };
}

/** Type, domain and ticks of a logarithmic axis. */
export function logAxis(domain: readonly [number, number]): Plot.ScaleOptions {
  return { type: 'log', domain: [...domain], ticks: logTicks(...domain), tickFormat: formatTick };
}

/** The range of `values` with room at both ends, as factors. */
export function logDomain(values: readonly number[]): [number, number] {
  const [low, high] = extent(values);
  if (!(high > low)) return [low / 2, high * 2];
  const room = (high / low) ** 0.04;
  return [low / room, high * room];
}

/** Up to six round values: whole decades, or 1, 2, 5 of each where the range is short, or equal steps within one. */
export function logTicks(low: number, high: number): number[] {
  const first = Math.ceil(Math.log10(low) - 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const decades = last - first + 1;
  if (decades >= 3) {
    const stride = Math.ceil(decades / MOST_TICKS);
    return Array.from({ length: Math.ceil(decades / stride) }, (_, i) => Number(`1e${first + i * stride}`));
  }
  const ticks: number[] = [];
  for (let exponent = first - 1; exponent <= last + 1; exponent++) {
    for (const digit of [1, 2, 5]) ticks.push(Number(`${digit}e${exponent}`));
  }
  const within = ticks.filter((tick) => tick >= low && tick <= high);
  return within.length >= 3 ? within.slice(0, 2 * MOST_TICKS) : evenTicks(low, high);
}

/** Equal steps of 1, 2 or 5 times a power of ten. */
function evenTicks(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((candidate) => candidate >= rough)!;
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high; i++) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/** Labels with as many digits as neighbouring ticks need to differ. */
function linearTick(range: number): (value: number) => string {
  return (value) => {
    const size = Math.abs(value);
    if (size >= 1e6 || (size > 0 && size < 1e-3)) return formatTick(Number(value.toPrecision(6)));
    const decimals = range > 0 ? Math.max(0, Math.ceil(1 - Math.log10(range))) : 2;
    return formatTick(Number(value.toFixed(Math.min(decimals, 12))));
  };
}

function extent(values: readonly number[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}
