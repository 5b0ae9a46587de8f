import * as Plot from '@observablehq/plot';
import { type Html, html } from '../html.js';
import type { Series } from '../series.js';
import { ornament } from './figure.js';
import { seriesStyle } from './series-style.js';

/** The names of all series with the line and marker that stand for them. */
export function legend(series: readonly Series[]): Html {
  return html`<ul class="legend">${series.map(
    (line) => html`<li>${swatch(line.index)}<span>${line.label}</span></li>`,
  )}</ul>`;
}

/** Line and marker of one series, 34 by 12 units. */
export function swatch(index: number): Html {
  const { color, dash, symbol } = seriesStyle(index);
  return ornament({
    width: 34,
    height: 12,
    margin: 0,
    axis: null,
    x: { domain: [0, 34], range: [0, 34] },
    y: { domain: [0, 12], range: [12, 0] },
    marks: [
      Plot.line(
        [
          [0, 6],
          [34, 6],
        ],
        { stroke: color, strokeWidth: 2, strokeDasharray: dash },
      ),
      Plot.dot([[17, 6]], { symbol, r: 4, fill: 'var(--surface)', stroke: color, strokeWidth: 2 }),
    ],
  });
}
